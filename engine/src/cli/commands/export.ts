// `keelson export KIND [NAME]`: objects as they would stand in Git: no status, no fields of the server.

import { formatYaml } from "#formats/yaml";
import { asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { discover, resourceOf, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { chooseKind, knownKinds } from "../kinds.ts";
import { targetFlags, withTarget } from "../target.ts";

export const command: Command = defineCommand({
  arguments: "KIND [NAME]",
  arity: [1, 3],
  about: "Prints deliveries, sources and the other kinds as YAML to commit: metadata and spec alone.",
  examples: ["keelson export kustomization apps", "keelson export source git --all > sources.yaml"],
  words: [...new Set(knownKinds.map((kind) => kind.words.at(-1)?.split(" ")[0] ?? ""))],
  flags: { ...targetFlags, all: { about: "all of the kind in the namespace" } },
  async run({ args, flags, io, ports }) {
    const { kind, rest } = chooseKind(args, "export");
    const name = rest[0];
    if (name === undefined && !flags.all) throw usage(`which ${kind.kind}?`, "give a name, or --all");
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const resource = resourceOf(await discover(cluster), kind);
      const fieldSelector = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
      const list = valueOf(await cluster.list(resource, { namespace, ...fieldSelector }), `listing ${resource.plural}`);
      if (list.items.length === 0) {
        io.stderr.write(`no ${kind.kind} ${name ?? ""} in namespace ${namespace}\n`.replaceAll("  ", " "));
        return 1;
      }
      for (const object of list.items) io.stdout.write(`---\n${formatYaml(exported(object, kind))}`);
      return 0;
    });
  },
});

/** What a server or a person's reconcile request has added. */
const transientAnnotations = /^(kubectl\.kubernetes\.io\/last-applied-configuration|reconcile\.fluxcd\.io\/.*)$/;

function exported(object: Manifest, kind: { kind: string }): JsonObject {
  const { name, namespace, labels, annotations } = object.metadata;
  const kept = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !transientAnnotations.test(key)));
  const metadata: JsonObject = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
  };
  return {
    apiVersion: object.apiVersion,
    kind: object.kind || kind.kind,
    metadata,
    spec: withoutDefaults(asJson(object)["spec"] ?? {}),
  };
}

/** Without switches that are off: the server writes them out, or `resume` has left them. */
function withoutDefaults(spec: Json): Json {
  if (!isObject(spec)) return spec;
  return Object.fromEntries(
    Object.entries(spec).filter(([name, value]) => value !== false || !["suspend", "force"].includes(name)),
  );
}
