import { expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { HotObjects, StoredObject } from "./hot-objects.ts";

function configMap(name: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { name } } };
}

/** Three objects of ten bytes where two have room, and which were decoded again. */
function three(): { hot: HotObjects; objects: StoredObject[]; read: string[] } {
  const read: string[] = [];
  const hot = new HotObjects(20);
  const objects = ["a", "b", "c"].map((key, at) => {
    const state = { key, revision: at + 2, weight: 10, object: configMap(key) };
    const stored = new StoredObject(state, {
      hot,
      read: (name, revision) => {
        read.push(`${name} ${revision}`);
        return configMap(name);
      },
    });
    hot.use(stored);
    return stored;
  });
  return { hot, objects, read };
}

it("keeps those used last, and shows the others as they were", () => {
  const { objects, read } = three();
  expect(objects.map(({ decoded }) => decoded?.metadata.name)).toEqual([undefined, "b", "c"]);
  expect(objects.map(({ object }) => object.metadata.name)).toEqual(["a", "b", "c"]);
  // Each one read again drives out the one after it.
  expect(read).toEqual(["a 2", "b 3", "c 4"]);
});

it("does not let a look at many drive out what is used", () => {
  const { objects, read } = three();
  const seen = objects.map((stored) => stored.glimpse());
  expect(seen.map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c"]);
  expect(read).toEqual(["a 2"]);
  expect(objects.map(({ decoded }) => decoded?.metadata.name)).toEqual([undefined, "b", "c"]);
});

it("takes what a look finds where there is room", () => {
  const { hot, objects, read } = three();
  hot.drop(objects[2] as StoredObject);
  const [a] = objects as [StoredObject];
  expect(a.glimpse()).toBe(a.glimpse());
  expect(read).toEqual(["a 2"]);
});

it("knows the labels of what is not decoded", () => {
  const { objects, read } = three();
  expect(objects.map(({ labels }) => labels["name"])).toEqual(["a", "b", "c"]);
  expect(read).toEqual([]);
});

it("does not keep what was replaced, whoever looks at it still", () => {
  const { hot, objects, read } = three();
  const [, b] = objects as [StoredObject, StoredObject];
  b.retire();
  expect(hot.hasRoom(10)).toBe(true);
  expect([b.glimpse(), b.glimpse()].map(({ metadata }) => metadata.name)).toEqual(["b", "b"]);
  expect(read).toEqual(["b 3", "b 3"]);
});
