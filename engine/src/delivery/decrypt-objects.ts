// Decrypts built objects: those that carry SOPS metadata as a whole, and values of Secrets that hold an encrypted file, as a
// generator puts them there (kustomize-controller 1.9, DecryptResource).

import { asJson, asManifest, formatRef, isObject, type Json, type JsonObject, type Manifest, refOf } from "#kernel";
import {
  Branch,
  decryptBranch,
  decryptFile,
  encryptedFormat,
  formatOf,
  Moment,
  Remark,
  type Unwrap,
  type Value,
} from "#secrets/sops";
import { failedAt } from "./decryption-fault.ts";

/** The manifest decrypted; the same one when nothing in it is encrypted. */
export async function decryptObject(manifest: Manifest, unwrap: Unwrap, mark: string): Promise<Manifest> {
  if (manifest.metadata.annotations?.[mark]?.toLowerCase() === "disabled") return manifest;
  try {
    if (isEncryptedObject(manifest)) {
      const tree = await decryptBranch(branchOf(asJson(manifest)), unwrap);
      return asManifest(jsonOf(tree.documents[0] ?? new Branch([])));
    }
    return manifest.kind === "Secret" ? await decryptValues(manifest, unwrap) : manifest;
  } catch (thrown) {
    throw failedAt(formatRef(refOf(manifest)), thrown);
  }
}

/** True for an object with SOPS metadata. */
export function isEncryptedObject(manifest: Manifest): boolean {
  const sops = manifest["sops"];
  return isObject(sops) && typeof sops["mac"] === "string" && sops["mac"] !== "";
}

async function decryptValues(secret: Manifest, unwrap: Unwrap): Promise<Manifest> {
  const data = secret["data"];
  if (!isObject(data)) return secret;
  const plain: JsonObject = { ...data };
  let isChanged = false;
  for (const [key, value] of Object.entries(data)) {
    if (typeof value !== "string") continue;
    const content = Buffer.from(value, "base64");
    const from = encryptedFormat(content);
    if (from === undefined) continue;
    const { content: decrypted } = await decryptFile(content, { from, to: formatOf(key) }, unwrap);
    plain[key] = Buffer.from(decrypted).toString("base64");
    isChanged = true;
  }
  return isChanged ? { ...secret, data: plain } : secret;
}

function branchOf(object: JsonObject): Branch {
  return new Branch(Object.entries(object).map(([key, value]) => ({ key, value: valueOf(value) })));
}

function valueOf(value: Json): Value {
  if (Array.isArray(value)) return value.map(valueOf);
  if (isObject(value)) return branchOf(value);
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
}

function jsonOf(value: Value): Json {
  if (value instanceof Branch) {
    const object: JsonObject = {};
    for (const item of value.items) if (typeof item.key === "string") object[item.key] = jsonOf(item.value);
    return object;
  }
  if (value instanceof Moment || value instanceof Remark) return value.text;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (Array.isArray(value)) return (value as readonly Value[]).filter((item) => !(item instanceof Remark)).map(jsonOf);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return value as Json;
}
