// Keeps secrets out of everything the console is told. A value is replaced by a keyed hash: two texts of one value look
// alike, so that a difference is seen without either side being shown.

import { asJson, copyJson, encodeJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { keyedHash } from "#secrets/keys";

/** Stands for a value; equal for equal values, as long as this process runs. */
export function maskOf(value: Json): string {
  return `<secret ${keyedHash(typeof value === "string" ? value : encodeJson(value)).slice(0, 8)}>`;
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** A copy without secret values, and without what the server keeps for itself. */
export function maskedObject(object: Manifest): Manifest {
  const { metadata, ...rest } = copyJson(asJson(object));
  const copy: JsonObject = { ...rest, metadata: isObject(metadata) ? tidied(metadata) : {} };
  if (object.kind === "Secret" && object.apiVersion === "v1") maskSecret(copy);
  return maskUrls(copy) as unknown as Manifest;
}

function tidied({ managedFields: _managed, annotations, ...rest }: JsonObject): JsonObject {
  if (!isObject(annotations)) return annotations === undefined ? rest : { ...rest, annotations };
  // It repeats the object, a Secret's values too.
  const { [lastApplied]: _applied, ...kept } = annotations;
  return Object.keys(kept).length === 0 ? rest : { ...rest, annotations: kept };
}

/** `stringData` and `data` of the same value look alike: what Git writes in one stands in the other in the cluster. */
function maskSecret(copy: JsonObject): void {
  const { data, stringData } = copy;
  if (isObject(data)) copy["data"] = mapValues(data, (value) => maskOf(plainOf(value)));
  if (isObject(stringData)) copy["stringData"] = mapValues(stringData, maskOf);
}

function plainOf(value: Json): Json {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("latin1") : value;
}

function mapValues(object: JsonObject, change: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/** Credentials in addresses are secrets wherever they stand. */
export function maskUrl(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*:[^/@\s]*@/gi, "$1");
}

function maskUrls(value: Json): Json {
  if (typeof value === "string") return value.includes("@") ? maskUrl(value) : value;
  if (Array.isArray(value)) return value.map(maskUrls);
  return isObject(value) ? mapValues(value, maskUrls) : value;
}
