import { describe, expect, it } from "vitest";
import { builtinSchemas, schemaFor } from "#api/kubernetes";
import { deepFreeze, type JsonObject } from "#kernel";
import { strategicMerge } from "./strategic.ts";

const type = { schemas: builtinSchemas, root: schemaFor("", "v1", "Pod") as string };

type Case = { name: string; live: JsonObject; patch: JsonObject; want?: JsonObject; message?: string };

const cases: Case[] = [
  {
    name: "merges containers by name, the patch's first",
    live: {
      spec: {
        containers: [
          { name: "a", image: "1" },
          { name: "b", image: "1" },
        ],
      },
    },
    patch: {
      spec: {
        containers: [
          { name: "b", image: "2" },
          { name: "c", image: "3" },
        ],
      },
    },
    want: {
      spec: {
        containers: [
          { name: "a", image: "1" },
          { name: "b", image: "2" },
          { name: "c", image: "3" },
        ],
      },
    },
  },
  {
    name: "puts new items before those the server has alone",
    live: { spec: { containers: [{ name: "a" }] } },
    patch: { spec: { containers: [{ name: "z" }] } },
    want: { spec: { containers: [{ name: "z" }, { name: "a" }] } },
  },
  {
    name: "orders as $setElementOrder asks",
    live: { spec: { containers: [{ name: "a" }, { name: "b" }, { name: "c" }] } },
    patch: {
      spec: { "$setElementOrder/containers": [{ name: "c" }, { name: "a" }], containers: [{ name: "a", image: "2" }] },
    },
    want: { spec: { containers: [{ name: "b" }, { name: "c" }, { name: "a", image: "2" }] } },
  },
  {
    name: "deletes an item",
    live: { spec: { containers: [{ name: "a" }, { name: "b" }] } },
    patch: { spec: { containers: [{ name: "a", $patch: "delete" }] } },
    want: { spec: { containers: [{ name: "b" }] } },
  },
  {
    name: "replaces a list",
    live: { spec: { containers: [{ name: "a" }, { name: "b" }] } },
    patch: { spec: { containers: [{ name: "c" }, { $patch: "replace" }] } },
    want: { spec: { containers: [{ name: "c" }] } },
  },
  {
    name: "replaces a map",
    live: { metadata: { labels: { a: "1", b: "2" } } },
    patch: { metadata: { labels: { c: "3", $patch: "replace" } } },
    want: { metadata: { labels: { c: "3" } } },
  },
  {
    name: "empties a map",
    live: { metadata: { labels: { a: "1" } } },
    patch: { metadata: { labels: { $patch: "delete" } } },
    want: { metadata: { labels: {} } },
  },
  {
    name: "keeps only the keys that $retainKeys names",
    live: { spec: { volumes: [{ name: "v", emptyDir: {} }] } },
    patch: { spec: { volumes: [{ name: "v", hostPath: { path: "/x" }, $retainKeys: ["name", "hostPath"] }] } },
    want: { spec: { volumes: [{ name: "v", hostPath: { path: "/x" } }] } },
  },
  {
    name: "merges and deletes scalars of a list",
    live: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { finalizers: ["c"], "$deleteFromPrimitiveList/finalizers": ["a"] } },
    want: { metadata: { finalizers: ["c", "b"] } },
  },
  {
    name: "replaces lists that are atomic",
    live: { spec: { containers: [{ name: "a", args: ["1", "2"] }] } },
    patch: { spec: { containers: [{ name: "a", args: ["3"] }] } },
    want: { spec: { containers: [{ name: "a", args: ["3"] }] } },
  },
  {
    name: "removes by null, and takes no nulls over",
    live: { spec: { nodeName: "x" } },
    patch: { spec: { nodeName: null, affinity: { nodeAffinity: null, podAffinity: {} } } },
    want: { spec: { affinity: { podAffinity: {} } } },
  },
  {
    name: "refuses an unknown directive",
    live: {},
    patch: { $patch: "swap" },
    message: "unknown patch type: swap in map: map[$patch:swap]",
  },
  {
    name: "refuses an item without its key",
    live: { spec: { containers: [{ name: "a" }] } },
    patch: { spec: { containers: [{ image: "x" }] } },
    message: "map: map[image:x] does not contain declared merge key: name",
  },
  {
    name: "refuses to set what it does not retain",
    live: { spec: { nodeName: "x" } },
    patch: { spec: { hostname: "y", $retainKeys: ["nodeName"] } },
    message: "invalid patch format of retainKeys",
  },
];

describe("strategic merge patch", () => {
  it.each(cases)("$name", ({ live, patch, want, message }) => {
    const result = strategicMerge(deepFreeze(live), deepFreeze(patch), type);
    if (message !== undefined) expect(result).toMatchObject({ ok: false, message });
    else expect(result).toEqual({ ok: true, value: want });
  });
});
