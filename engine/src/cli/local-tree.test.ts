import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, type FileTree } from "#kernel";
import { localTree } from "./local-tree.ts";

let folder = "";
let tree: FileTree;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keelson-tree-"));
  mkdirSync(join(folder, "a", ".git"), { recursive: true });
  writeFileSync(join(folder, "a", "one.yaml"), "one");
  symlinkSync("one.yaml", join(folder, "a", "two.yaml"));
  symlinkSync("/etc/hostname", join(folder, "a", "out.yaml"));
  symlinkSync("/etc", join(folder, "etc"));
  tree = localTree(folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("a folder on disk as a tree", () => {
  it("lists files and links that stay inside, sorted", () => {
    expect(tree.list("a")?.map((entry) => [entry.name, entry.type])).toEqual([
      ["one.yaml", "file"],
      ["two.yaml", "file"],
    ]);
    expect(tree.list("a/one.yaml")).toBeUndefined();
    expect(tree.list("none")).toBeUndefined();
  });

  it("reads files through links inside, and nothing outside", () => {
    expect(decodeUtf8(tree.read("a/two.yaml"))).toBe("one");
    expect(() => tree.read("a/out.yaml")).toThrow("no such file");
    expect(() => tree.read("../etc/hostname")).toThrow("no such file");
    expect(tree.entry("..")).toBeUndefined();
    expect(tree.entry("a/../..")).toBeUndefined();
    expect(() => tree.read("etc/../etc/hostname")).toThrow("no such file");
    expect(tree.entry("etc/..")?.type).toBe("folder");
    expect(() => tree.read("etc/hostname")).toThrow("no such file");
    expect(() => tree.read("a")).toThrow("is a folder");
  });

  it("has another hash when a file changed", () => {
    const before = tree.hash;
    writeFileSync(join(folder, "a", "one.yaml"), "longer");
    expect(tree.hash).not.toBe(before);
  });
});
