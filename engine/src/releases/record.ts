// A release as it is stored: JSON, gzip, base64 (pkg/storage/driver/util.go of Helm 4.3). What was stored without gzip, by
// old versions, is read too. Members that are not known here stay as they were.

import { constants, gunzipSync, gzipSync } from "node:zlib";
import { decodeJson, encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import type { Release, ReleaseHook, ReleaseStatus } from "./contract.ts";
import { recordBytesMax } from "./limits.ts";

/** Labels that Helm sets itself; a user may not. */
export const systemLabels: readonly string[] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/** The text in the `release` member of a record's Secret (there base64 once more) or ConfigMap. */
export function encodeRelease(release: Release): string {
  const { labels: _, ...stored } = release;
  return gzipSync(encodeJson(stored), { level: constants.Z_BEST_COMPRESSION }).toString("base64");
}

/** Reads such a text; undefined when it is none. */
export function decodeRelease(text: string, labels: { [key: string]: string }): Release | undefined {
  const bytes = Buffer.from(text, "base64");
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
    const json = isPacked ? gunzipSync(bytes, { maxOutputLength: recordBytesMax }) : bytes;
    const data = decodeJson(json.toString("utf8"));
    return isObject(data) ? releaseOf(data, labels) : undefined;
  } catch {
    return undefined;
  }
}

function releaseOf(data: JsonObject, labels: { [key: string]: string }): Release {
  const info = isObject(data["info"]) ? data["info"] : {};
  const chart = isObject(data["chart"]) ? data["chart"] : {};
  return {
    ...data,
    name: text(data["name"]),
    namespace: text(data["namespace"]),
    version: Number(data["version"] ?? 0),
    info: { ...withoutEmptyTimes(info), status: (text(info["status"]) || "unknown") as ReleaseStatus },
    chart: {
      lock: null,
      templates: null,
      values: null,
      schema: null,
      files: null,
      ...chart,
      metadata: isObject(chart["metadata"]) ? chart["metadata"] : {},
    },
    manifest: text(data["manifest"]),
    ...(Array.isArray(data["hooks"]) ? { hooks: data["hooks"].filter(isObject).map(hookOf) } : {}),
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => !systemLabels.includes(key))),
  } as Release;
}

function hookOf(data: JsonObject): ReleaseHook {
  const run = isObject(data["last_run"]) ? data["last_run"] : {};
  return {
    ...data,
    name: text(data["name"]),
    kind: text(data["kind"]),
    path: text(data["path"]),
    manifest: text(data["manifest"]),
    events: Array.isArray(data["events"]) ? data["events"] : [],
    last_run: { ...withoutEmptyTimes(run), phase: text(run["phase"]) },
  } as ReleaseHook;
}

/** Older versions wrote "" where there was no time. */
function withoutEmptyTimes(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).filter(([key, value]) => value !== "" || !/_(at|deployed)$|^deleted$/.test(key)),
  );
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The name of a revision's record. */
export function recordName(name: string, revision: number): string {
  return `sh.helm.release.v1.${name}.v${revision}`;
}
