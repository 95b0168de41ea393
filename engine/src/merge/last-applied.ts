// The annotation of client-side apply, as far as the server minds it: `kubectl apply --server-side` may take over what kubectl
// recorded there without a conflict, and keeps the annotation up to date (apimachinery managedfields, lastapplied*.go).

import { decodeJson, encodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import type { FieldSet } from "./field-set.ts";
import { annotationBytesMax } from "./limits.ts";
import type { Versions } from "./ownership.ts";
import { goJson } from "./path-element.ts";
import { compareTyped } from "./typed-compare.ts";
import { fieldsOf } from "./typed-fields.ts";
import { validateShape } from "./typed-validate.ts";

export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

function annotationsOf(object: JsonObject): JsonObject {
  const metadata = object["metadata"];
  const annotations = isObject(metadata) ? metadata["annotations"] : undefined;
  return isObject(annotations) ? annotations : {};
}

/** Fields of the recorded manifest that still stand as they were recorded; undefined when there is no usable record. */
export function allowedByLastApplied(live: JsonObject, versions: Versions): FieldSet | undefined {
  const text = annotationsOf(live)[lastAppliedAnnotation];
  if (typeof text !== "string" || text === "") return undefined;
  let recorded: Json;
  try {
    recorded = decodeJson(text);
  } catch {
    return undefined;
  }
  if (!isObject(recorded) || recorded["apiVersion"] !== versions.apiVersion) return undefined;
  if (validateShape(recorded, versions.shape).length > 0) return undefined;
  const { added, removed, modified } = compareTyped(recorded, live, versions.shape);
  return fieldsOf(recorded, versions.shape).difference(modified).difference(added).difference(removed);
}

/** The object with the annotation rewritten to `manifest`, where it has the annotation at all. */
export function writeLastApplied(object: JsonObject, manifest: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  const recorded = annotations[lastAppliedAnnotation];
  if (typeof recorded !== "string" || recorded === "") return object;
  const text = `${goJson(withoutAnnotation(manifest))}\n`;
  const next: JsonObject = { ...annotations, [lastAppliedAnnotation]: text };
  let bytes = 0;
  for (const [name, value] of Object.entries(next))
    bytes += encodeUtf8(name).length + (typeof value === "string" ? encodeUtf8(value).length : 0);
  if (bytes > annotationBytesMax) delete next[lastAppliedAnnotation];
  return { ...object, metadata: { ...(object["metadata"] as JsonObject), annotations: next } };
}

function withoutAnnotation(manifest: JsonObject): JsonObject {
  const metadata = manifest["metadata"];
  if (!isObject(metadata)) return manifest;
  const { annotations, ...rest } = metadata;
  if (!isObject(annotations)) return { ...manifest, metadata: rest };
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  return { ...manifest, metadata: { ...rest, annotations: others } };
}
