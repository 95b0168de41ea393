import { describe, expect, it } from "vitest";
import { asWritten } from "./as-written.ts";

describe("what others wrote", () => {
  it.each([
    ["plain words", "mail 1.15.0", "mail 1.15.0"],
    ["words that are read from the right", "שלום مرحبا", "שלום مرحبا"],
    ["emoji that are joined", "👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"],
    ["an override", "if \u202Eresu\u202C == admin", "if \ufffdresu\ufffd == admin"],
    ["isolates", "\u2066/* \u2069", "\ufffd/* \ufffd"],
  ])("is shown as it is written: %s", (_, text, shown) => {
    expect(asWritten(text)).toBe(shown);
  });
});
