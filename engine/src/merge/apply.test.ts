import { describe, expect, it } from "vitest";
import { builtinSchemas, schemaFor } from "#api/kubernetes";
import { deepFreeze, isObject, type Json, type JsonObject } from "#kernel";
import { applyManifest, type ApplyResult, trackUpdate } from "./apply.ts";
import { entriesOf } from "./managers.ts";
import type { ObjectType } from "./shape.ts";

const types: { [kind: string]: ObjectType } = Object.fromEntries(
  [
    ["", "v1", "ConfigMap"],
    ["apps", "v1", "Deployment"],
    ["", "v1", "Service"],
    ["", "v1", "Namespace"],
  ].map(([group, version, kind]) => [
    kind,
    { schemas: builtinSchemas, root: schemaFor(group as string, version as string, kind as string) as string },
  ]),
);

/** One object and a clock: a script of operations as several managers send them. */
class State {
  live: JsonObject | undefined;
  #nowMs = Date.UTC(2026, 0, 1);

  constructor(live?: JsonObject) {
    this.live = live;
  }

  apply(manager: string, manifest: JsonObject, isForced = false): ApplyResult {
    this.#nowMs += 60_000;
    const type = types[manifest["kind"] as string];
    const request = {
      live: this.live && deepFreeze(this.live),
      manifest: deepFreeze(manifest),
      manager,
      isForced,
      type,
      nowMs: this.#nowMs,
    };
    const result = applyManifest(request);
    if (result.ok) this.live = result.object;
    return result;
  }

  update(manager: string, next: JsonObject, subresource = ""): void {
    this.#nowMs += 60_000;
    const type = types[next["kind"] as string];
    this.live = trackUpdate({
      live: this.live && deepFreeze(this.live),
      next: deepFreeze(next),
      manager,
      type,
      nowMs: this.#nowMs,
      subresource,
    });
  }

  owners(): Json {
    return entriesOf(this.live).map(({ manager, operation, fieldsV1 }) => [
      manager,
      operation,
      fieldsV1,
    ]) as unknown as Json;
  }
}

function configMap(data: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "y", ...metadata }, data };
}

function dataOf(state: State): Json | undefined {
  return state.live?.["data"];
}

