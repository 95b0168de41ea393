import { describe, expect, it } from "vitest";
import { type Command, KeyReader } from "./keymap.ts";

const commands: Command[] = ["r", "g t", "g f", "Ctrl+k", "?", "Escape"].map((keys) => ({
  keys,
  does: keys,
  area: "",
  run: () => undefined,
}));

function press(keys: readonly string[], { isTyping = false, pauseMs = 100 } = {}): string[] {
  const reader = new KeyReader();
  return keys.flatMap((key, index) => {
    const hasCtrl = key.startsWith("Ctrl+");
    const pressed = { key: key.replace("Ctrl+", ""), hasCtrl, hasMeta: false, hasAlt: false, isTyping };
    return reader.press(pressed, commands, 10_000 + index * pauseMs)?.does ?? [];
  });
}

describe("the keyboard", () => {
  it("takes one key", () => expect(press(["r", "?"])).toEqual(["r", "?"]));
  it("takes two keys in a row", () => expect(press(["g", "t", "g", "f"])).toEqual(["g t", "g f"]));
  it("forgets a first key after a while", () => expect(press(["g", "t"], { pauseMs: 2_000 })).toEqual([]));
  it("takes a second key for itself when the two mean nothing", () => expect(press(["g", "r"])).toEqual(["r"]));
  it("leaves keys to a field one types in", () => expect(press(["r", "g", "t"], { isTyping: true })).toEqual([]));
  it("takes Escape and keys with Control even there", () =>
    expect(press(["Ctrl+k", "Escape"], { isTyping: true })).toEqual(["Ctrl+k", "Escape"]));
  it("knows no other keys", () => expect(press(["x", "Ctrl+x"])).toEqual([]));
});
