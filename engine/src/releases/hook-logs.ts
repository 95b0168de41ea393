// What the containers of a hook wrote, where its output log policy asks for it.

import { fieldOf, isObject, type Manifest } from "#kernel";
import type { ReleaseHook } from "./contract.ts";
import { buildObjects, type KnownKinds } from "./objects.ts";
import type { Run } from "./run.ts";

/** Tells the text of each container; what cannot be read is a warning. */
export async function copyHookLogs(
  run: Run,
  hook: ReleaseHook,
  { kinds, namespace }: { kinds: KnownKinds; namespace: string },
): Promise<void> {
  const { readLogs } = run.context;
  if (readLogs === undefined || (hook.kind !== "Job" && hook.kind !== "Pod")) return;
  const [object] = await buildObjects(hook.manifest, kinds, namespace);
  if (object === undefined) return;
  for (const pod of await podsOf(run, hook, { kinds, namespace: object.target.namespace }))
    for (const container of containersOf(pod)) {
      const { name } = pod.metadata;
      try {
        const text = await readLogs({ namespace: object.target.namespace, name, container });
        run.tell({ type: "hookLog", pod: name, container, text });
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        run.warn(`error outputting logs of hook ${hook.path}: ${why}`);
      }
    }
}

async function podsOf(
  run: Run,
  { kind, name }: ReleaseHook,
  { kinds, namespace }: { kinds: KnownKinds; namespace: string },
): Promise<Manifest[]> {
  const resource = (await kinds.discover()).byKind("", "Pod", "v1");
  if (resource === undefined) return [];
  const selection = kind === "Job" ? { labelSelector: `job-name=${name}` } : { fieldSelector: `metadata.name=${name}` };
  const answer = await run.context.cluster.list(resource, { namespace, ...selection });
  return answer.ok ? answer.value.items : [];
}

function containersOf(pod: Manifest): string[] {
  const containers = fieldOf(pod, "spec", "containers");
  if (!Array.isArray(containers)) return [];
  return containers.filter(isObject).flatMap(({ name }) => (typeof name === "string" ? [name] : []));
}
