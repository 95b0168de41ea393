import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { auditLine, type Finished } from "./event.ts";
import { fileBytesMax, flushAfterMs } from "./limits.ts";
import { AuditLog } from "./log.ts";

const folder = mkdtempSync(join(tmpdir(), "keelson-audit-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const done: Finished = {
  id: "1",
  verb: "patch",
  uri: "/api/v1/namespaces/default/configmaps/a",
  sender: { user: "ada", groups: ["devs"] },
  identity: { user: "bot", groups: [] },
  sourceAddress: "127.0.0.1",
  userAgent: "kubectl/v1.36.3",
  fieldManager: "kubectl-edit",
  object: {
    group: "",
    version: "v1",
    resource: "configmaps",
    subresource: "",
    namespace: "default",
    name: "a",
    uid: "u",
    resourceVersion: "7",
  },
  made: [{ uid: "u", resourceVersion: "7" }],
  code: 200,
  reason: "",
  receivedMs: 0,
  endedMs: 5,
  annotations: {},
};

describe("the audit log", () => {
  it("says who did what, as whom, by which tool", () => {
    expect(JSON.parse(auditLine(done))).toMatchObject({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      verb: "patch",
      user: { username: "ada" },
      impersonatedUser: { username: "bot" },
      userAgent: "kubectl/v1.36.3",
      objectRef: { resource: "configmaps", name: "a", uid: "u", resourceVersion: "7" },
      responseStatus: { code: 200 },
      annotations: { "keelson.dev/field-manager": "kubectl-edit" },
    });
  });

  it("writes any text as JSON, bounded, and leaves out what says nothing", () => {
    const odd = 'a"\\\u0001é\u2028';
    const annotations = { "policy/key": "x".repeat(2000), odd };
    const sender = { user: odd, groups: [], extra: { [odd]: [odd] } };
    const bare = { ...done, sender, identity: sender, fieldManager: "", sourceAddress: "", userAgent: "", annotations };
    const line = auditLine({ ...bare, uri: `/${odd}${"y".repeat(2000)}`, code: 409, reason: "Conflict" });
    expect(line.endsWith("}\n")).toBe(true);
    const event = JSON.parse(line) as Record<string, unknown>;
    expect(event).toMatchObject({ user: { username: odd, extra: { [odd]: [odd] } }, annotations });
    expect(event["responseStatus"]).toEqual({ metadata: {}, status: "Failure", reason: "Conflict", code: 409 });
    expect(event["requestURI"]).toHaveLength(1024);
    expect(Object.keys(event).filter((name) => ["impersonatedUser", "sourceIPs", "userAgent"].includes(name))).toEqual(
      [],
    );
    expect(JSON.parse(auditLine({ ...bare, annotations: {} }))).not.toHaveProperty("annotations");
  });

  it("names the author of a version, and nobody for one it did not see", () => {
    const log = new AuditLog(undefined, new ManualClock(), () => undefined);
    log.record(done);
    expect(log.author("u", "7")).toMatchObject({ user: "ada", actingAs: "bot", fieldManager: "kubectl-edit" });
    expect(log.author("u", "8")).toBeUndefined();
    log.record({ ...done, sender: { user: "eve", groups: [] }, made: [] });
    expect(log.author("u", "7")).toMatchObject({ user: "ada" });
  });

  it("keeps its files bounded and leaves heartbeats out", async () => {
    const clock = new ManualClock();
    const path = join(mkdtempSync(join(tmpdir(), "keelson-audit-")), "audit.log");
    const log = new AuditLog(path, clock, () => undefined);
    const long = { ...done, object: { ...done.object, name: "n".repeat(1000) } };
    const lines = Math.ceil(fileBytesMax / auditLine(long).length) + 1;
    for (let round = 0; round < 2; round++) {
      for (let line = 0; line < lines; line++) log.record(long);
      clock.advance(flushAfterMs);
    }
    log.record({ ...done, object: { ...done.object, group: "coordination.k8s.io", resource: "leases" } });
    await log.close();
    expect(existsSync(`${path}.1`)).toBe(true);
    expect(readFileSync(path, "utf8")).not.toContain("leases");
    rmSync(join(path, ".."), { recursive: true, force: true });
  });
});
