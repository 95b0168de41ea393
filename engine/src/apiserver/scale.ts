// The scale subresource: one number of an object, seen and written as autoscaling/v1 Scale.

import { asJson, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  asOwn,
  type Call,
  changeObject,
  conflict,
  getObject,
  invalid,
  noSuchPath,
  type Registry,
  type ScalePaths,
  type WriteCall,
} from "#apiserver/registry";

export function getScale(registry: Registry, call: Call): Manifest {
  return scaleOf(getObject(registry, { ...call, subresource: "" }), pathsOf(call));
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
  const selector = paths.labelSelector === undefined ? selectorOf(object) : valueAt(object, paths.labelSelector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as Manifest["metadata"],
    spec: { replicas: valueAt(object, paths.specReplicas) ?? 0 },
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

/** Writes the replicas that `make` gives; answers with the new Scale. */
export async function updateScale(
  registry: Registry,
  call: WriteCall,
  make: (scale: Manifest) => Manifest,
): Promise<Manifest> {
  const paths = pathsOf(call);
  const written = await changeObject(registry, call, {
    make: (live) => {
      const wanted = make(asOwn(scaleOf(live, paths)));
      const version = wanted.metadata?.resourceVersion ?? "";
      if (version !== "" && version !== live.metadata.resourceVersion)
        throw conflict(
          call.served.resource,
          call.name,
          "the object has been modified; please apply your changes to the latest version and try again",
        );
      return withReplicas(live, paths, replicasOf(wanted, call.name));
    },
    retries: true,
  });
  return scaleOf(written, paths);
}

function replicasOf(scale: Manifest, name: string): number {
  const replicas = (scale.spec as { replicas?: unknown } | undefined)?.replicas ?? 0;
  if (typeof replicas === "number" && Number.isInteger(replicas) && replicas >= 0) return replicas;
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
