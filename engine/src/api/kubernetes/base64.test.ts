import { expect, it } from "vitest";
import { base64Error, canonicalBase64 } from "./base64.ts";

it.each([
  ["YWJj\nZGVm\n", "YWJjZGVm"],
  ["YQ=\r\n=", "YQ=="],
  ["YR==", "YQ=="],
  ["YWJ=", "YWI="],
  ["\n", ""],
])("%j stands for what Go writes as %s", (text, canonical) => {
  expect(base64Error(text)).toBeUndefined();
  expect(canonicalBase64(text)).toBe(canonical);
});

it.each([
  ["YQ", 0],
  ["YW\nI", 1],
  ["YQ=", 3],
  ["YQ=A", 2],
  ["YQ=\nA", 3],
  ["Y=", 1],
  ["YQ==\nA", 5],
  ["YWI*", 3],
])("%j is wrong at byte %i", (text, at) => {
  expect(base64Error(text)).toBe(`illegal base64 data at input byte ${at}`);
});
