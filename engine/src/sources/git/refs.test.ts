import { describe, expect, it } from "vitest";
import { parseRefList, resolveReference } from "./refs.ts";

const idOf = (index: number): string => index.toString(16).padStart(40, "0");

/** The tag that a range takes of these; "" when none is in it. */
function taken(range: string, tags: readonly string[]): string {
  const refs = new Map(tags.map((tag, i) => [`refs/tags/${tag}`, idOf(i)]));
  try {
    return resolveReference({ semver: range }, refs).tag?.name ?? "";
  } catch {
    return "";
  }
}

describe("a range of versions", () => {
  const tags = [
    "v0.2.9",
    "0.3.0",
    "1.0.0",
    "v1.2.3",
    "1.2.9",
    "v1.9.9",
    "2.0.0-rc.1",
    "2.0.0",
    "3.0.0-beta",
    "nightly",
    "v9.9",
  ];
  it.each<[string, string]>([
    ["*", "2.0.0"],
    [">=1.0.0 <2.0.0", "v1.9.9"],
    [">=1.0.0, <1.5", "1.2.9"],
    ["^0.2.3", "v0.2.9"],
    ["~1.2.3", "1.2.9"],
    ["1.2.x", "1.2.9"],
    ["1.0 - 1.2.5", "v1.2.3"],
    ["1.x || 0.x", "v1.9.9"],
    [">=1.0.0-0", "3.0.0-beta"],
    [">=1.2.0-0 <2.0.0", "2.0.0-rc.1"],
    ["v1.2.3", "v1.2.3"],
    [">3", ""],
    ["9.9", ""],
  ])("%s takes %s", (range, tag) => expect(taken(range, tags)).toBe(tag));

  it("counts tags with three plain numbers alone", () => {
    expect(taken("*", ["v1", "1.2", "01.2.3", "1.2.3.4", "release-1.0.0", "1.0.0+build", "v0.9.0"])).toBe(
      "1.0.0+build",
    );
  });

  it("takes any number of tags in its stride", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `v1.${i}.0`);
    expect(taken("1.x", many)).toBe("v1.19999.0");
  });
});

describe("what a server lists", () => {
  it("is read line by line, and what is no id or no name is left out", () => {
    const id = "a".repeat(40);
    const lines = [
      `${id}\trefs/heads/main`,
      `${id}\trefs/tags/v1`,
      `${"b".repeat(40)}\trefs/tags/v1^{}`,
      `short\trefs/heads/short`,
      `${id} refs/heads/spaces`,
      `${id}\trefs/heads/../../etc`,
      `${id}\trefs/heads/-option`,
      `${id}\trefs/heads/line\r`,
      `${id}\trefs/heads/x.lock`,
      `${id}\t`,
      "<html>",
    ];
    expect([...parseRefList(lines.join("\n")).keys()]).toEqual([
      "refs/heads/main",
      "refs/tags/v1",
      "refs/tags/v1^{}",
      "refs/heads/-option",
    ]);
    const refs = parseRefList(lines.join("\n"));
    expect(resolveReference({ tag: "v1" }, refs)).toEqual({
      commit: "b".repeat(40),
      name: "refs/tags/v1",
      revision: `v1@sha1:${"b".repeat(40)}`,
      tag: { name: "v1", object: id },
    });
  });
});
