// What happens to manifests between render and plan: variables, the delivery's marks, and the tidying that makes equal
// intents equal data. Each is a step of its own; none changes its input.

import { formatYaml, parseYaml } from "#formats/yaml";
import {
  asJson,
  asManifest,
  deepFreeze,
  encodeUtf8,
  faultFrom,
  formatRef,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  refOf,
} from "#kernel";
import { expand, variableName, type Variables } from "./expand.ts";
import { DeliveryFault } from "./faults.ts";
import type { Delivery } from "./model.ts";

/** Rendered manifests made ready to be planned for a delivery. */
export function finish(
  manifests: readonly Manifest[],
  delivery: Delivery,
  variables: Variables | undefined,
): readonly Manifest[] {
  return deepFreeze(manifests.map((manifest) => finishOne(manifest, delivery, variables)));
}

function finishOne(rendered: Manifest, delivery: Delivery, variables: Variables | undefined): Manifest {
  refuseEncrypted(rendered, delivery);
  const manifest = variables === undefined ? rendered : substitute(rendered, delivery, variables);
  const { labels, annotations } = delivery.commonMetadata;
  const marked = withMetadata(normalise(manifest), { ...delivery.policy.marks }, {});
  return withoutIgnored(withMetadata(marked, labels, annotations), delivery);
}

/** An encrypted object must never be applied as it is. */
function refuseEncrypted(manifest: Manifest, delivery: Delivery): void {
  const sops = manifest["sops"];
  if (!isObject(sops) || sops["mac"] === undefined) return;
  throw new DeliveryFault({
    code: "decryption-missing",
    disposition: "stall",
    at: formatRef(refOf(manifest)),
    message: delivery.isDecrypted
      ? "is encrypted, and this version does not decrypt yet"
      : "is encrypted, and no decryption is configured",
    hint: delivery.isDecrypted ? "keep encrypted files out of this path for now" : "set spec.decryption",
  });
}

function substitute(manifest: Manifest, delivery: Delivery, variables: Variables): Manifest {
  const mark = delivery.substitution?.mark ?? "";
  const { labels, annotations } = manifest.metadata;
  if (labels?.[mark] === "disabled" || annotations?.[mark] === "disabled") return manifest;
  const text = formatYaml(asJson(manifest));
  if (!text.includes("$")) return manifest;
  try {
    return asManifest(parseYaml(expand(text, variables)));
  } catch (thrown) {
    const cause = faultFrom(thrown);
    throw new DeliveryFault({
      code: "substitution-failed",
      disposition: "retry",
      at: formatRef(refOf(manifest)),
      message: "post-build substitution failed",
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    });
  }
}

/** The variables of a delivery: `found` in order, later ones winning, then the inline ones. Line breaks are removed. */
export function variablesOf(
  found: readonly { readonly [name: string]: string }[],
  inline: { readonly [name: string]: string },
): Variables {
  const variables = new Map<string, string>();
  for (const values of [...found, inline]) {
    for (const [name, value] of Object.entries(values)) {
      if (!variableName.test(name)) {
        throw new DeliveryFault({
          code: "substitution-failed",
          disposition: "stall",
          at: name,
          message: "is no name for a variable",
          hint: "use letters, digits and underscores, not beginning with a digit",
        });
      }
      variables.set(name, value.replaceAll("\n", ""));
    }
  }
  return variables;
}

function withMetadata(
  manifest: Manifest,
  labels: { [key: string]: string },
  annotations: { [key: string]: string },
): Manifest {
  const metadata = { ...manifest.metadata };
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
  if (Object.keys(annotations).length > 0) metadata.annotations = { ...metadata.annotations, ...annotations };
  return { ...manifest, metadata };
}

/** Equal intents as equal data: Flux's own list (fluxcd/pkg/ssa/normalize). */
function normalise(manifest: Manifest): Manifest {
  const next: Manifest = { ...manifest };
  if (manifest.kind !== "CustomResourceDefinition") delete next["status"];
  const { creationTimestamp: _c, ...metadata } = manifest.metadata;
  next.metadata = metadata;
  return manifest.apiVersion === "v1" && manifest.kind === "Secret" ? mergeStringData(next) : next;
}

function mergeStringData(secret: Manifest): Manifest {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return secret;
  const encoded: JsonObject = {};
  for (const [key, value] of Object.entries(stringData)) encoded[key] = toBase64(String(value as string));
  return {
    ...rest,
    metadata: secret.metadata,
    apiVersion: "v1",
    kind: "Secret",
    data: { ...dataOf(secret), ...encoded },
  };
}

function dataOf(secret: Manifest): JsonObject {
  return isObject(secret["data"]) ? secret["data"] : {};
}

function toBase64(text: string): string {
  return Buffer.from(encodeUtf8(text)).toString("base64");
}

/** Fields that a rule leaves out are not stated at all, so whoever owns them keeps them. */
function withoutIgnored(manifest: Manifest, delivery: Delivery): Manifest {
  const paths = delivery.ignored.filter((rule) => rule.matches(manifest)).flatMap((rule) => rule.paths);
  if (paths.length === 0) return manifest;
  return asManifest(paths.reduce<Json>((value, path) => removeAt(value, pointerParts(path)), asJson(manifest)));
}

function pointerParts(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function removeAt(value: Json, parts: readonly string[]): Json {
  const [head, ...rest] = parts;
  if (head === undefined) return value;
  if (Array.isArray(value)) {
    const index = Number(head);
    if (rest.length === 0) return value.filter((_, at) => at !== index);
    return value.map((item, at) => (at === index ? removeAt(item, rest) : item));
  }
  if (!isObject(value) || !Object.hasOwn(value, head)) return value;
  const { [head]: member, ...others } = value;
  return rest.length === 0 ? others : { ...others, [head]: removeAt(member as Json, rest) };
}
