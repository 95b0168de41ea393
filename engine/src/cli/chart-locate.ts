// Where the word CHART leads, in Helm's order: what lies on disk, --repo, a registry, an address, a named repository.

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { Fault, type FileTree } from "#kernel";
import { type ChartVersion, isGzip, newestInRange } from "#render/helm";
import type { ChartAccess } from "./chart-access.ts";
import type { ChartNetwork, Download } from "./chart-network.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { chartTree } from "./local-tree.ts";
import { readNamedFile } from "./named-files.ts";
import type { Trust } from "./provenance.ts";

export type Wanted = {
  reference: string;
  /** A repository's address (--repo). */
  repository: string;
  /** A version or a range; "" for the newest. */
  version: string;
  access: ChartAccess;
};

/** A chart's folder as a tree, or a packed chart. Nothing of the network is loaded where the chart lies on disk. */
export async function locateChart(io: Io, wanted: Wanted): Promise<FileTree | Uint8Array> {
  const reference = wanted.reference.trim();
  const path = resolve(io.folder, reference);
  if (wanted.repository === "") {
    if (reference !== "" && existsSync(path)) return onDisk(io, path, wanted);
    if (isAbsolute(reference) || reference.startsWith("."))
      throw notFound(
        `path ${JSON.stringify(reference)} not found`,
        "give the folder of a chart or a packed chart (.tgz)",
      );
  }
  const { ChartNetwork } = await import("./chart-network.ts");
  const network = new ChartNetwork(io, wanted.access);
  try {
    const download = await fetched(network, { ...wanted, reference });
    if (wanted.access.verifies) await verify(download.name, download, trustOf(io, wanted.access));
    return download.bytes;
  } finally {
    network.close();
  }
}

function trustOf({ clock }: Io, { keyring }: ChartAccess): Trust {
  return { keyring, nowMs: clock.now() };
}

async function onDisk(io: Io, path: string, wanted: Wanted): Promise<FileTree | Uint8Array> {
  const { access, version } = wanted;
  if (statSync(path).isDirectory()) {
    if (existsSync(join(path, "oci-layout"))) {
      const { chartOfLayout, isOciLayout } = await import("./oci-layout.ts");
      if (isOciLayout(path)) return chartOfLayout(path, version).bytes;
    }
    if (access.verifies)
      throw notFound("unpacked charts cannot be verified", "pack it: only archives carry a provenance");
    return chartTree(path);
  }
  const bytes = new Uint8Array(readNamedFile(path, io));
  if (!isGzip(bytes)) throw noArchive(wanted.reference);
  if (access.verifies) await verifyOnDisk(path, bytes, trustOf(io, access));
  return bytes;
}

function noArchive(reference: string): Fault<CliCode> {
  const what = /\.ya?ml$/.test(reference)
    ? "seems to be a YAML file, but expected a gzipped archive"
    : "does not appear to be a gzipped archive";
  return notFound(
    `file '${reference}' ${what}`,
    "CHART is the folder of a chart or a packed chart (.tgz); values go to -f",
  );
}

/** Checks NAME.tgz against the NAME.tgz.prov beside it. */
async function verifyOnDisk(path: string, bytes: Uint8Array, trust: Trust): Promise<void> {
  if (!/\.tgz$/i.test(path)) throw notFound("chart must be a tgz file");
  const proof = `${path}.prov`;
  if (!existsSync(proof)) throw notFound(`could not load provenance file ${proof}: no such file or directory`);
  await verify(basename(path), { bytes, provenance: new Uint8Array(readFileSync(proof)) }, trust);
}

async function verify(
  name: string,
  { bytes, provenance }: { bytes: Uint8Array; provenance?: Uint8Array },
  trust: Trust,
): Promise<void> {
  if (provenance === undefined) throw notFound(`failed to fetch provenance of ${JSON.stringify(name)}`);
  const { checkProvenance } = await import("./provenance.ts");
  await checkProvenance({ name, bytes }, provenance, trust);
}

function fetched(network: ChartNetwork, { reference, repository, version }: Wanted): Promise<Download> {
  if (repository !== "") return fromIndex(network, { repository, name: reference, version });
  if (reference.startsWith("oci://")) return network.fromRegistry(reference, version);
  if (/^https?:\/\//.test(reference)) return network.byUrl(reference);
  const slash = reference.indexOf("/");
  if (slash < 0)
    throw notFound(
      `non-absolute URLs should be in form of repo_name/path_to_chart, got: ${reference}`,
      "give a folder, a packed chart, repository/chart, an address (https://, oci://), or --repo",
    );
  const named = network.named.find((each) => each.name === reference.slice(0, slash));
  if (named === undefined)
    throw notFound(`repo ${reference.slice(0, slash)} not found`, "helm repo add names repositories");
  return fromIndex(network, { repository: named.url, name: reference.slice(slash + 1), version });
}

async function fromIndex(
  network: ChartNetwork,
  { repository, name, version }: { repository: string; name: string; version: string },
): Promise<Download> {
  if (repository.startsWith("oci://")) return network.fromRegistry(`${repository}/${name}`, version);
  const versions = (await network.index(repository)).get(name) ?? [];
  const found = versions.find((each) => each.version === version && version !== "") ?? inRange(versions, version);
  if (found === undefined)
    throw notFound(
      `chart ${JSON.stringify(name)}${version === "" ? "" : ` version ${JSON.stringify(version)}`} not found in ${repository} repository`,
      versions.length === 0
        ? undefined
        : "--version takes a version or a range: 1.2.3, ^1.2, '>=1 <3'; with --devel pre-releases count too",
    );
  return network.archive(repository, found);
}

function inRange<T extends ChartVersion>(versions: readonly T[], version: string): T | undefined {
  try {
    return newestInRange(versions, version === "" ? "*" : version);
  } catch (thrown) {
    // To Helm a range that cannot be read is one that nothing fits.
    if (thrown instanceof Fault && thrown.code === "chart-dependency") return undefined;
    throw thrown;
  }
}

function notFound(message: string, hint?: string): Fault<CliCode> {
  return new Fault({ code: "usage", disposition: "stall", message, ...(hint === undefined ? {} : { hint }) });
}
