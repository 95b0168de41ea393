import { describe, expect, it } from "vitest";
import { pickFiles } from "./picks.ts";

const paths = [
  "apps/blog/README.md",
  "apps/blog/charts/one.tgz",
  "apps/blog/values.yaml",
  "apps/shop/deep/er/x.yaml",
  "apps/shop/values.yaml",
  "base/a.yaml",
  "top.TGZ",
  "top.yaml",
];
const files = paths.map((path) => ({ path, id: path, isExecutable: false }));

type Options = { to?: string; exclude?: string[]; isDeep?: boolean; there?: string };

/** `source -> place` of each file a step takes; undefined when it takes nothing. */
function picked(pattern: string, { to = "", exclude = [], isDeep = false, there }: Options = {}): string[] | undefined {
  const options = { to, exclude, isDeep, hasFolder: (path: string) => path === there };
  return pickFiles(pattern, files, options)?.map(({ file, path }) => `${file.path} -> ${path}`);
}

describe("a copy step", () => {
  it.each<[string, string, Options, string[] | undefined]>([
    ["a file to a name", "top.yaml", { to: "x/y.yaml" }, ["top.yaml -> x/y.yaml"]],
    ["a file into the root", "top.yaml", {}, ["top.yaml -> top.yaml"]],
    ["a file into a folder", "top.yaml", { to: "x/" }, ["top.yaml -> x/top.yaml"]],
    ["a file into a folder that is there", "top.yaml", { to: "x", there: "x" }, ["top.yaml -> x/top.yaml"]],
    ["a folder under its own name", "base", { to: "x" }, ["base/a.yaml -> x/base/a.yaml"]],
    ["a folder written with a slash", "base/", { to: "x/" }, ["base/a.yaml -> x/base/a.yaml"]],
    ["what is in a folder", "base/**", { to: "x" }, ["base/a.yaml -> x/a.yaml"]],
    [
      "files at one level, with their path",
      "apps/*/values.yaml",
      { to: "x" },
      ["apps/blog/values.yaml -> x/apps/blog/values.yaml", "apps/shop/values.yaml -> x/apps/shop/values.yaml"],
    ],
    [
      "folders that fit, with all below them",
      "apps/sh*",
      {},
      ["apps/shop/deep/er/x.yaml -> apps/shop/deep/er/x.yaml", "apps/shop/values.yaml -> apps/shop/values.yaml"],
    ],
    [
      "names with one letter or a set",
      "apps/[bs]?og/values.yaml",
      {},
      ["apps/blog/values.yaml -> apps/blog/values.yaml"],
    ],
    [
      "without what is excluded by name",
      "apps/**",
      { exclude: ["*.md", "*.tgz", "x.yaml"] },
      ["apps/blog/values.yaml -> blog/values.yaml", "apps/shop/values.yaml -> shop/values.yaml"].concat([]),
    ],
    [
      "without an excluded folder",
      "apps/**",
      { exclude: ["apps/blog"] },
      ["apps/shop/deep/er/x.yaml -> shop/deep/er/x.yaml", "apps/shop/values.yaml -> shop/values.yaml"],
    ],
    [
      "without what is excluded from the base on",
      "apps/**",
      { exclude: ["blog/**", "shop/deep"] },
      ["apps/shop/values.yaml -> shop/values.yaml"],
    ],
    [
      "without alternatives",
      "apps/**",
      { exclude: ["{blog,none}/**", "**/er"] },
      ["apps/shop/values.yaml -> shop/values.yaml"],
    ],
    ["an excluded single file as nothing, and no mistake", "top.yaml", { exclude: ["top.*"] }, []],
    [
      "packed files at any depth",
      "**/*.tgz",
      { isDeep: true },
      ["apps/blog/charts/one.tgz -> apps/blog/charts/one.tgz"],
    ],
    ["no file at any depth without that", "**/*.tgz", {}, undefined],
    ["nothing by a pattern that fits nothing", "none/*", {}, undefined],
    ["nothing by a name that is not there", "none.yaml", {}, undefined],
    ["nothing once all is excluded", "base/**", { exclude: ["*.yaml"] }, undefined],
    ["nothing outside the source", "../top.yaml", {}, undefined],
  ])("takes %s", (_name, pattern, options, expected) => {
    expect(picked(pattern, options)).toEqual(expected);
  });
});
