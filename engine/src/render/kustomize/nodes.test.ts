import { expect, test } from "vitest";
import { YamlNode } from "#formats/yaml";
import { addItems, clearField, copyNode, isNonText11, nullTag, setField, stringTag, untyped } from "./nodes.ts";

test("a null that is given items gives none to other nodes", () => {
  const node = new YamlNode("scalar", "", nullTag);
  addItems(node, untyped("x"));
  expect(node.items).toHaveLength(1);
  expect(new YamlNode("scalar").items).toHaveLength(0);
});

test("a map remembers that it lost its last field, and so does its copy", () => {
  const map = new YamlNode("map");
  setField(map, "a", untyped("x"));
  clearField(map, "a");
  expect(copyNode(map).isEmptied).toBe(true);
});

test.each([
  ["---", true],
  ["...x", false],
  ["yes", true],
  ["word", false],
])("%j is anything but text to YAML 1.1: %j", (text, expected) => {
  expect(isNonText11(text)).toBe(expected);
});

test("text that is set gets quotes where it could be read as something else, unless its tag says that it is text", () => {
  const [plain, tagged] = [new YamlNode("scalar", "5", stringTag), new YamlNode("scalar", "5", stringTag)];
  tagged.isTagged = true;
  const map = new YamlNode("map");
  setField(map, "a", plain);
  setField(map, "b", tagged);
  expect([plain.style, tagged.style]).toEqual(["double", "plain"]);
});
