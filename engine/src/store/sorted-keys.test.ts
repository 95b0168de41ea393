import { expect, it } from "vitest";
import { firstAtOrAfter } from "./sorted-keys.ts";

it.each([
  [[], "a", 0],
  [["b", "d"], "a", 0],
  [["b", "d"], "b", 0],
  [["b", "d"], "c", 1],
  [["b", "d"], "d", 1],
  [["b", "d"], "e", 2],
])("in %j the first at or after %s is at %i", (sorted, key, index) => {
  expect(firstAtOrAfter(sorted, key)).toBe(index);
});
