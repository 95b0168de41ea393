// What a HelmRelease is called, and where it goes: Flux's defaults, which its definition does not set
// (helm-controller 1.6, api/v2/helmrelease_types.go).

import { type HelmRelease, parseDuration } from "#api/flux";
import { encodeUtf8, sha256Hex } from "#kernel";
import { historyDefault, nameDigestLength, releaseNameMost, timeoutDefaultMs } from "./limits.ts";

export const helmManager = "helm-controller";

/** Owner labels on every object of a release, and on the HelmChart that is made for it. */
export const originNameLabel = "helm.toolkit.fluxcd.io/name";
export const originNamespaceLabel = "helm.toolkit.fluxcd.io/namespace";

/** The name as it is configured; Helm gets it shortened. */
export function configuredName({ spec, metadata }: HelmRelease): string {
  if (spec.releaseName !== undefined && spec.releaseName !== "") return spec.releaseName;
  return isGiven(spec.targetNamespace) ? `${spec.targetNamespace}-${metadata.name}` : metadata.name;
}

export function releaseNameOf(object: HelmRelease): string {
  return shortenName(configuredName(object));
}

/** Longer than Helm takes: the beginning, and a digest of the whole. */
export function shortenName(name: string): string {
  if (encodeUtf8(name).length <= releaseNameMost) return name;
  return `${name.slice(0, releaseNameMost - nameDigestLength - 1)}-${sha256Hex(name).slice(0, nameDigestLength)}`;
}

export function releaseNamespaceOf({ spec, metadata }: HelmRelease): string {
  return isGiven(spec.targetNamespace) ? spec.targetNamespace : (metadata.namespace ?? "");
}

export function storageNamespaceOf({ spec, metadata }: HelmRelease): string {
  return isGiven(spec.storageNamespace) ? spec.storageNamespace : (metadata.namespace ?? "");
}

export function maxHistoryOf({ spec }: HelmRelease): number {
  return spec.maxHistory ?? historyDefault;
}

/** `namespace` and `name` of the HelmChart made for `spec.chart`. */
export function chartObjectOf({ spec, metadata }: HelmRelease): { namespace: string; name: string } | undefined {
  if (spec.chart === undefined) return undefined;
  const own = metadata.namespace ?? "";
  const { namespace } = spec.chart.spec.sourceRef;
  return { namespace: isGiven(namespace) ? namespace : own, name: `${own}-${metadata.name}` };
}

/** Which source the chart comes from. */
export function chartSourceOf(object: HelmRelease): { kind: string; namespace: string; name: string } | undefined {
  const { chartRef } = object.spec;
  if (chartRef === undefined) {
    const made = chartObjectOf(object);
    return made === undefined ? undefined : { kind: "HelmChart", ...made };
  }
  const namespace = isGiven(chartRef.namespace) ? chartRef.namespace : (object.metadata.namespace ?? "");
  return { kind: chartRef.kind, namespace, name: chartRef.name };
}

/** The kinds of action that have a timeout of their own. */
export type TimedAction = "install" | "upgrade" | "test" | "rollback" | "uninstall";

export function timeoutOf({ spec }: HelmRelease, action?: TimedAction): number {
  const own = action === undefined ? undefined : spec[action]?.timeout;
  return durationOf(own) ?? durationOf(spec.timeout) ?? timeoutDefaultMs;
}

function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
