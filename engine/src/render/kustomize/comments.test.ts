import { expect, test } from "vitest";
import { Composer, type YamlComment } from "#formats/yaml";
import { keepComments } from "./comments.ts";

function kept(text: string, before: string, after: string): string {
  const comments: YamlComment[] = [];
  new Composer(text, (comment) => comments.push(comment)).next();
  return keepComments({ text, comments }, before, after);
}

test("comments stay in front of and behind their lines", () => {
  const original = "# head\na:\n    b: 1 # line\n\n    # list\n    c: [x]\n";
  expect(kept(original, "a:\n  b: 1\n  c: [x]", "a:\n  b: 9\n  c: [x]")).toBe(
    "# head\na:\n  b: 9 # line\n  # list\n  c: [x]",
  );
});

test.each([
  ["at the end", "a: 1\n# at the end\n", "a: 1", "a: 2", "a: 2\n# at the end"],
  ["of the document", "# about\n\na: 1\n", "a: 1", "a: 2", "# about\n\na: 2"],
  ["behind a flow", "a: { b: 1 } # x\n", "a: {b: 1}", "a: {b: 2}", "a: {b: 2} # x"],
  ["behind a dash", "-\n  # x\n  - 1\n", "- - 1", "- - 2", "- # x\n  - 2"],
  ["at an anchor", "a: &x # y\n  b: 1\n", "a: &x\n  b: 1", "a: &x\n  b: 2", "a: &x\n  b: 2 # y"],
  ["before a new line", "a: 1 # x\n", "a: 1", "a: 1\nb: 2", "a: 1 # x\nb: 2"],
])("a comment %s is kept", (_name, ...[original, before, after, wanted]) => {
  expect(kept(original, before, after)).toBe(wanted);
});

test.each([
  ["folded text", "a: >-\n  x\n  y\nb: 1 # z\n", "a: >-\n  x y\nb: 1", "a: >-\n  x y\nb: 2", "a: >-\n  x y\nb: 2 # z"],
  ["a flow over two lines", "a: [1,\n  2] # x\n", "a: [1, 2]", "a: [1, 3]", "a: [1, 3] # x"],
])("what stands behind %s is found again", (_name, ...[original, before, after, wanted]) => {
  expect(kept(original, before, after)).toBe(wanted);
});

test.each([
  ["below a line and apart from the next", "a: 1\n# x\n\nb: 1\n", "a: 1\n# x\n\nb: 2"],
  ["with a blank line inside", "a:\n  # x\n\n  # y\n  b: 1\n", "a:\n  # x\n\n  # y\n  b: 2"],
  ["in front of less indented lines", "a:\n  c: 1\n  # x\nb: 1\n", "a:\n  c: 1\n  # x\nb: 2"],
  ["behind a flow", "a: []\n# x\n\nb: 1\n", "a: []\n# x\nb: 2"],
])("comments %s stay so", (_name, original, wanted) => {
  const bare = original.replace(/^ *#.*\n\n?|^\n/gm, "").trim();
  expect(kept(original, bare, bare.replace("b: 1", "b: 2"))).toBe(wanted);
});
