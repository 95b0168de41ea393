import { expect, test } from "vitest";
import { keepComments } from "./comments.ts";

test("comments stay in front of and behind their lines", () => {
  const original = "# head\na:\n    b: 1 # line\n\n    # list\n    c: [x]\n";
  expect(keepComments(original, "a:\n  b: 1\n  c: [x]", "a:\n  b: 9\n  c: [x]")).toBe(
    "# head\na:\n  b: 9 # line\n  # list\n  c: [x]",
  );
});

test.each([
  ["a: {b: 1} # x\n", "a:\n  b: 1", "a:\n  b: 2"],
  ["a: 1\n# at the end\n", "a: 1", "a: 2"],
])("where lines do not match, %j loses them", (original, before, after) => {
  expect(keepComments(original, before, after)).toBe(after);
});
