// What becomes of an object that a generator merges into or replaces.

import type { YamlNode } from "#formats/yaml";
import { encodeUtf8 } from "#kernel";
import { encodeBase64Lines } from "./base64.ts";
import { invalid } from "./faults.ts";
import { clearField, field, isMissing, lookupCreate, setField, text } from "./nodes.ts";
import type { Resource } from "./resource.ts";

export const originAnnotation = "config.kubernetes.io/origin";

/** Gives `made` the metadata of `old`, and for `merge` its data too. */
export function mergeGenerated(made: Resource, old: Resource, behavior: "merge" | "replace"): void {
  if (behavior === "replace") return made.takeMetadataFrom(old);
  const origin = old.annotations.get(originAnnotation);
  const source = made.apiVersion === "v1" && made.kind === "Secret" ? withEncodedText(old) : old;
  made.takeMetadataFrom(old);
  mergeData(made, source, "data");
  mergeData(made, old, "binaryData");
  if (origin !== undefined) made.setAnnotations(made.annotations.set(originAnnotation, origin));
}

function mergeData(made: Resource, old: Resource, name: "data" | "binaryData"): void {
  const merged = new Map([...readData(old, name), ...readData(made, name)]);
  const node = made.node as YamlNode;
  clearField(node, name);
  if (merged.size === 0) return;
  const map = lookupCreate(node, [name], "map") as YamlNode;
  for (const key of [...merged.keys()].sort()) setField(map, key, text(merged.get(key) as string));
}

function readData(resource: Resource, name: string): Map<string, string> {
  const items = field(resource.node, name)?.items ?? [];
  const result = new Map<string, string>();
  // Of two fields with one name kyaml reads the first.
  for (let i = items.length - 2; i >= 0; i -= 2)
    result.set((items[i] as YamlNode).value, dataText(items[i + 1] as YamlNode));
  return result;
}

/** A value as kyaml reads it: a null is no text. */
function dataText(node: YamlNode): string {
  return isMissing(node) ? "" : (node as YamlNode).value;
}

/** A copy of a Secret whose stringData has moved into data, as the API server does it. */
function withEncodedText(secret: Resource): Resource {
  const copy = secret.copy();
  const node = copy.node as YamlNode;
  const texts = field(node, "stringData");
  if (!isMissing(texts)) {
    const data = lookupCreate(node, ["data"], "map") as YamlNode;
    const { items } = texts as YamlNode;
    for (let i = 0; i + 1 < items.length; i += 2) {
      const value = items[i + 1] as YamlNode;
      const key = (items[i] as YamlNode).value;
      if (value.kind !== "scalar") throw invalid(`stringData value for key "${key}" must be a scalar`);
      setField(data, key, text(encodeBase64Lines(encodeUtf8(value.value))));
    }
  }
  clearField(node, "stringData");
  return copy;
}
