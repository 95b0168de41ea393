import { describe, expect, it } from "vitest";
import { compileGlob, matchesPath } from "./match.ts";

const names = ["ax", "bx", "dx", "-x", "a-b", "d/ax", "!x", "]", "1", "web", "e"];

describe("a glob, as .Files.Glob of Helm 4.3.1 reads it", () => {
  it.each([
    ["[a-c]x", ["ax", "bx"]],
    ["[!a-c]x", ["dx", "-x", "!x"]],
    ["[!abc]x", ["dx", "-x", "!x"]],
    ["[web db cache-1 web]", ["-", "1", "e"].filter((name) => names.includes(name))],
    ["a[-]b", ["a-b"]],
    ["[\\]]", ["]"]],
    ["[!!]x", ["ax", "bx", "dx", "-x"]],
    ["{a,b}x", ["ax", "bx"]],
  ])("%s", (pattern, matched) => {
    expect(names.filter((name) => compileGlob(pattern)?.test(name))).toEqual(matched);
  });

  it.each(["[e-1]", "[a-z0-9]x", "[]a]", "[", "[a", "[!]x", "[a-", "[a-c", "\ufffd"])(
    "%j is none: all files match",
    (pattern) => expect(compileGlob(pattern)).toBeUndefined(),
  );
});

describe("a pattern, as Go's filepath.Match reads it", () => {
  it.each([
    ["[z-a]*", []],
    ["[^a-c]x", ["dx", "-x", "!x"]],
    ["[a\\-c]x", ["ax", "-x"]],
    ["?x", ["ax", "bx", "dx", "-x", "!x"]],
    ["*", names.filter((name) => name !== "d/ax")],
  ])("%s", (pattern, matched) => {
    expect(names.filter((name) => matchesPath(pattern, name))).toEqual(matched);
  });

  it.each(["[a-", "[-a]", "[]", "[a", "a\\"])("%s is none", (pattern) =>
    expect(() => matchesPath(pattern, "a")).toThrow("syntax error in pattern"),
  );
});
