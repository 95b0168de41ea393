// Scripts of writes by several managers, recorded from a real kube-apiserver by tools/record-merge.mjs. Each step starts from the
// object as the real server had it, so that one difference does not hide the next.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyDefaults, type CustomKind, customKinds } from "#api/crd";
import { builtinSchemas, decodeBuiltin, schemaFor } from "#api/kubernetes";
import { applyMergePatch } from "#formats/patch";
import { deepFreeze, isObject, type Json, type JsonObject, type ManagedFieldsEntry } from "#kernel";
import { applyManifest, trackUpdate, withoutManagedFields, type WriteContext } from "./apply.ts";
import { type FieldSet, fieldSetOf } from "./field-set.ts";
import { entriesOf } from "./managers.ts";
import type { ObjectType } from "./shape.ts";
import { strategicMerge } from "./strategic.ts";

type Step = {
  op: "apply" | "create" | "update" | "merge" | "strategic";
  manager: string;
  isForced?: boolean;
  subresource?: string;
  body: JsonObject;
  code: number;
  answer: JsonObject;
};
type Script = { kind: string; name: string; seed: number; steps: Step[] };

const folder = process.env["KEELSON_MERGE_RECORD"] ?? new URL("./testdata/server", import.meta.url).pathname;
const definition = JSON.parse(readFileSync(`${folder}/definition.json`, "utf8")) as JsonObject;
const widget = customKinds(definition)[0] as CustomKind;

function builtin(group: string, version: string, kind: string): ObjectType {
  return { schemas: builtinSchemas, root: schemaFor(group, version, kind) as string };
}

const types: { [kind: string]: ObjectType } = {
  ConfigMap: builtin("", "v1", "ConfigMap"),
  Service: builtin("", "v1", "Service"),
  Deployment: builtin("apps", "v1", "Deployment"),
  Widget: { schemas: widget.schemas, root: widget.root },
};

/** What the server resets in each request, so that it is owned by nobody. */
function ignoredIn(kind: string, subresource: string): FieldSet {
  if (subresource === "status")
    return kind === "Widget" ? fieldSetOf(["spec"], ["metadata"]) : fieldSetOf(["spec"], ["metadata", "labels"]);
  return kind === "ConfigMap" ? fieldSetOf() : fieldSetOf(["status"]);
}