describe("server-side apply", () => {
  it("creates, owns what it states, and writes nothing the second time", () => {
    const state = new State();
    expect(state.apply("one", configMap({ a: "1" })).ok).toBe(true);
    expect(state.owners()).toEqual([["one", "Apply", { "f:data": { "f:a": {} } }]]);
    const before = state.live;
    expect(state.apply("one", configMap({ a: "1" }))).toEqual({ ok: true, object: before, isChanged: false });
    expect(state.live).toBe(before);
  });

  it("removes what its manager no longer states, and keeps what others own", () => {
    const state = new State();
    state.apply("one", configMap({ a: "1", b: "2" }));
    state.apply("two", configMap({ b: "2", c: "3" }));
    state.apply("one", configMap({ a: "1" }));
    expect(dataOf(state)).toEqual({ a: "1", b: "2", c: "3" });
    state.apply("two", configMap({ c: "3" }));
    expect(dataOf(state)).toEqual({ a: "1", c: "3" });
  });

  it("refuses to change what another owns, and takes it by force", () => {
    const state = new State();
    state.apply("one", configMap({ a: "1", b: "2" }));
    state.update("kubectl-edit", { ...(state.live as JsonObject), data: { a: "9", b: "8" } });
    const refused = state.apply("one", configMap({ a: "1", b: "2" }));
    expect(refused).toMatchObject({
      ok: false,
      reason: "Conflict",
      message: 'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1:\n- .data.a\n- .data.b',
      causes: [
        { reason: "FieldManagerConflict", message: 'conflict with "kubectl-edit" using v1', field: ".data.a" },
        { field: ".data.b" },
      ],
    });
    expect(state.apply("two", configMap({ a: "1" }))).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
    });
    expect(state.apply("one", configMap({ a: "1", b: "2" }), true).ok).toBe(true);
    expect(state.owners()).toEqual([["one", "Apply", { "f:data": { "f:a": {}, "f:b": {} } }]]);
  });

  it("takes what nobody tracked as set before the first apply", () => {
    const state = new State(configMap({ a: "1", z: "0" }, { uid: "u" }));
    expect(state.apply("one", configMap({ a: "2" }))).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    });
    state.apply("one", configMap({ a: "2" }), true);
    expect(state.owners()).toEqual([
      ["one", "Apply", { "f:data": { "f:a": {} } }],
      ["before-first-apply", "Update", { "f:data": { ".": {}, "f:z": {} } }],
    ]);
  });

  it("takes over from client-side apply without conflict, as kubectl, and keeps the annotation in step", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    const recorded = configMap({ a: "1" }, { annotations: {} });
    const state = new State();
    state.update(
      "kubectl-client-side-apply",
      configMap({ a: "1" }, { annotations: { [annotation]: `${JSON.stringify(recorded)}\n` } }),
    );
    expect(state.apply("kubectl", configMap({ a: "2" })).ok).toBe(true);
    const metadata = state.live?.["metadata"];
    const annotations = isObject(metadata) && isObject(metadata["annotations"]) ? metadata["annotations"] : {};
    expect(annotations[annotation]).toBe(
      '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"x","namespace":"y"}}\n',
    );
  });

  it("merges list items by key, with the default of a key that is left out", () => {
    const service = (ports: Json[]): JsonObject => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x" },
      spec: { ports },
    });
    const state = new State();
    state.apply(
      "one",
      service([
        { port: 80, name: "web", protocol: "TCP" },
        { port: 443, name: "tls" },
      ]),
    );
    state.apply("two", service([{ port: 80, targetPort: "http" }]));
    expect(state.live?.["spec"]).toEqual({
      ports: [
        { port: 80, name: "web", protocol: "TCP", targetPort: "http" },
        { port: 443, name: "tls" },
      ],
    });
    expect(state.owners()).toContainEqual([
      "two",
      "Apply",
      { "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {}, "f:targetPort": {} } } } },
    ]);
    state.apply("one", service([{ port: 443, name: "tls" }]));
    expect(state.live?.["spec"]).toEqual({
      ports: [
        { port: 80, targetPort: "http" },
        { port: 443, name: "tls" },
      ],
    });
  });

  it("says what does not fit the schema, as the API server does", () => {
    const state = new State();
    const bad = { ...configMap({ a: "1" }), nope: 1, also: 2 };
    expect(state.apply("one", bad)).toMatchObject({
      reason: "Invalid",
      message: "failed to create typed patch object (y/x; /v1, Kind=ConfigMap): .nope: field not declared in schema",
    });
    expect(state.apply("one", configMap({ a: 1 }))).toMatchObject({
      message:
        "failed to create typed patch object (y/x; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}",
    });
    expect(state.apply("one", configMap({}, { managedFields: [] }))).toMatchObject({ reason: "BadRequest" });
  });
});

