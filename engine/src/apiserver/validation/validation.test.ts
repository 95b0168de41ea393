import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeBuiltin, schemaFor } from "#api/kubernetes";
import { deepFreeze, type JsonObject, splitApiVersion } from "#kernel";
import { causesOf, type StatusCause } from "#api/crd";
import { validateBuiltin } from "./builtin.ts";

type Recorded = { object: JsonObject; code: number; message?: string; causes?: StatusCause[] };

const text = readFileSync(new URL("./testdata/refusals/recorded.jsonl", import.meta.url), "utf8");
/** The first line names the server that answered (tools/record-refusals.mjs). */
const recorded = text
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => JSON.parse(line) as Recorded);

/** The object as the server decodes it, and its group and kind. */
function decode(object: JsonObject): { decoded: JsonObject; ref: { group: string; kind: string } } {
  const { group, version } = splitApiVersion(object["apiVersion"] as string);
  const kind = object["kind"] as string;
  const decoded = decodeBuiltin(deepFreeze(object), schemaFor(group, version, kind) as string).object;
  return { decoded: deepFreeze(decoded), ref: { group, kind } };
}

/** A Job with what the server adds before it looks: it chooses the pods that it makes. */
function withChoice(job: JsonObject): JsonObject {
  const spec = job["spec"] as JsonObject;
  const template = spec["template"] as JsonObject;
  const name = (job["metadata"] as JsonObject)["name"] as string;
  const ids = { "batch.kubernetes.io/controller-uid": "u", "controller-uid": "u" };
  const labels = { ...ids, "batch.kubernetes.io/job-name": name, "job-name": name };
  const selector = { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } };
  return {
    ...job,
    metadata: { name, uid: "u" },
    spec: { ...spec, selector, template: { ...template, metadata: { labels } } },
  };
}

function key(cause: StatusCause): string {
  return `${cause.field} ${cause.reason} ${cause.message}`;
}

describe("validation of built-in objects", () => {
  it.each(recorded.map((one, index) => ({ ...one, title: `${index} ${one.message ?? "accepted"}`.slice(0, 120) })))(
    "refuses as the real server: $title",
    ({ object, causes }) => {
      const { decoded, ref } = decode(object["kind"] === "Job" ? withChoice(object) : object);
      const found = causesOf(validateBuiltin(ref, decoded));
      expect(found.map(key).sort()).toEqual((causes ?? []).map(key).sort());
    },
  );

  it("lets a StatefulSet mount the claims it makes, and a RoleBinding name accounts of its own namespace", () => {
    const container = { name: "a", image: "i", volumeMounts: [{ name: "data", mountPath: "/data" }] };
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [container] } };
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const spec = {
      selector: { matchLabels: { a: "b" } },
      template,
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim }],
    };
    const { decoded, ref } = decode({ apiVersion: "apps/v1", kind: "StatefulSet", spec });
    expect(validateBuiltin(ref, decoded)).toEqual([]);
    const rbac = "rbac.authorization.k8s.io";
    const binding = {
      roleRef: { apiGroup: rbac, kind: "Role", name: "r" },
      subjects: [{ kind: "ServiceAccount", name: "s" }],
    };
    const group = "rbac.authorization.k8s.io";
    expect(validateBuiltin({ group, kind: "RoleBinding" }, binding)).toEqual([]);
    const wide = { ...binding, roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "r" } };
    expect(validateBuiltin({ group, kind: "ClusterRoleBinding" }, wide)).toHaveLength(1);
  });
});
