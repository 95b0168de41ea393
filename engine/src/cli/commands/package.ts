// `keelson package CHART...`: packs charts as `helm package` does; the bytes of an archive depend on the chart alone.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Chart, chartYaml, checkPresent, loadChartArchive, loadChartTree, packChart } from "#render/helm";
import { usage } from "../arguments.ts";
import { chartAccess, type ChartAccessFlags, chartAccessFlags } from "../chart-access.ts";
import { updateDependencies } from "../chart-dependencies.ts";
import { type Command, defineCommand } from "../command.ts";
import type { Io } from "../io.ts";
import { chartTree } from "../local-tree.ts";
import { makeFolder } from "../make-folder.ts";
import { archiveSeconds } from "../chart-files.ts";

export const command: Command = defineCommand({
  arguments: "CHART [...]",
  arity: [1, 1_000],
  about:
    "Packs charts into archives, NAME-VERSION.tgz, as `helm package` does. The same chart gives the same bytes anywhere: " +
    "every file in an archive carries the time that SOURCE_DATE_EPOCH names, or 1970.",
  examples: ["keelson package ./charts/web -d dist --version 1.2.3"],
  flags: {
    destination: { short: "d", takes: "FOLDER", default: ".", about: "write archives into this folder" },
    version: { takes: "VERSION", about: "set the chart's version" },
    "app-version": { takes: "VERSION", about: "set the chart's appVersion" },
    "dependency-update": { short: "u", about: "update charts/ from Chart.yaml first" },
    sign: { about: "sign the archive: writes NAME-VERSION.tgz.prov beside it" },
    key: { takes: "NAME", about: "a part of the signing key's user id" },
    "passphrase-file": { takes: "FILE", about: "file with the key's passphrase; - is standard input" },
    ...chartAccessFlags,
    keyring: { takes: "FILE", about: "keys for --sign, secret ones (default ~/.gnupg/pubring.gpg)" },
  },
  async run({ args, flags, io }) {
    if (flags.sign && (flags.key ?? "") === "")
      throw usage("--key is required for signing a package", "a part of the key's user id: --key ada@example.com");
    for (const reference of args) {
      const folder = chartFolder(reference, io);
      if (flags["dependency-update"])
        await updateDependencies(folder, { io, access: chartAccess(flags, io), write: () => undefined });
      const chart = loadChartTree(chartTree(folder), "");
      const { path, bytes } = write(chart, flags, io);
      if (flags.sign) await sign(resolve(io.folder, path), bytes, { flags, io });
      io.stdout.write(`Successfully packaged chart and saved it to: ${path}\n`);
    }
    return 0;
  },
});

function chartFolder(reference: string, io: Io): string {
  const path = resolve(io.folder, reference);
  if (!existsSync(path)) throw usage(`stat ${reference}: no such file or directory`);
  if (!statSync(path).isDirectory()) throw usage(`${reference} is no folder`, "give the folder of a chart");
  return path;
}

function write(
  chart: Chart,
  flags: { destination: string; version: string | undefined; "app-version": string | undefined },
  io: Io,
): { path: string; bytes: Uint8Array } {
  const { version, "app-version": appVersion, destination } = flags;
  const seconds = archiveSeconds(io);
  checkPresent(chart);
  const packed = packChart(chart, {
    ...(seconds === undefined ? {} : { seconds }),
    ...(version === undefined ? {} : { version }),
    ...(appVersion === undefined ? {} : { appVersion }),
  });
  // Helm says the path as it was given; the folder that it runs in it says in full.
  const shown = join(destination === "." ? io.folder : destination, packed.name);
  const path = resolve(io.folder, shown);
  makeFolder(resolve(path, ".."), "folder for the archive");
  writeFileSync(path, packed.bytes);
  return { path: shown, bytes: packed.bytes };
}

/** Signs what was written. The passphrase is read only when the key asks for one. */
async function sign(
  path: string,
  bytes: Uint8Array,
  {
    flags,
    io,
  }: { flags: { key: string | undefined; "passphrase-file": string | undefined } & ChartAccessFlags; io: Io },
): Promise<void> {
  const { signArchive } = await import("../provenance.ts");
  const file = flags["passphrase-file"];
  const passphrase = async (): Promise<string> => {
    if (file === undefined)
      throw usage("the key has a passphrase", "give it with --passphrase-file, - for standard input");
    const text = file === "-" ? await io.readInput() : readFileSync(resolve(io.folder, file));
    return Buffer.from(text).toString("utf8").split(/\r?\n/)[0] as string;
  };
  const { keyring } = chartAccess(flags, io);
  const proof = await signArchive(
    { name: basename(path), bytes, metadata: chartYaml(loadChartArchive(bytes)) },
    { keyring, name: flags.key ?? "", passphrase },
  );
  writeFileSync(`${path}.prov`, proof);
}
