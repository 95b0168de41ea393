import { describe, expect, it } from "vitest";
import { builtinSchemas, schemaFor } from "#api/kubernetes";
import type { Json, JsonObject, ManagedFieldsEntry } from "#kernel";
import { applyManifest, setEntries, trackUpdate } from "./apply.ts";
import { entriesOf } from "./managers.ts";
import { parentManagers, scaleManagers } from "./scale.ts";

const deploymentType = { schemas: builtinSchemas, root: schemaFor("apps", "v1", "Deployment") as string };
const scaleType = { schemas: builtinSchemas, root: schemaFor("autoscaling", "v1", "Scale") as string };
const manifest: JsonObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "x" },
  spec: { replicas: 1, paused: true },
};

function scaleOf(entries: readonly ManagedFieldsEntry[], replicas: number): JsonObject {
  const scale: JsonObject = {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "x" },
    spec: { replicas },
    status: { replicas: 0 },
  };
  return setEntries(scale, entries);
}

/** Writes the replicas through the Scale as `manager`; gives the object's new entries. */
function rescale(
  entries: readonly ManagedFieldsEntry[],
  manager: string,
  change: { from: number; to: number },
): ManagedFieldsEntry[] {
  const request = { entries, apiVersion: "apps/v1", replicasPath: ["spec", "replicas"] };
  const live = scaleOf(scaleManagers(request), change.from);
  const next = scaleOf(scaleManagers(request), change.to);
  const tracked = trackUpdate({ live, next, manager, subresource: "scale", type: scaleType, nowMs: 5000 });
  return parentManagers(request, entriesOf(tracked));
}

function summary(entries: readonly ManagedFieldsEntry[]): Json {
  return entries.map(({ manager, operation, apiVersion, subresource = "", time = "", fieldsV1 }) => [
    manager,
    operation,
    apiVersion,
    subresource,
    time,
    fieldsV1,
  ]) as unknown as Json;
}

describe("scale", () => {
  const applied = applyManifest({
    live: undefined,
    manifest,
    manager: "ap",
    isForced: false,
    type: deploymentType,
    nowMs: 0,
  });
  const entries = applied.ok ? entriesOf(applied.object) : [];

  it("shows the owners of the replicas as owners of the scale", () => {
    expect(summary(scaleManagers({ entries, apiVersion: "apps/v1", replicasPath: ["spec", "replicas"] }))).toEqual([
      ["ap", "Apply", "autoscaling/v1", "", "1970-01-01T00:00:00Z", { "f:spec": { "f:replicas": {} } }],
    ]);
  });

  it("takes the replicas from whoever applied them, without a time, as the real server does", () => {
    expect(summary(rescale(entries, "sc", { from: 1, to: 3 }))).toEqual([
      ["ap", "Apply", "apps/v1", "", "1970-01-01T00:00:00Z", { "f:spec": { "f:paused": {} } }],
      ["sc", "Update", "apps/v1", "scale", "", { "f:spec": { "f:replicas": {} } }],
    ]);
  });

  it("leaves all as it was when nothing changes", () => {
    expect(summary(rescale(entries, "sc", { from: 1, to: 1 }))).toEqual(summary(entries));
    const scaled = rescale(entries, "sc", { from: 1, to: 3 });
    expect(summary(rescale(scaled, "other", { from: 3, to: 3 }))).toEqual(summary(scaled));
  });

  it("sets the replicas of whoever updated them apart when nothing changes, without a time, as the real server does", () => {
    const next = { ...manifest, metadata: { name: "x" } };
    const created = trackUpdate({ live: undefined, next, manager: "up", type: deploymentType, nowMs: 1000 });
    expect(summary(rescale(entriesOf(created), "sc", { from: 1, to: 1 }))).toEqual([
      ["up", "Update", "apps/v1", "", "", { "f:spec": { "f:replicas": {} } }],
      ["up", "Update", "apps/v1", "", "1970-01-01T00:00:01Z", { "f:spec": { "f:paused": {} } }],
    ]);
  });
});
