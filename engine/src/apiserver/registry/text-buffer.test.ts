import { expect, it } from "vitest";
import { TextBuffer } from "./text-buffer.ts";

const long = "é€𝒳".repeat(20_000);

it.each([0, 8])("holds what was put into it, in order, behind %d bytes of room", (room) => {
  const buffer = new TextBuffer(room);
  buffer.text("a,");
  buffer.bytes(Buffer.from("b,"));
  buffer.text(long);
  expect(buffer.length).toBe(4 + Buffer.byteLength(long));
  expect(buffer.take().toString()).toBe(`a,b,${long}`);
});

it.each([0, 4, 5, 100])("puts a head before it, whether or not it fits into %d bytes of room", (room) => {
  const buffer = new TextBuffer(room);
  buffer.text("a,b,");
  buffer.dropLast(1);
  buffer.text("]");
  expect(buffer.takeAfter("[é: ").toString()).toBe("[é: a,b]");
});

it("takes nothing back of what is before it", () => {
  const buffer = new TextBuffer(10);
  buffer.dropLast(1);
  expect(buffer.takeAfter("[").toString()).toBe("[");
});
