// `keelson diff helmrelease NAME`: what would become of a release's objects with another chart, version or spec, before it
// happens. Changes nothing. Exit 1: something would change.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type HelmRelease, helmGroup } from "#api/flux";
import type { Cluster } from "#cluster";
import { type ObjectChange, previewRelease } from "#dialects/flux/releases";
import { parseYamlDocuments } from "#formats/yaml";
import { asManifest, Fault, formatRef, isObject, type Manifest } from "#kernel";
import { discover, resourceOf, valueIfFound } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { textOf } from "../flux-objects.ts";
import type { Io, Style } from "../io.ts";
import { chartInVersion, chartOfRelease, releaseChartFlags } from "../release-charts.ts";
import { targetFlags, withTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about:
    "Shows what an upgrade would change in a release's objects: another chart, version, or HelmRelease from a file. Changes nothing; exit 1: differs.",
  examples: [
    "keelson diff helmrelease podinfo --version 6.14.1",
    "keelson diff helmrelease podinfo --chart ./charts/podinfo",
    "keelson diff helmrelease podinfo --helmrelease-file ./apps/podinfo.yaml",
    "keelson diff helmrelease podinfo --from-version 6.14.0 --version 6.14.1",
  ],
  flags: {
    ...targetFlags,
    ...releaseChartFlags,
    "helmrelease-file": { takes: "FILE", about: "take the HelmRelease from this file, not from the cluster" },
  },
  async run({ args, flags, io, ports }) {
    const name = args[0] ?? "";
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const object = await readRelease(name, flags["helmrelease-file"], { cluster, namespace, io });
      const chart = await chartOfRelease(object, flags, { cluster, io });
      const from = flags["from-version"];
      const against =
        from === undefined ? undefined : await chartInVersion(object, { ...flags, version: from }, { cluster, io });
      const preview = await previewRelease({
        object: object as unknown as HelmRelease,
        chart,
        ...(against === undefined ? {} : { against }),
        cluster,
        clock: io.clock,
        signal: io.signal,
      });
      for (const change of preview.changes) print(change, io);
      const isSame = preview.changes.every((change) => change.is === "kept");
      if (isSame) io.stderr.write(`no differences in ${preview.objects} objects\n`);
      return isSame ? 0 : 1;
    });
  },
});

type Home = { cluster: Cluster; namespace: string; io: Io };

/** From the file, with the status of the one that lives: which chart its source has made is written there. */
async function readRelease(
  name: string,
  file: string | undefined,
  { cluster, namespace, io }: Home,
): Promise<Manifest> {
  const stated = file === undefined ? undefined : await readFromFile(name, resolve(io.folder, file));
  const resource = resourceOf(await discover(cluster), { group: helmGroup, kind: "HelmRelease" });
  const where = stated?.metadata.namespace ?? namespace;
  const live = valueIfFound(await cluster.get(targetOf(resource, where, name)), `reading HelmRelease ${name}`);
  if (stated !== undefined)
    return {
      ...stated,
      metadata: { ...stated.metadata, namespace: where },
      ...(live?.["status"] === undefined ? {} : { status: live["status"] }),
    };
  if (live !== undefined) return live;
  throw notFound(`there is no HelmRelease ${name} in namespace ${where}`);
}

async function readFromFile(name: string, file: string): Promise<Manifest> {
  const documents = parseYamlDocuments(await readFile(file, "utf8"));
  const found = documents.find(
    (one) => isObject(one) && textOf(one, "kind") === "HelmRelease" && textOf(one, "metadata", "name") === name,
  );
  if (found !== undefined) return asManifest(found);
  throw notFound(`${file} has no HelmRelease ${name}`);
}

function notFound(message: string): Fault<CliCode> {
  return new Fault<CliCode>({ code: "not-found", disposition: "stall", message });
}

const words: Readonly<Record<ObjectChange["is"], { word: string; style: Style }>> = {
  created: { word: "created", style: "green" },
  changed: { word: "changed", style: "yellow" },
  deleted: { word: "deleted", style: "red" },
  kept: { word: "left behind: its policy is to be kept", style: "dim" },
  refused: { word: "refused", style: "red" },
};

function print({ ref, is, reason, changes }: ObjectChange, io: Io): void {
  const { word, style } = words[is];
  const why = reason === undefined ? "" : `: ${reason}`;
  io.stdout.write(`► ${formatRef(ref)} ${io.stdout.style(style, `${word}${why}`)}\n`);
  for (const { path, from = "(absent)", to = "(absent)" } of changes)
    io.stdout.write(`    ${path}: ${io.stdout.style("red", from)} → ${io.stdout.style("green", to)}\n`);
}
