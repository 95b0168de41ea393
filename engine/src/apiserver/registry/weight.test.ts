import { expect, it } from "vitest";
import type { Json } from "#kernel";
import { decodedWeight } from "./weight.ts";

it("weighs many small members more than one long text", () => {
  const brackets: Json = Array.from({ length: 1000 }, () => []);
  const length = JSON.stringify(brackets).length;
  expect(decodedWeight("x".repeat(length - 2), length)).toBe(length);
  expect(decodedWeight(brackets, length)).toBeGreaterThan(20 * length);
  expect(decodedWeight({ a: "b", c: [1, { d: null }] }, 10)).toBe(10 + 48 * 11);
});
