// `keelson helm status NAME`: a release, its objects as they stand, its tests and its notes, as `helm status` shows them.

import type { Cluster } from "#cluster";
import { asJson, type JsonObject, type Manifest, splitApiVersion } from "#kernel";
import { type Release, releaseObjects } from "#releases";
import { type Command, defineCommand } from "../command.ts";
import { formatData, formatStatus, releaseData } from "../helm/print-release.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { readRelease, withReleases } from "../helm/releases.ts";
import type { Io } from "../io.ts";
import { formatAge, formatTable } from "../table.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Shows a Helm release: its status, its objects, its last tests and its notes.",
  examples: ["keelson helm status web -n shop", "keelson helm status web -o json"],
  flags: {
    ...helmFlags,
    ...outputFlag,
    revision: { takes: "NUMBER", about: "this revision (default: the newest)" },
  },
  async run({ args, flags, io, ports }) {
    const [name = ""] = args;
    return withReleases(flags, { io, ports }, async ({ storage, cluster }) => {
      const release = await readRelease(storage, name, flags.revision);
      const groups = await liveObjects(release, cluster);
      if (flags.output === "table") io.stdout.write(formatStatus(release, io, { resources: tables(groups, io) }));
      else {
        const resources: JsonObject = Object.fromEntries(
          [...groups].map(([key, objects]) => [key, objects.map((object) => asJson(object))]),
        );
        io.stdout.write(formatData(releaseData(release, { resources }), flags.output));
      }
      return 0;
    });
  },
});

/** The objects that are there, by version and kind. */
async function liveObjects(release: Release, cluster: Cluster): Promise<Map<string, Manifest[]>> {
  const groups = new Map<string, Manifest[]>();
  const discovery = await cluster.discover();
  for (const object of await releaseObjects(release, cluster)) {
    const { group, version } = splitApiVersion(object.apiVersion);
    const resource = discovery.ok ? discovery.value.byKind(group, object.kind, version) : undefined;
    if (resource === undefined) continue;
    const { namespace = "", name } = object.metadata;
    const answer = await cluster.get({ resource, namespace: resource.isNamespaced ? namespace : "", name });
    if (!answer.ok) continue;
    const key = `${version}/${object.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), answer.value]);
  }
  return groups;
}

function tables(groups: ReadonlyMap<string, readonly Manifest[]>, io: Io): string {
  const now = io.clock.now();
  return [...groups]
    .map(([key, objects]) => {
      const rows = objects.map(({ metadata }) => [
        metadata.name,
        formatAge(now - Date.parse(metadata.creationTimestamp ?? "")),
      ]);
      return `==> ${key}\n${formatTable({ header: ["NAME", "AGE"], rows }, io.stdout)}\n`;
    })
    .join("");
}
