import { expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { Encodings } from "./encodings.ts";
import { HotObjects, StoredObject } from "./hot-objects.ts";

function configMap(name: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { name } } };
}

/** Three objects of ten bytes where two have room; which were decoded again, and which were let go. */
function three(): { hot: HotObjects; objects: StoredObject[]; read: string[]; cooled: string[] } {
  const read: string[] = [];
  const cooled: string[] = [];
  const hot = new HotObjects(20, (object) => cooled.push(object.metadata.name));
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
  return { hot, objects, read, cooled };
}

it("keeps those used last, and shows the others as they were", () => {
  const { objects, read, cooled } = three();
  expect(cooled).toEqual(["a"]);
  expect(objects.map(({ object }) => object.metadata.name)).toEqual(["a", "b", "c"]);
  // Each one read again drives out the one after it.
  expect(read).toEqual(["a 2", "b 3", "c 4"]);
});

it("does not let a look at many drive out what is used", () => {
  const { hot, objects, read, cooled } = three();
  const seen = objects.map((stored) => stored.glimpse());
  expect(seen.map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c"]);
  expect(read).toEqual(["a 2"]);
  expect(cooled).toEqual(["a"]);
  expect(seen.map((object) => hot.passing.has(object))).toEqual([true, false, false]);
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

it("keeps no text of what was decoded for one look", () => {
  const { hot, objects } = three();
  const encodings = new Encodings((object) => hot.passing.has(object));
  const [cold, warm] = [objects[0] as StoredObject, objects[1] as StoredObject].map((stored) => stored.glimpse());
  const text = '{"metadata":{"name":"b","labels":{"name":"b"}}}';
  expect(encodings.rest(cold as Manifest)).toBe(text.replaceAll('"b"', '"a"'));
  expect(encodings.rest(warm as Manifest)).toBe(text);
  expect([cold, warm].map((object) => encodings.has(object as Manifest))).toEqual([false, true]);
});
