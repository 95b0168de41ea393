// When what a release asks for may be installed or upgraded to: by the annotations and the rules of every delivery. What was asked
// for is named by a revision, so that who approves it approves nothing else. What is applied, or was begun, is never held.

import type { HelmRelease, HelmReleaseStatus } from "#api/flux";
import { type Guard, type Hold, isApproved, isOpen, whyHeld } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import { canonicalJson, formatRevision, sha256Hex } from "#kernel";
import type { Release } from "#releases";
import { commonMetadataDigest, configDigest, postRenderersDigest } from "./digests.ts";
import { latest } from "./history.ts";
import { releaseNameOf, releaseNamespaceOf, storageNamespaceOf } from "./names.ts";

export type Asked = { object: HelmRelease; chart: { name: string; version: string }; values: GoMap };

/** What is asked for: the chart's version and a digest of all that makes a release another one, `6.5.0@sha256:…`. */
export function revisionOf({ object, chart, values }: Asked): string {
  return formatMade(chart.version, {
    name: releaseNameOf(object),
    namespace: releaseNamespaceOf(object),
    storage: storageNamespaceOf(object),
    chart: chart.name,
    values: configDigest(values),
    postRenderers: postRenderersDigest(object.spec.postRenderers),
    commonMetadata: commonMetadataDigest(object.spec.commonMetadata),
  });
}

/** The same of what was made last and is good; undefined where there is none. */
export function deployedRevision(status: HelmReleaseStatus): string | undefined {
  const newest = latest(status.history ?? []);
  if (newest?.status !== "deployed") return undefined;
  return formatMade(newest.chartVersion, {
    name: newest.name,
    namespace: newest.namespace,
    storage: status.storageNamespace ?? "",
    chart: newest.chartName,
    values: newest.configDigest,
    postRenderers: status.observedPostRenderersDigest ?? "",
    commonMetadata: status.observedCommonMetadataDigest ?? "",
  });
}

/** What makes a release another one, beside its chart's version. */
type Made = Record<"name" | "namespace" | "storage" | "chart" | "values" | "postRenderers" | "commonMetadata", string>;

function formatMade(version: string, made: Made): string {
  return formatRevision(version, "sha256", sha256Hex(canonicalJson(made)));
}

export type HoldQuestion = {
  guard: Guard;
  asked: Asked;
  status: HelmReleaseStatus;
  /** The newest record, whatever became of it. */
  last: Release | undefined;
  /** True when the same is asked for again, since the chart looks up something else by now. */
  isForLookUps: boolean;
  nowMs: number;
  /** How many objects of the last release would be deleted; asked only where that is limited. */
  departing: () => Promise<number>;
};

export type HoldAnswer = {
  revision: string;
  /** undefined: it may be done. */
  hold: Hold | undefined;
  /** True when it may be done since somebody has approved it. */
  isApproved: boolean;
};

/** Whether what is asked for may be installed or upgraded to now. */
export async function holdFor(question: HoldQuestion): Promise<HoldAnswer> {
  const { guard, asked, status, last, isForLookUps, nowMs, departing } = question;
  const revision = revisionOf(asked);
  const isKnown = !isForLookUps && (deployedRevision(status) === revision || isBegun(asked, last));
  if (isOpen(guard) || isKnown) return { revision, hold: undefined, isApproved: false };
  const inventoryCount = status.inventory?.entries?.length ?? 0;
  const prunedCount = guard.pruneLimit === undefined || inventoryCount === 0 ? 0 : await departing();
  const hold = whyHeld(guard, { revision, prunedCount, inventoryCount }, nowMs);
  return { revision, hold, isApproved: hold === undefined && isApproved(guard, revision) };
}

/** True where a process was killed at work on it. */
function isBegun({ chart, values }: Asked, last: Release | undefined): boolean {
  if (last?.keelson === undefined || !last.info.status.startsWith("pending-")) return false;
  return last.chart.metadata.version === chart.version && configDigest(last.config) === configDigest(values);
}
