// Which answers to lookups count as inputs of a release, and what makes them other ones.

import { describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import type { ReleaseRendering } from "./chart-renderer.ts";
import { isOtherMark, lookedUpMark } from "./lookups.ts";

const owner = { name: "web", namespace: "shop" };
const own = {
  labels: { "app.kubernetes.io/managed-by": "Helm" },
  annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop" },
};

type Answered = { namespace?: string; name?: string; answer?: JsonObject };

function mark(...lookups: Answered[]): string {
  const text = "---\n# Source: web/all.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings}\n";
  const rendering = { text, hooks: [{ kind: "ConfigMap", name: "web-hook" }] } as unknown as ReleaseRendering;
  const asked = lookups.map(({ namespace = "shop", name = "", answer: found }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace,
    name,
    found,
  }));
  return lookedUpMark(rendering, { lookups: asked, owner });
}

const map = (name: string, data: JsonObject, more: JsonObject = {}, status?: JsonObject): JsonObject => ({
  metadata: { name, namespace: "shop", ...more },
  data,
  ...(status === undefined ? {} : { status }),
});

describe("what was looked up", () => {
  it.each([
    ["nothing", []],
    ["an object of the release", [{ name: "web-settings" }]],
    ["a hook of the release", [{ name: "web-hook" }]],
    ["what it made before", [{ name: "web-former", answer: map("web-former", {}, own) }]],
  ])("leaves no mark where it was %s", (_, lookups: Answered[]) => {
    expect(mark(...lookups)).toBe("");
  });

  it.each([
    ["an object of the same name elsewhere", { namespace: "other", name: "web-settings" }],
    ["an object that is not there", { name: "absent" }],
    ["an object of others", { name: "theirs", answer: map("theirs", {}) }],
    ["a list", { answer: { items: [] } }],
  ])("leaves a mark that fits into a label where it was %s", (_, lookUp: Answered) => {
    expect(mark(lookUp)).toMatch(/^[0-9a-f]{24}\.[0-9a-f]{24}$/);
  });

  const before = mark({ name: "theirs", answer: map("theirs", { a: "1" }, { resourceVersion: "1" }, { seen: "x" }) });

  it.each([
    ["the server's book-keeping", map("theirs", { a: "1" }, { resourceVersion: "2" }, { seen: "x" }), false, false],
    ["a status", map("theirs", { a: "1" }, {}, { seen: "y" }), true, false],
    ["data", map("theirs", { a: "2" }, {}, { seen: "x" }), true, true],
    ["a label", map("theirs", { a: "1" }, { labels: { b: "c" } }, { seen: "x" }), true, true],
  ])("is another with %s", (_, answer, isOther, isOtherOfChance) => {
    const now = mark({ name: "theirs", answer });
    expect([isOtherMark(before, now, false), isOtherMark(before, now, true)]).toEqual([isOther, isOtherOfChance]);
  });

  it("passes over the release's own objects and records in a list", () => {
    const record = map("sh.helm.release.v1.web.v1", {}, { labels: { owner: "helm", name: "web" } });
    const items = [map("theirs", {}), map("web-settings", {}), map("web-former", {}, own), record];
    expect(mark({ answer: { items } })).toBe(mark({ answer: { items: items.slice(0, 1) } }));
    expect(mark({ answer: { items } })).not.toBe(mark({ answer: { items: [] } }));
  });
});
