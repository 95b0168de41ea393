// Charts in an OCI image layout on disk, what `oras copy --to-oci-layout` or `skopeo copy … oci:` leave: index.json names
// manifests, everything else lies under its digest. https://github.com/opencontainers/image-spec/blob/main/image-layout.md

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault, isObject, type JsonObject } from "#kernel";
import { isInRange } from "#render/helm";
import { chartLayerType } from "#sources/oci";
import type { CliCode } from "./faults.ts";

/** True for a folder that is an image layout. */
export function isOciLayout(folder: string): boolean {
  return existsSync(join(folder, "oci-layout")) && existsSync(join(folder, "index.json"));
}

/** The packed chart in a layout: the only one, or the one whose tag is the version or lies in the range. */
export function chartOfLayout(folder: string, version: string): { tag: string; bytes: Uint8Array } {
  const index = readJson(join(folder, "index.json"));
  const manifests = listOf(index["manifests"]);
  const chosen = manifests.filter((each) => version === "" || fits(tagOf(each), version));
  const [manifest, second] = chosen;
  if (manifest === undefined || second !== undefined)
    throw fault(
      folder,
      `${manifest === undefined ? "no chart" : "more than one chart"} in the layout${version === "" ? "" : ` has a version matching ${version}`}`,
      `its tags are ${manifests.map(tagOf).join(", ")}; name one with --version`,
    );
  const layers = listOf(readBlobJson(folder, manifest)["layers"]);
  const layer = layers.find((each) => each["mediaType"] === chartLayerType);
  if (layer === undefined) throw fault(folder, "this is no Helm chart: it has no layer of a chart's media type");
  return { tag: tagOf(manifest), bytes: readBlob(folder, layer) };
}

function fits(tag: string, version: string): boolean {
  const wanted = tag.replaceAll("_", "+");
  if (wanted === version) return true;
  try {
    return isInRange(version, wanted);
  } catch {
    return false;
  }
}

function tagOf(manifest: JsonObject): string {
  const annotations = manifest["annotations"];
  const tag = isObject(annotations) ? annotations["org.opencontainers.image.ref.name"] : undefined;
  return typeof tag === "string" ? tag : "";
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter((each): each is JsonObject => isObject(each)) : [];
}

function readJson(path: string): JsonObject {
  const data: unknown = JSON.parse(readFileSync(path, "utf8"));
  return isObject(data as JsonObject) ? (data as JsonObject) : {};
}

function readBlobJson(folder: string, descriptor: JsonObject): JsonObject {
  return JSON.parse(Buffer.from(readBlob(folder, descriptor)).toString("utf8")) as JsonObject;
}

function readBlob(folder: string, descriptor: JsonObject): Uint8Array {
  const digest = typeof descriptor["digest"] === "string" ? descriptor["digest"] : "";
  const [, algorithm, hex] = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest) ?? [];
  if (algorithm === undefined || hex === undefined) throw fault(folder, `${JSON.stringify(digest)} is no digest`);
  const path = join(folder, "blobs", algorithm, hex);
  if (!existsSync(path)) throw fault(folder, `the layout lacks ${digest}`);
  const bytes = readFileSync(path);
  const found = createHash(algorithm).update(bytes).digest("hex");
  if (found !== hex)
    throw fault(path, `the file has the digest ${algorithm}:${found}`, "it was changed: copy it again");
  return new Uint8Array(bytes);
}

function fault(at: string, message: string, hint?: string): Fault<CliCode> {
  return new Fault({ code: "refused", disposition: "stall", at, message, ...(hint === undefined ? {} : { hint }) });
}
