// Manifests and indexes of OCI images and artifacts, and of docker's older forms, read out of a registry's answer.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md

import { isObject, type Json, type JsonObject } from "#kernel";
import { ociFault } from "./faults.ts";
import { indexEntriesMost } from "./limits.ts";

export type Descriptor = {
  mediaType: string;
  digest: string;
  size: number;
  artifactType: string;
  annotations: { [key: string]: string };
  platform?: { os: string; architecture: string; variant: string };
};

export type Manifest = {
  mediaType: string;
  artifactType: string;
  config: Descriptor | undefined;
  layers: readonly Descriptor[];
  annotations: { [key: string]: string };
};

export type Index = { manifests: readonly Descriptor[]; annotations: { [key: string]: string } };

export const manifestTypes: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** Either of the two, told apart by what is in it. */
export function parseManifest(bytes: Uint8Array, at: string): { manifest: Manifest } | { index: Index } {
  let data: Json;
  try {
    data = JSON.parse(Buffer.from(bytes).toString("utf8")) as Json;
  } catch {
    throw invalid(at, "is no JSON");
  }
  if (!isObject(data)) throw invalid(at, "is no JSON object");
  const annotations = textsOf(data["annotations"]);
  if (Array.isArray(data["manifests"])) {
    if (data["manifests"].length > indexEntriesMost) throw invalid(at, `lists more than ${indexEntriesMost} manifests`);
    return { index: { manifests: data["manifests"].map((each) => descriptorOf(each, at)), annotations } };
  }
  const { layers, config, mediaType, artifactType } = data;
  if (!Array.isArray(layers)) throw invalid(at, "has neither layers nor manifests");
  return {
    manifest: {
      mediaType: textOf(mediaType),
      artifactType: textOf(artifactType),
      config: isObject(config) ? descriptorOf(config, at) : undefined,
      layers: layers.map((each) => descriptorOf(each, at)),
      annotations,
    },
  };
}

function descriptorOf(data: Json | undefined, at: string): Descriptor {
  const members: JsonObject = isObject(data) ? data : {};
  const { digest, size, platform } = members;
  if (typeof digest !== "string" || !/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest))
    throw invalid(at, "refers to content without a sha256 or sha512 digest");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw invalid(at, "gives no size of a part");
  return {
    mediaType: textOf(members["mediaType"]),
    digest,
    size,
    artifactType: textOf(members["artifactType"]),
    annotations: textsOf(members["annotations"]),
    ...(isObject(platform)
      ? {
          platform: {
            os: textOf(platform["os"]),
            architecture: textOf(platform["architecture"]),
            variant: textOf(platform["variant"]),
          },
        }
      : {}),
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: Json | undefined): { [key: string]: string } {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((each): each is [string, string] => typeof each[1] === "string"),
  );
}

function invalid(at: string, what: string): Error {
  return ociFault({ code: "oci-manifest-invalid", disposition: "retry", at, message: `the manifest ${what}` });
}

/** The manifest for linux/amd64, which is what Flux pulls of an index; one that names no platform is for that. */
export function manifestForPlatform(index: Index): Descriptor | undefined {
  const images = index.manifests.filter((each) => manifestTypes.includes(each.mediaType));
  return images.find(
    ({ platform }) => platform === undefined || (platform.os === "linux" && platform.architecture === "amd64"),
  );
}
