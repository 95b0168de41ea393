// The scale subresource: one number of an object, seen and written as autoscaling/v1 Scale.

import { asJson, asManifest, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  apiVersionOf,
  applyConflict,
  asOwn,
  badRequest,
  type Call,
  changeObject,
  conflict,
  DecodeRefusal,
  getObject,
  internalError,
  invalid,
  noSuchPath,
  plainError,
  type Registry,
  type ScalePaths,
  type WriteCall,
} from "#apiserver/registry";
import { applyManifest, parentManagers, scaleManagers, trackUpdate, type WriteContext } from "#merge";
import { builtinSchemas, decodeBuiltin, schemaFor } from "#api/kubernetes";

export function getScale(registry: Registry, call: Call): Manifest {
  const object = getObject(registry, { ...call, subresource: "" });
  const paths = pathsOf(call);
  if (call.served.custom !== undefined && valueAt(object, paths.specReplicas) === undefined)
    throw internalError(`the spec replicas field ".${paths.specReplicas}" does not exist`);
  return scaleOf(object, paths);
}

function pathsOf(call: Call): ScalePaths {
  const { scale } = call.served;
  if (scale === undefined) throw noSuchPath();
  return scale;
}

function valueAt(object: Manifest, path: string): Json | undefined {
  let value: Json | undefined = asJson(object);
  for (const part of path.split(".")) value = (value as JsonObject | undefined)?.[part];
  return value;
}

function scaleOf(object: Manifest, paths: ScalePaths): Manifest {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = valueAt(object, paths.specReplicas) ?? 0;
  const selector = paths.labelSelector === undefined ? selectorOf(object) : valueAt(object, paths.labelSelector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Manifest["metadata"],
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: valueAt(object, paths.statusReplicas) ?? 0,
      ...(typeof selector === "string" && selector !== "" ? { selector } : {}),
    },
  };
}

/** The object's selector in the text form that autoscalers read. */
function selectorOf(object: Manifest): string {
  const selector = (
    object.spec as { selector?: { matchLabels?: Record<string, string> } & Record<string, unknown> } | undefined
  )?.selector;
  const labels = (selector?.matchLabels ?? selector ?? {}) as Record<string, unknown>;
  return Object.entries(labels)
    .filter((entry): entry is [string, string] => typeof entry[1] === "string")
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

/** A Scale as Go's type holds it. `isData`: a strategic merge patch left it. */
export function decodedScale(scale: Manifest, isData: boolean): Manifest {
  const root = schemaFor("autoscaling", "v1", "Scale");
  if (root === undefined) return scale;
  const { object, error } = decodeBuiltin(asJson(scale), root, { isData });
  if (error !== undefined) throw new DecodeRefusal('Scale in version "v1" cannot be handled as a Scale', error);
  return asManifest(object);
}

/** How a write of a Scale is meant: the Scale it leaves, with managedFields that say who set what. */
type Change = (scale: Manifest) => Manifest;

/** Replaces or patches the Scale; answers with the new one. */
export function updateScale(
  registry: Registry,
  call: WriteCall,
  make: (scale: Manifest) => Manifest,
): Promise<Manifest> {
  return writeScale(registry, call, (scale) => {
    const wanted = make(asOwn(withoutEntries(scale)));
    refuseStale(call, wanted, scale);
    return asManifest(trackUpdate({ ...contextOf(registry, call), live: asJson(scale), next: asJson(wanted) }));
  });
}

/** Applies a Scale as a field manager. */
export function applyScale(
  registry: Registry,
  call: WriteCall,
  { manifest, isForced }: { manifest: Manifest; isForced: boolean },
): Promise<Manifest> {
  return writeScale(registry, call, (scale) => {
    // The managers of a custom object that nobody scaled before would have to be seen as those of a Scale, which the real server cannot.
    if (call.served.custom !== undefined && (scale.metadata.managedFields ?? []).length === 0)
      throw plainError(
        "failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1",
      );
    const request = { ...contextOf(registry, call), live: asJson(scale), manifest: asJson(manifest), isForced };
    const result = applyManifest(request);
    if (result.ok) return asManifest(result.object);
    if (result.reason === "Conflict") throw applyConflict(result.message, result.causes);
    throw result.reason === "BadRequest" ? badRequest(result.message) : plainError(result.message);
  });
}

async function writeScale(registry: Registry, call: WriteCall, change: Change): Promise<Manifest> {
  const paths = pathsOf(call);
  const written = await changeObject(registry, call, {
    make: (live) => {
      const request = {
        entries: live.metadata.managedFields ?? [],
        apiVersion: apiVersionOf(call.served),
        replicasPath: paths.specReplicas.split("."),
      };
      const scale = scaleOf(live, paths);
      scale.metadata.managedFields = scaleManagers(request);
      const next = change(scale);
      const draft = withReplicas(live, paths, replicasOf(next, call, paths));
      draft.metadata.managedFields = parentManagers(request, next.metadata.managedFields ?? []);
      return draft;
    },
    retries: true,
    hasOwnership: true,
  });
  return scaleOf(written, paths);
}

function contextOf(registry: Registry, call: WriteCall): WriteContext {
  const root = schemaFor("autoscaling", "v1", "Scale");
  const type = root === undefined ? undefined : { schemas: builtinSchemas, root };
  return { manager: call.fieldManager, subresource: "scale", type, nowMs: registry.clock.now() };
}

function withoutEntries(scale: Manifest): Manifest {
  const { managedFields: _, ...metadata } = scale.metadata;
  return { ...scale, metadata };
}

function refuseStale(call: WriteCall, wanted: Manifest, scale: Manifest): void {
  const version = wanted.metadata?.resourceVersion ?? "";
  if (version !== "" && version !== scale.metadata.resourceVersion)
    throw conflict(
      call.served.resource,
      call.name,
      "the object has been modified; please apply your changes to the latest version and try again",
    );
}

function replicasOf(scale: Manifest, { served, name }: WriteCall, { specReplicas }: ScalePaths): number {
  const replicas = (scale.spec as { replicas?: unknown } | undefined)?.replicas ?? 0;
  if (typeof replicas === "number" && Number.isInteger(replicas) && replicas >= 0) return replicas;
  if (served.custom !== undefined)
    throw invalid(served.resource, name, [
      {
        type: "Invalid",
        field: `.${specReplicas}`,
        value: replicas as Json,
        detail: "should be a non-negative integer",
      },
    ]);
  throw invalid({ group: "autoscaling", kind: "Scale" }, name, [
    {
      type: "Invalid",
      field: "spec.replicas",
      value: replicas as Json,
      detail: "must be greater than or equal to 0",
    },
  ]);
}

function withReplicas(live: Manifest, paths: ScalePaths, replicas: number): Manifest {
  const draft = asOwn(live);
  const parts = paths.specReplicas.split(".");
  let parent = asJson(draft);
  for (const part of parts.slice(0, -1)) parent = (parent[part] ??= {}) as JsonObject;
  parent[parts.at(-1) as string] = replicas;
  return draft;
}
