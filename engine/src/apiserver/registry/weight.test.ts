import { expect, it } from "vitest";
import { encodeUtf8 } from "#kernel";
import { decodedWeight } from "./weight.ts";

it("weighs many small members more than one long text", () => {
  const brackets = encodeUtf8(`[${"[],".repeat(1000)}[]]`);
  const text = encodeUtf8(JSON.stringify("x".repeat(brackets.length - 2)));
  expect(text.length).toBe(brackets.length);
  expect(decodedWeight(text)).toBe(text.length);
  expect(decodedWeight(brackets)).toBeGreaterThan(20 * brackets.length);
});