function readScripts(kind: string): Script[] {
  return readFileSync(`${folder}/${kind.toLowerCase()}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Script);
}

/** The time of the request: the newest that the server wrote, or one after all it had. */
function timeOf(before: JsonObject | undefined, step: Step): number {
  const known = new Set(entriesOf(before).map((entry) => JSON.stringify(entry)));
  const fresh = entriesOf(step.answer).filter((entry) => !known.has(JSON.stringify(entry)));
  const times = fresh.map((entry) => Date.parse(entry.time ?? "")).filter((time) => !Number.isNaN(time));
  if (times.length > 0) return Math.max(...times);
  // Written within the second of the write before: the entry looks as it did.
  const own = entriesOf(step.answer).filter((entry) => entry.manager === step.manager && entry.time !== undefined);
  const isWritten = versionOf(before) !== versionOf(step.answer);
  if (!isWritten || own.length === 0) return Date.UTC(2100, 0, 1);
  return Math.max(...own.map((entry) => Date.parse(entry.time as string)));
}

function versionOf(object: JsonObject | undefined): Json | undefined {
  const metadata = object?.["metadata"];
  return isObject(metadata) ? metadata["resourceVersion"] : undefined;
}

function contextOf(script: Script, before: JsonObject | undefined, step: Step): WriteContext {
  const subresource = step.subresource ?? "";
  return {
    manager: step.manager,
    subresource,
    type: types[script.kind],
    nowMs: timeOf(before, step),
    ignored: ignoredIn(script.kind, subresource),
  };
}

function withName(script: Script, body: JsonObject): JsonObject {
  const metadata = isObject(body["metadata"]) ? body["metadata"] : {};
  return { ...body, metadata: { ...metadata, name: script.name } };
}

function checkApply(script: Script, before: JsonObject | undefined, step: Step): void {
  const manifest = withName(script, step.body);
  const result = applyManifest({
    ...contextOf(script, before, step),
    live: before,
    manifest,
    isForced: step.isForced === true,
  });
  if (step.code === 409) {
    if (result.ok || result.reason !== "Conflict") throw new Error(`no conflict: ${JSON.stringify(step.answer)}`);
    const lines = (text: string): string[] => text.split("\n").sort();
    expect(lines(result.message)).toEqual(lines(step.answer["message"] as string));
    expect(result.causes.map((cause) => JSON.stringify(cause)).sort()).toEqual(
      (step.answer["causes"] as Json[])
        .map((cause) =>
          JSON.stringify({
            reason: (cause as JsonObject)["reason"],
            message: (cause as JsonObject)["message"],
            field: (cause as JsonObject)["field"],
          }),
        )
        .sort(),
    );
    return;
  }
  if (step.code >= 300) {
    expect(result).toMatchObject({ ok: false, message: step.answer["message"] });
    return;
  }
  if (!result.ok) throw new Error(result.message);
  expect(entriesOf(result.object)).toEqual(entriesOf(step.answer));
  expect(content(stored(result.object))).toEqual(content(step.answer));
}

/** What clients set: without what the server keeps and gives, and without empty metadata. */
function content(object: JsonObject): JsonObject {
  const { metadata: _, status: _2, ...kept } = withoutManagedFields(object);
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  for (const name of ["labels", "annotations", "finalizers"])
    if (!isBare(metadata[name])) kept[name] = metadata[name] as Json;
  if (object["kind"] === "Widget") return { ...kept, status: object["status"] ?? null };
  return isObject(kept["spec"]) ? { ...kept, spec: withoutGiven(kept["spec"]) } : kept;
}

/** What the server gives a Service, and what it clears when its type has no use for it. */
const given: ReadonlySet<string> = new Set(["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);

function withoutGiven(spec: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !given.has(name)));
}

/** As it is stored: decoded, with defaults. */
function stored(object: JsonObject): JsonObject {
  if (object["kind"] === "Widget") return applyDefaults(object, widget.schemas, widget.root);
  return decodeBuiltin(object, types[object["kind"] as string]?.root as string).object;
}

function isBare(value: Json | undefined): boolean {
  return value === undefined || value === null || Object.keys(value).length === 0;
}

function checkUpdate(script: Script, before: JsonObject | undefined, step: Step): void {
  const sent = isObject(step.body["metadata"]) ? step.body["metadata"]["managedFields"] : undefined;
  // A patch goes over the object with its entries; an update brings its own or none.
  const kept = step.op === "update" || before === undefined ? undefined : (entriesOf(before) as unknown as Json);
  const entries = Array.isArray(sent) ? sent : kept;
  const own = entries === undefined ? {} : { managedFields: entries };
  const answer = withoutAddresses(withoutManagedFields(step.answer), step);
  const next = { ...answer, metadata: { ...(answer["metadata"] as JsonObject), ...own } };
  const tracked = trackUpdate({ ...contextOf(script, before, step), live: before, next });
  expect(entriesOf(tracked)).toEqual(entriesOf(step.answer));
  checkPatch(script, before, step);
}

/** Addresses of a new Service are given after ownership was noted: nobody owns them. */
function withoutAddresses(object: JsonObject, step: Step): JsonObject {
  if (step.op !== "create" || object["kind"] !== "Service" || !isObject(object["spec"])) return object;
  const { clusterIP: _, clusterIPs: _2, ipFamilies: _3, ipFamilyPolicy: _4, ...spec } = object["spec"];
  return { ...object, spec };
}

function checkPatch(script: Script, before: JsonObject | undefined, step: Step): void {
  if (before === undefined || step.subresource !== undefined) return;
  if (step.op === "merge")
    expect(content(stored(applyMergePatch(before, step.body) as JsonObject))).toEqual(content(step.answer));
  if (step.op !== "strategic") return;
  const result = strategicMerge(before, step.body, types[script.kind]);
  expect(result.ok && content(stored(result.value))).toEqual(content(step.answer));
}

function replay(script: Script): void {
  let live: JsonObject | undefined;
  for (const [index, step] of script.steps.entries()) {
    // 422: validation, which comes after.
    if (step.code === 422) continue;
    try {
      if (step.op === "apply") checkApply(script, live && deepFreeze(live), deepFreeze(step));
      else checkUpdate(script, live && deepFreeze(live), deepFreeze(step));
    } catch (error) {
      throw new Error(`${script.name} step ${index} (${step.op} by ${step.manager}): ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (step.code < 300) live = step.answer;
  }
}

function isSameTimes(entries: readonly ManagedFieldsEntry[]): boolean {
  return entries.every((entry) => entry.fieldsType === "FieldsV1");
}

describe.each(["ConfigMap", "Widget", "Deployment", "Service", "written"])("recorded writes: %s", (kind) => {
  it.each(readScripts(kind))("own and conflict as on the real server: $name", (script) => {
    replay(script);
    for (const step of script.steps) if (step.code < 300) expect(isSameTimes(entriesOf(step.answer))).toBe(true);
  });
});
