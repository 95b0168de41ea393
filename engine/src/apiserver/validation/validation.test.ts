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

function key(cause: StatusCause): string {
  return `${cause.field} ${cause.reason} ${cause.message}`;
}

describe("validation of built-in objects", () => {
  it.each(recorded.map((one, index) => ({ ...one, title: `${index} ${one.message ?? "accepted"}`.slice(0, 120) })))(
    "refuses as the real server: $title",
    ({ object, causes }) => {
      const { group, version } = splitApiVersion(object["apiVersion"] as string);
      const kind = object["kind"] as string;
      const decoded = decodeBuiltin(deepFreeze(object), schemaFor(group, version, kind) as string).object;
      const found = causesOf(validateBuiltin({ group, kind }, deepFreeze(decoded)));
      expect(found.map(key).sort()).toEqual((causes ?? []).map(key).sort());
    },
  );

  it("lets a StatefulSet mount the claims it makes, and a RoleBinding name accounts of its own namespace", () => {
    const container = { name: "a", image: "i", volumeMounts: [{ name: "data", mountPath: "/data" }] };
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [container] } };
    const spec = {
      selector: { matchLabels: { a: "b" } },
      template,
      volumeClaimTemplates: [{ metadata: { name: "data" } }],
    };
    expect(validateBuiltin({ group: "apps", kind: "StatefulSet" }, { spec })).toEqual([]);
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
