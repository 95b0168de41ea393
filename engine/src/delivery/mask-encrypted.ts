// What a preview shows of encrypted Secrets: that they are there, and nothing of their content, as Flux's command does
// (flux2 internal/build, maskSopsData). A preview needs no key, and gives none away.

import { isObject, type JsonObject, type Manifest } from "#kernel";

const mask = "**SOPS**";
const encodedMask = Buffer.from(mask).toString("base64");

/** The manifest with each encrypted value of a Secret replaced by a mask, and the metadata of SOPS left out. */
export function maskEncrypted(manifest: Manifest): Manifest {
  if (manifest.kind !== "Secret") return manifest;
  const { sops, ...rest } = manifest;
  const isWhole = isObject(sops) && sops["mac"] !== undefined;
  const masked: Manifest = {
    ...(isWhole ? rest : manifest),
    metadata: manifest.metadata,
    apiVersion: "v1",
    kind: "Secret",
  };
  if (isObject(manifest["data"])) masked["data"] = maskValues(manifest["data"], encodedMask, isWhole);
  if (isObject(manifest["stringData"])) masked["stringData"] = maskValues(manifest["stringData"], mask, isWhole);
  return masked;
}

function maskValues(values: JsonObject, by: string, isWhole: boolean): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, isWhole || isEncryptedFile(value, by) ? by : value]),
  );
}

/** A value that a generator took from an encrypted file. */
function isEncryptedFile(value: unknown, by: string): boolean {
  if (typeof value !== "string") return false;
  const text = by === mask ? value : Buffer.from(value, "base64").toString("latin1");
  return text.includes("sops") && text.includes("ENC[");
}

/** For a dry run: a masked value stands for the live one, so that it counts as no change. */
export function withLiveForMasked(manifest: Manifest, live: Manifest | undefined): Manifest {
  const data = manifest["data"];
  const known = live?.["data"];
  if (manifest.kind !== "Secret" || !isObject(data) || !isObject(known)) return manifest;
  const values = Object.entries(data).map(([key, value]) => [
    key,
    value === encodedMask ? (known[key] ?? value) : value,
  ]);
  return { ...manifest, data: Object.fromEntries(values) as JsonObject };
}
