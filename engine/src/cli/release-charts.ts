// The chart of a HelmRelease for commands that look ahead: one that is named, another version out of the same repository, or
// what its source has fetched.

import { createHash } from "node:crypto";
import { type HelmRelease, sourceGroup } from "#api/flux";
import type { Cluster } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { discover, resourceOf, valueOf } from "./answers.ts";
import { usage } from "./arguments.ts";
import { chartAccessFlags } from "./chart-access.ts";
import { chartFlags, type ChartFlags, type ChartSource, openChartSource } from "./chart-source.ts";
import type { CliCode } from "./faults.ts";
import { textOf } from "./flux-objects.ts";
import type { Io } from "./io.ts";
import { artifactTimeoutMs } from "./limits.ts";
import { targetOf } from "./waiting.ts";

const ownFlags = {
  chart: { takes: "CHART", about: "the chart to compare: a folder, a packed chart, oci://…, NAME with --repo" },
  "from-version": { takes: "VERSION", about: "compare with this version of the chart, not with what runs" },
} as const;

/** Flags that say which chart. */
export const releaseChartFlags: typeof ownFlags & typeof chartFlags & typeof chartAccessFlags = {
  ...ownFlags,
  ...chartFlags,
  ...chartAccessFlags,
};

export type ReleaseChartFlags = ChartFlags & { chart?: string | undefined; "from-version"?: string | undefined };

type From = { cluster: Cluster; io: Io };

/** The chart to look at. */
export async function chartOfRelease(object: Manifest, flags: ReleaseChartFlags, from: From): Promise<ChartSource> {
  if (flags.chart !== undefined) return openChartSource(flags.chart, flags, from.io);
  if (flags.version !== undefined) return chartInVersion(object, flags, from);
  return chartOfSource(object, from);
}

/** Another version, from where the chart comes from. */
export async function chartInVersion(object: Manifest, flags: ReleaseChartFlags, from: From): Promise<ChartSource> {
  if (flags.chart !== undefined) return openChartSource(flags.chart, flags, from.io);
  const { spec, metadata } = object as unknown as HelmRelease;
  const template = spec.chart?.spec;
  if (template?.sourceRef.kind !== "HelmRepository")
    throw usage("the chart comes from no HelmRepository", "name the chart with --chart");
  const { name, namespace = metadata.namespace ?? "" } = template.sourceRef;
  const repository = await readSource({ kind: "HelmRepository", name, namespace }, from.cluster);
  const url = textOf(repository, "spec", "url").replace(/\/$/, "");
  if (textOf(repository, "spec", "type") === "oci") return openChartSource(`${url}/${template.chart}`, flags, from.io);
  return openChartSource(template.chart, { ...flags, repo: url }, from.io);
}

/** What the release's source has fetched. */
async function chartOfSource(object: Manifest, { cluster }: From): Promise<ChartSource> {
  const { spec, status, metadata } = object as unknown as HelmRelease;
  const own = metadata.namespace ?? "";
  const [namespace = "", name = ""] = (status?.helmChart ?? "").split("/");
  const { chartRef } = spec;
  if (chartRef === undefined && name === "")
    throw usage(`${metadata.name} has no chart yet`, "name the chart with --chart");
  const ref =
    chartRef === undefined
      ? { kind: "HelmChart", namespace, name }
      : { kind: chartRef.kind, namespace: chartRef.namespace ?? own, name: chartRef.name };
  const source = await readSource(ref, cluster);
  const url = textOf(source, "status", "artifact", "url");
  if (url === "") throw notFetched(`${ref.kind} ${ref.name} has no artifact yet`);
  return fetchArtifact(url, textOf(source, "status", "artifact", "digest"));
}

async function readSource(
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
  cluster: Cluster,
): Promise<Manifest> {
  const resource = resourceOf(await discover(cluster), { group: sourceGroup, kind });
  return valueOf(await cluster.get(targetOf(resource, namespace, name)), `reading ${kind} ${name}`);
}

async function fetchArtifact(url: string, digest: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(artifactTimeoutMs) });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    bytes = new Uint8Array(await answer.arrayBuffer());
  } catch (thrown) {
    throw notFetched(`the artifact at ${url} cannot be read from here`, thrown);
  }
  const found = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (found !== digest) throw notFetched(`the artifact at ${url} is ${found}, not ${digest}`);
  return bytes;
}

function notFetched(message: string, cause?: unknown): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "not-reachable",
    disposition: "stall",
    message,
    hint: "name the chart with --chart",
    ...(cause === undefined ? {} : { cause }),
  });
}