describe("several versions", () => {
  /** v1 calls `size` what v2 calls `length`; v3 is not served any more. */
  const convert = (object: JsonObject, apiVersion: string): { object: JsonObject; type: ObjectType } | undefined => {
    if (apiVersion === "x.dev/v3") return undefined;
    const spec = object["spec"] as JsonObject;
    const names = apiVersion === "x.dev/v1" ? { length: "size" } : { size: "length" };
    const renamed = Object.entries(spec).map(([name, value]) => [
      (names as { [name: string]: string })[name] ?? name,
      value,
    ]);
    return { object: { ...object, apiVersion, spec: Object.fromEntries(renamed) as JsonObject }, type: undefined };
  };
  const thing = (version: string, spec: JsonObject, managedFields: Json[] = []): JsonObject => ({
    apiVersion: `x.dev/${version}`,
    kind: "Thing",
    metadata: { name: "t", uid: "u", ...(managedFields.length === 0 ? {} : { managedFields }) },
    spec,
  });
  const owner = (manager: string, version: string, fields: JsonObject): Json => ({
    manager,
    operation: "Apply",
    apiVersion: `x.dev/${version}`,
    time: "2026-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": fields },
  });
  const apply = (live: JsonObject, manifest: JsonObject, manager: string, isForced: boolean): ApplyResult =>
    applyManifest({ live: deepFreeze(live), manifest, manager, isForced, type: undefined, nowMs: 0, convert });
  const bare = (object: JsonObject): JsonObject => ({ ...object, metadata: { name: "t" } });

  it("names a conflict as its owner knows the field, and takes it from there", () => {
    const live = thing("v2", { length: 1, a: "x" }, [owner("one", "v1", { "f:a": {}, "f:size": {} })]);
    const manifest = bare(thing("v2", { length: 2 }));
    expect(apply(live, manifest, "two", false)).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.size',
    });
    const forced = apply(live, manifest, "two", true);
    expect(forced.ok && entriesOf(forced.object).map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
      ["two", { "f:spec": { ".": {}, "f:length": {} } }],
      ["one", { "f:spec": { "f:a": {} } }],
    ]);
  });

  it("removes in the new version what was applied in the old, and forgets versions no longer served", () => {
    const entries = [owner("one", "v1", { "f:a": {}, "f:size": {} }), owner("gone", "v3", { "f:a": {} })];
    const result = apply(
      thing("v2", { length: 1, a: "x", b: "y" }, entries),
      bare(thing("v2", { a: "x" })),
      "one",
      false,
    );
    expect(result.ok && result.object["spec"]).toEqual({ a: "x", b: "y" });
    expect(result.ok && entriesOf(result.object).map(({ manager, apiVersion }) => [manager, apiVersion])).toEqual([
      ["one", "x.dev/v2"],
    ]);
  });
});

describe("tracking of updates", () => {
  it("gives the creator all it set, and an editor what it changed", () => {
    const state = new State();
    state.update("maker", configMap({ a: "1", b: "2" }, { labels: { l: "1" } }));
    state.update("editor", { ...(state.live as JsonObject), data: { a: "1", b: "3" } });
    expect(state.owners()).toEqual([
      ["maker", "Update", { "f:data": { ".": {}, "f:a": {} }, "f:metadata": { "f:labels": { ".": {}, "f:l": {} } } }],
      ["editor", "Update", { "f:data": { "f:b": {} } }],
    ]);
  });

  it("keeps the status of a subresource apart", () => {
    const state = new State();
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" }, status: {} };
    state.update("maker", { ...namespace, spec: { finalizers: ["kubernetes"] } });
    state.update("maker", { ...(state.live as JsonObject), status: { phase: "Active" } }, "status");
    expect(entriesOf(state.live).map(({ subresource, fieldsV1 }) => [subresource, fieldsV1])).toEqual([
      [undefined, { "f:spec": { "f:finalizers": {} } }],
      ["status", { "f:status": { "f:phase": {} } }],
    ]);
  });

  it("drops an entry that owns nothing any more, and forgets all on request", () => {
    const state = new State();
    state.update("maker", configMap({ a: "1" }));
    state.update("editor", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x", managedFields: entriesOf(state.live) as unknown as Json },
    });
    expect(state.owners()).toEqual([]);
    state.update("editor", configMap({ b: "1" }, { managedFields: [{}] }));
    expect(state.owners()).toEqual([]);
  });

  it("merges the oldest of more than ten updaters", () => {
    const state = new State();
    for (let i = 0; i < 13; i++)
      state.update(`m${i}`, configMap(Object.fromEntries([...Array(i + 1).keys()].map((k) => [`k${k}`, "v"]))));
    const names = entriesOf(state.live).map((entry) => entry.manager);
    expect(names).toEqual(["ancient-changes", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12"]);
    expect((state.owners() as Json[])[0]).toEqual([
      "ancient-changes",
      "Update",
      { "f:data": { ".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {} } },
    ]);
  });
});
