// `keelson reconcile KIND NAME`: asks the engine to look now, and waits for the end. Flux's lines and flags.

import {
  forceAtAnnotation,
  helmGroup,
  kustomizeGroup,
  requestedAtAnnotation,
  resetAtAnnotation,
  sourceGroup,
} from "#api/flux";
import type { Discovery, Target } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { discover, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { fieldOf, isSuspended, textOf } from "../flux-objects.ts";
import type { Io } from "../io.ts";
import { chooseKind, knownKinds } from "../kinds.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { requestReconcile, say, targetOf, waitUntilDone } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "KIND NAME",
  arity: [1, 3],
  about: "Reconciles a delivery or a source now, and waits until it is done.",
  examples: ["keelson reconcile kustomization apps --with-source", "keelson reconcile source git flux-system"],
  words: [...new Set(knownKinds.map((kind) => kind.words.at(-1)?.split(" ")[0] ?? ""))],
  flags: {
    ...targetFlags,
    "with-source": { about: "reconcile its source first" },
    force: { about: "HelmRelease: upgrade once, whatever the state" },
    reset: { about: "HelmRelease: forget the failures counted so far" },
    "no-wait": { about: "do not wait for the end" },
  },
  async run({ args, flags, io, ports }) {
    const { kind, rest } = chooseKind(args, "reconcile");
    const name = rest[0];
    if (name === undefined || rest.length > 1) throw usage(`reconcile which ${kind.kind}?`, "give one name");
    return await withTarget(flags, { io, ports }, async (connected) => {
      announceTarget(connected, io);
      const discovery = await discover(connected.cluster);
      const target = targetOf(resourceOf(discovery, kind), connected.namespace, name);
      const object = await readActive(connected, target);
      if (flags["with-source"]) await reconcileSource(object, discovery, connected, io);
      const extra = kind.group === helmGroup ? helmAnnotations(flags.force, flags.reset) : [];
      await reconcile(target, { connected, io, isWaiting: !flags["no-wait"], extra });
      return 0;
    });
  },
});

function helmAnnotations(isForced: boolean, isReset: boolean): string[] {
  return [...(isForced ? [forceAtAnnotation] : []), ...(isReset ? [resetAtAnnotation] : [])];
}

type Way = { connected: ConnectedTarget; io: Io; isWaiting: boolean; extra: readonly string[] };

async function reconcile(target: Target, { connected, io, isWaiting, extra }: Way): Promise<void> {
  const what = `${target.resource.kind} ${target.name}`;
  say.start(io, `annotating ${what} in ${target.namespace} namespace`);
  const token = await requestReconcile(connected.cluster, target, io);
  if (extra.length > 0) {
    const annotations = Object.fromEntries([...extra, requestedAtAnnotation].map((name) => [name, token]));
    const patch = { metadata: { annotations } };
    valueOf(
      await connected.cluster.patch(target, { type: "merge", patch }, { fieldManager: "keelson-cli" }),
      `annotating ${what}`,
    );
  }
  say.done(io, `${what} annotated`);
  if (!isWaiting) return;
  say.wait(io, `waiting for ${what} reconciliation`);
  const message = await waitUntilDone({ target, token, io, connected });
  say.done(io, message);
}

async function readActive(connected: ConnectedTarget, target: Target): Promise<Manifest> {
  const object = valueOf(await connected.cluster.get(target), `reading ${target.resource.kind} ${target.name}`);
  if (!isSuspended(object)) return object;
  throw new Fault<CliCode>({
    code: "failed",
    disposition: "stall",
    message: `${target.resource.kind} ${target.name} is suspended`,
    hint: `\`keelson resume ${target.resource.singular} ${target.name}\` lets it go on`,
  });
}

async function reconcileSource(
  object: Manifest,
  discovery: Discovery,
  connected: ConnectedTarget,
  io: Io,
): Promise<void> {
  const { kind, group, namespace, name } = sourceOf(object);
  const target = targetOf(resourceOf(discovery, { group, kind }), namespace, name);
  await readActive(connected, target);
  await reconcile(target, { connected, io, isWaiting: true, extra: [] });
}

/** The object to ask for new content: a delivery's source, or a release's chart. */
function sourceOf(object: Manifest): { group: string; kind: string; namespace: string; name: string } {
  const own = object.metadata.namespace ?? "";
  const field = object.apiVersion.startsWith(`${kustomizeGroup}/`) ? ["spec", "sourceRef"] : ["spec", "chartRef"];
  const kind = textOf(object, ...field, "kind");
  if (kind === "ExternalArtifact")
    throw usage("an ExternalArtifact cannot be reconciled by --with-source", "reconcile what makes it");
  if (kind !== "")
    return {
      group: sourceGroup,
      kind,
      namespace: textOf(object, ...field, "namespace") || own,
      name: textOf(object, ...field, "name"),
    };
  if (fieldOf(object, "spec", "chart") === undefined) throw usage(`${object.kind} has no source to reconcile`);
  const namespace = textOf(object, "spec", "chart", "spec", "sourceRef", "namespace") || own;
  return { group: sourceGroup, kind: "HelmChart", namespace, name: `${own}-${object.metadata.name}` };
}
