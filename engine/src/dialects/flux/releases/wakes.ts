// What wakes which release: a change of its own object, of what it waits for, of its chart's source, of objects that its values
// or its kubeconfig come from.

import type { HelmRelease } from "#api/flux";
import type { Priority } from "#controller";
import { guardMarks, isOpen, readGuard } from "#delivery";
import { type Manifest, textOf } from "#kernel";
import { chartSourceOf } from "./names.ts";

/** True when a release depends on another one, named `namespace/name`. */
export function dependsOn({ spec, metadata }: HelmRelease, key: string): boolean {
  const own = metadata.namespace ?? "";
  return (spec.dependsOn ?? []).some(({ namespace = own, name }) => `${namespace}/${name}` === key);
}

/** True when its chart comes from this source: `Kind/namespace/name`. */
export function isChartedBy(object: HelmRelease, source: string): boolean {
  const name = chartSourceOf(object);
  return name !== undefined && `${name.kind}/${name.namespace}/${name.name}` === source;
}

/** True when it reads this ConfigMap or Secret. */
export function readsObject(
  { spec, metadata: own }: HelmRelease,
  kind: "ConfigMap" | "Secret",
  { metadata }: Manifest,
): boolean {
  if (own.namespace !== metadata.namespace) return false;
  if ((spec.valuesFrom ?? []).some((from) => from.kind === kind && from.name === metadata.name)) return true;
  const { secretRef, configMapRef } = spec.kubeConfig ?? {};
  return (kind === "Secret" ? secretRef : configMapRef)?.name === metadata.name;
}

/** What a source offers: another text is something new. */
export function offerOf(source: Manifest): string {
  return `${artifactOf(source)} ${readiness(source)}`;
}

/** Which artifact a source offers. */
export function artifactOf(source: Manifest | undefined): string {
  const artifact = (member: string): string =>
    source === undefined ? "" : textOf(source, "status", "artifact", member);
  return `${artifact("revision")} ${artifact("digest")}`;
}

/** What others that wait for an object go by. */
export function readiness(object: Manifest): string {
  const { conditions = [], observedGeneration } = (object as unknown as HelmRelease).status ?? {};
  const states = conditions.flatMap(({ type, status }) =>
    type === "Ready" || type === "Stalled" ? [`${type}=${status}`] : [],
  );
  return `${observedGeneration} ${object.metadata.generation} ${states.join()}`;
}

/** True when nothing needs to wait for it. */
export function isReady({ status }: HelmRelease): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

/** Why an object asks for a look; undefined when only its status moved. */
export function priorityOf(object: Manifest, previous: Manifest | undefined): Priority | undefined {
  if (previous === undefined) return "spec";
  const asked = ({ metadata }: Manifest): string | undefined =>
    metadata.annotations?.["reconcile.fluxcd.io/requestedAt"];
  if (asked(object) !== asked(previous)) return "person";
  return isOtherWish(object, previous) || marksOf(object, isGuardMark) !== marksOf(previous, isGuardMark)
    ? "spec"
    : undefined;
}

/** True when an object asks for something else than before, not only for another look, or for another time. */
export function isOtherWish(object: Manifest, previous: Manifest): boolean {
  const { generation, deletionTimestamp } = object.metadata;
  if (generation !== previous.metadata.generation || deletionTimestamp !== previous.metadata.deletionTimestamp)
    return true;
  const isOwn = (mark: string): boolean => mark.startsWith("keelson.dev/") && !isGuardMark(mark);
  return marksOf(object, isOwn) !== marksOf(previous, isOwn);
}

const guardMarkNames: ReadonlySet<string> = new Set(Object.values(guardMarks));

function isGuardMark(mark: string): boolean {
  return guardMarkNames.has(mark);
}

function marksOf({ metadata }: Manifest, isMeant: (mark: string) => boolean): string {
  return JSON.stringify(Object.entries(metadata.annotations ?? {}).filter(([mark]) => isMeant(mark)));
}

/** True where something newer may have to wait: what was begun is then brought to an end first. */
export function isGuarded(object: Manifest): boolean {
  try {
    return !isOpen(readGuard(object));
  } catch {
    return true;
  }
}
