// The chart of a release: which source has it and whether that is ready, its bytes, and the version it counts as. Charts of
// immutable artifacts carry the artifact's digest in their version, so that a tag that was moved is rolled out
// (helm-controller 1.6, mutateChartWithSourceRevision).

import type { HelmRelease } from "#api/flux";
import type { ArtifactView, SourceName } from "#artifacts";
import { fieldOf, isObject, type Json, type Manifest, textOf } from "#kernel";
import { type Chart, compareVersions, loadChartArchive, packChart, parseVersion } from "#render/helm";
import { ReleaseKindFault } from "./faults.ts";
import { chartsHeldMost, versionDigestLength } from "./limits.ts";
import { chartSourceOf } from "./names.ts";

export type LoadedChart = {
  bytes: Uint8Array;
  chart: Chart;
  name: string;
  /** As the release will call it. */
  version: string;
  appVersion: string;
  /** The artifact's digest, of charts that carry it in their version; else "". */
  ociDigest: string;
};

/** Why a source cannot be used now; undefined when it can. */
export function whyNotReady(source: Manifest): string | undefined {
  const label = `${source.kind} '${source.metadata.namespace ?? ""}/${source.metadata.name}' is not ready`;
  const hasArtifact = isObject(fieldOf(source, "status", "artifact"));
  if (source.kind === "ExternalArtifact") return hasArtifact ? undefined : `${label}: does not have an artifact`;
  const ready = conditionOf(source, "Ready");
  if (fieldOf(source, "status", "observedGeneration") !== source.metadata.generation) {
    const isFalse = textOf(ready, "status") === "False";
    return `${label}: ${isFalse ? textOf(ready, "message") : "latest generation of object has not been reconciled"}`;
  }
  const stalled = conditionOf(source, "Stalled");
  if (textOf(stalled, "status") === "True") return `${label}: ${textOf(stalled, "message")}`;
  return hasArtifact ? undefined : `${label}: does not have an artifact`;
}

function conditionOf(object: Manifest, type: string): Json | undefined {
  const conditions = fieldOf(object, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((condition) => textOf(condition, "type") === type);
}

/** The charts of sources, held by digest: many releases share one. */
export class Charts {
  readonly #artifacts: Pick<ArtifactView, "file">;
  readonly #held = new Map<string, LoadedChart>();

  constructor(artifacts: Pick<ArtifactView, "file">) {
    this.#artifacts = artifacts;
  }

  /** The chart that a ready source offers. Throws ReleaseKindFault where it cannot be loaded or is not what it says. */
  async load(object: HelmRelease, source: Manifest): Promise<LoadedChart> {
    const name = chartSourceOf(object) as SourceName;
    const file = this.#artifacts.file(name);
    if (file === undefined || file.revision !== textOf(source, "status", "artifact", "revision"))
      throw unusable("Source not ready: artifact not found", "wait");
    const suffix = suffixOf(name.kind, file.revision);
    const key = `${file.digest} ${suffix?.revision ?? ""}`;
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const bytes = await file.bytes().catch((thrown: unknown) => {
      throw unusable("Could not load chart", "retry", thrown);
    });
    const loaded = withVersion(open(bytes), bytes, suffix);
    this.#held.set(key, loaded);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= chartsHeldMost) break;
      this.#held.delete(oldest);
    }
    return loaded;
  }
}

function open(bytes: Uint8Array): Chart {
  try {
    return loadChartArchive(bytes);
  } catch (thrown) {
    throw unusable("Could not load chart", "retry", thrown);
  }
}

type Suffix = { revision: string; digest: string; tag: string };

/** What the revision of an immutable artifact says; undefined for the others. */
function suffixOf(kind: string, revision: string): Suffix | undefined {
  if (kind !== "OCIRepository" && !(kind === "ExternalArtifact" && revision.includes(":"))) return undefined;
  const at = revision.lastIndexOf("@");
  return { revision, digest: revision.slice(at + 1), tag: at < 0 ? "" : revision.slice(0, at) };
}

function withVersion(chart: Chart, bytes: Uint8Array, by: Suffix | undefined): LoadedChart {
  const { name, version, appVersion } = chart.metadata;
  const plain = { bytes, chart, name, version, appVersion, ociDigest: "" };
  if (by === undefined) return plain;
  const own = parseVersion(version);
  if (own === undefined) throw mutation(`invalid chart version ${version}`);
  // Registries have no `+` in tags: Helm writes `_` for it.
  const tagged = parseVersion(by.tag.replaceAll("_", "+"));
  if (tagged !== undefined && compareVersions(tagged, own) !== 0)
    throw mutation(`artifact revision ${by.tag} does not match chart version ${version}`);
  const digits = by.digest.split(":")[1] ?? "";
  if (digits.length < versionDigestLength) throw mutation(`invalid artifact revision ${by.revision}`);
  const { major, minor, patch, prerelease } = own;
  const base = `${major}.${minor}.${patch}${prerelease === "" ? "" : `-${prerelease}`}`;
  const dated = `${base}+${digits.slice(0, versionDigestLength)}`;
  const ociDigest = tagged === undefined ? by.revision : by.digest;
  return { ...plain, bytes: packChart(chart, { version: dated }).bytes, version: dated, ociDigest };
}

function unusable(message: string, disposition: "wait" | "retry", cause?: unknown): ReleaseKindFault {
  return new ReleaseKindFault({
    code: disposition === "wait" ? "release-source" : "chart-unusable",
    disposition,
    message,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The version in the chart does not fit its artifact. */
function mutation(message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "chart-unusable",
    disposition: "retry",
    at: "ChartMutateError",
    message,
    hint: "push the chart under its own version",
  });
}
