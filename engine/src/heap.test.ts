import { expect, it } from "vitest";
import { growingPercent } from "./heap.ts";

it.each([
  [0, 150],
  [32, 120],
  [64, 90],
  [127, 30],
  [128, 30],
  [4000, 30],
])("lets a heap of %d MiB grow by %d percent", (mebibytes, percent) => {
  expect(growingPercent(mebibytes * 1024 * 1024)).toBe(percent);
});
