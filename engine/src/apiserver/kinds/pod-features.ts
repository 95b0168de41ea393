// Fields of pods that belong to features which are off by default in 1.36: they are dropped before anything is looked at, unless the
// object that stands there has them already (pkg/api/pod, DropDisabledPodFields and DropDisabledTemplateFields).

import { isObject, type Json, type JsonObject } from "#kernel";

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

const containerLists = ["initContainers", "containers", "ephemeralContainers"] as const;

function hasSignal(container: Json): boolean {
  const lifecycle = isObject(container) ? container["lifecycle"] : undefined;
  return isObject(lifecycle) && lifecycle["stopSignal"] !== undefined;
}

/** The signal that ends a container is the image's. */
function dropSignals(spec: JsonObject): void {
  for (const name of containerLists) {
    const list = spec[name];
    if (Array.isArray(list) && list.some(hasSignal)) spec[name] = list.map(withoutSignal);
  }
}

function withoutSignal(container: Json): Json {
  if (!isObject(container) || !hasSignal(container)) return container;
  const { lifecycle, ...rest } = container;
  const { stopSignal: _, ...hooks } = lifecycle as JsonObject;
  return Object.keys(hooks).length === 0 ? rest : { ...container, lifecycle: hooks };
}

function sourcesOf(volume: JsonObject): JsonObject[] {
  return isObject(volume["projected"]) ? objects(volume["projected"]["sources"]) : [];
}

function hasSource(spec: JsonObject, member: string): boolean {
  const { volumes } = spec;
  if (!Array.isArray(volumes)) return false;
  return objects(volumes).some((volume) => sourcesOf(volume).some((source) => source[member] !== undefined));
}

/** A source without it stays, and gives nothing. */
function dropSource(spec: JsonObject, member: string): void {
  spec["volumes"] = objects(spec["volumes"]).map((volume) => {
    if (!sourcesOf(volume).some((source) => source[member] !== undefined)) return volume;
    const sources = sourcesOf(volume).map(({ [member]: _, ...rest }) => rest);
    return { ...volume, projected: { ...(volume["projected"] as JsonObject), sources } };
  });
}

const gatedSources = ["clusterTrustBundle", "podCertificate"];

/** Changes members of the specification, which must be the caller's own; `live` is what stands there. */
export function dropPodFeatures(spec: JsonObject, live: JsonObject | undefined): void {
  if (!containerLists.some((name) => objects(live?.[name]).some(hasSignal))) dropSignals(spec);
  for (const member of gatedSources)
    if (hasSource(spec, member) && !hasSource(live ?? {}, member)) dropSource(spec, member);
  if (live?.["schedulingGroup"] === undefined) delete spec["schedulingGroup"];
}

/** True when there is something to drop, so that nothing is copied for most. */
export function hasPodFeatures(spec: JsonObject): boolean {
  return (
    spec["schedulingGroup"] !== undefined ||
    gatedSources.some((member) => hasSource(spec, member)) ||
    containerLists.some((name) => Array.isArray(spec[name]) && (spec[name] as Json[]).some(hasSignal))
  );
}

/** Copies of the objects on the way to a member, each put in the place of what it is a copy of. */
function ownAt(object: JsonObject, path: readonly string[]): JsonObject | undefined {
  let parent = object;
  for (const name of path) {
    const member = parent[name];
    if (!isObject(member)) return undefined;
    const copy = { ...member };
    parent[name] = copy;
    parent = copy;
  }
  return parent;
}

function at(object: JsonObject | undefined, path: readonly string[]): JsonObject | undefined {
  let value: Json | undefined = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return isObject(value) ? value : undefined;
}

/** Drops them where the specification of a kind's pods stands. */
export function dropPodFeaturesAt(draft: JsonObject, path: readonly string[], live: JsonObject | undefined): void {
  const found = at(draft, path);
  if (found === undefined || !hasPodFeatures(found)) return;
  const own = ownAt(draft, path);
  if (own !== undefined) dropPodFeatures(own, at(live, path));
}
