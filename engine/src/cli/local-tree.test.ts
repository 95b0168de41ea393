import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, type FileTree } from "#kernel";
import { chartTree, localTree } from "./local-tree.ts";

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

describe("a chart's folder as a tree", () => {
  it("follows links within the repository around it, and refuses others with their place", () => {
    const repository = join(folder, "repository");
    mkdirSync(join(repository, ".git"), { recursive: true });
    mkdirSync(join(repository, "common"));
    writeFileSync(join(repository, "common", "web.yaml"), "web");
    mkdirSync(join(repository, "chart", "bad"), { recursive: true });
    symlinkSync("../common", join(repository, "chart", "crds"));
    symlinkSync("/etc/hostname", join(repository, "chart", "bad", "out"));
    symlinkSync("nothing", join(repository, "chart", "bad", "broken"));
    const chart = chartTree(join(repository, "chart"));
    expect(chart.list("crds")?.map(({ name }) => name)).toEqual(["web.yaml"]);
    expect(decodeUtf8(chart.read("crds/web.yaml"))).toBe("web");
    expect(() => chart.read("../common/web.yaml")).toThrow("no such file");
    expect(chart.entry("bad/none")).toBeUndefined();
    expect(() => chart.entry("bad/out")).toThrow("the symlink to /etc/hostname leads to no file of the repository");
    expect(() => chart.list("bad")).toThrow("the symlink to nothing leads to no file of the repository");
  });
});
