// What go-yaml says of a key that no map of JSON can have: it prints the key, and its value, in Go's syntax.

import { compareStrings, sprintf } from "#formats/gotemplate";
import { isMergeKey, resolveNode, type YamlNode } from "#formats/yaml";

/** The words for a key and its value. */
export function keyProblem([key, value]: readonly [key: YamlNode, value: YamlNode]): string {
  const node = key.target ?? key;
  if (node.kind !== "scalar") return `yaml: invalid map key: ${goSyntax(node)}`;
  const type = resolveNode(node).value === null ? "%!s(<nil>)" : "uint64";
  return `unsupported map key of type: ${type}, key: ${topSyntax(node)}, value: ${topSyntax(value)}`;
}

/** Nothing is printed shorter where no list or map holds it. */
function topSyntax(node: YamlNode): string {
  const text = goSyntax(node);
  return text === "interface {}(nil)" ? "<nil>" : text;
}

function goSyntax(node: YamlNode): string {
  const { kind, items } = node.target ?? node;
  if (kind === "list") return `[]interface {}{${items.map(goSyntax).join(", ")}}`;
  if (kind === "scalar") return scalarSyntax(node.target ?? node);
  const entries = new Map<string, string>();
  addEntries(entries, items);
  const sorted = [...entries].sort(([a], [b]) => compareStrings(a, b));
  return `map[interface {}]interface {}{${sorted.map(([key, value]) => `${key}:${value}`).join(", ")}}`;
}

/** What is merged in stands there as if it were written, until it is written. */
function addEntries(entries: Map<string, string>, items: readonly YamlNode[]): void {
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i] as YamlNode, items[i + 1] as YamlNode];
    if (!isMergeKey(key)) entries.set(goSyntax(key), goSyntax(value));
    else {
      const merged = value.target ?? value;
      const maps = merged.kind === "list" ? merged.items.toReversed() : [merged];
      for (const map of maps) addEntries(entries, (map.target ?? map).items);
    }
  }
}

function scalarSyntax(node: YamlNode): string {
  const { tag, value } = resolveNode(node);
  if (value === null) return "interface {}(nil)";
  if (typeof value === "bigint" && value > 2n ** 63n - 1n) return `0x${value.toString(16)}`;
  return tag === "!!int" || typeof value === "boolean" ? String(value) : sprintf("%#v", [value]);
}
