// Node trees to text as go-yaml v3 writes them for kyaml: styles kept, lists at their parent's indent, no folding. Used
// where text stands inside a field, and where a pattern is matched against a value as it would be written.

import { resolvePlain, textStyle, type YamlNode } from "#formats/yaml";
import { stringTag } from "./nodes.ts";
import { writesTag } from "./values.ts";

/** The tree as text, without a break at its end. */
export function emitNode(node: YamlNode): string {
  return emit(node, 0, false).replace(/^\n/, "");
}

function pad(indent: number): string {
  return " ".repeat(indent);
}

/** A block begins with a break; anything else stands in the line of its key. */
function emit(node: YamlNode, indent: number, isInFlow: boolean): string {
  if (node.kind === "alias") return `*${node.value}`;
  const text = emitContent(node, indent, isInFlow);
  if (node.anchor === "") return text;
  return text === "" || text.startsWith("\n") ? `&${node.anchor}${text}` : `&${node.anchor} ${text}`;
}

function emitContent(node: YamlNode, indent: number, isInFlow: boolean): string {
  if (node.kind === "scalar") return emitScalar(node, indent, isInFlow);
  if (node.items.length === 0) return node.kind === "map" ? "{}" : "[]";
  if (isInFlow || node.style === "flow") return emitFlow(node);
  return node.kind === "map" ? `\n${emitMap(node, indent)}` : `\n${emitList(node, indent)}`;
}

function emitFlow(node: YamlNode): string {
  if (node.kind === "list") return `[${node.items.map((item) => emit(item, 0, true)).join(", ")}]`;
  const pairs: string[] = [];
  for (let i = 0; i < node.items.length; i += 2)
    pairs.push(`${emitKey(node.items[i] as YamlNode, 0, true)}: ${emit(node.items[i + 1] as YamlNode, 0, true)}`);
  return `{${pairs.join(", ")}}`;
}

/** Behind an alias a blank keeps the colon apart from its name. */
function emitKey(key: YamlNode, indent: number, isInFlow: boolean): string {
  return `${emit(key, indent, isInFlow)}${key.kind === "alias" ? " " : ""}`;
}

function emitMap(node: YamlNode, indent: number): string {
  const lines: string[] = [];
  for (let i = 0; i < node.items.length; i += 2) {
    const key = emitKey(node.items[i] as YamlNode, indent, false);
    const value = node.items[i + 1] as YamlNode;
    const isBlockMap = value.kind === "map" && value.items.length > 0 && value.style !== "flow";
    const text = emit(value, isBlockMap ? indent + 2 : indent, false);
    lines.push(`${pad(indent)}${key}:${text === "" || text.startsWith("\n") ? "" : " "}${text}`);
  }
  return lines.join("\n");
}

function emitList(node: YamlNode, indent: number): string {
  return node.items
    .map((item) => {
      const isBlock = item.kind !== "scalar" && item.items.length > 0 && item.style !== "flow";
      const text = emit(item, isBlock ? indent + 2 : indent, false);
      const isMovedUp = isBlock && text.startsWith("\n");
      return `${pad(indent)}-${text === "" ? "" : " "}${isMovedUp ? text.slice(indent + 3) : text}`;
    })
    .join("\n");
}

/** A scalar as written; in a flow no literal block can stand. */
function emitScalar(node: YamlNode, indent: number, isInFlow: boolean): string {
  const { value } = node;
  const style = writtenStyle(node, isInFlow);
  const mark = writesTag(node) ? `${node.tag} ` : "";
  // In a flow nothing cannot stand for itself.
  if (isInFlow && value === "" && style === "plain") return `${mark}''`;
  if (style === "plain") return mark + value;
  if (style === "single") return `${mark}'${value.replaceAll("'", "''")}'`;
  if (style === "double") return mark + JSON.stringify(value);
  return mark + emitBlock(value, indent + 2, style === "folded" ? ">" : "|");
}

function writtenStyle(node: YamlNode, isInFlow: boolean): "plain" | "single" | "double" | "literal" | "folded" {
  const { value } = node;
  const natural = textStyle(value);
  if (node.style === "double") return "double";
  if (node.style === "single") return natural === "double" && /[\n\t]/.test(value) ? "double" : "single";
  if (node.style === "literal" || node.style === "folded" || value.includes("\n")) {
    if (isInFlow || (natural === "double" && value.includes("\n"))) return "double";
    return node.style === "folded" ? "folded" : "literal";
  }
  const resolved = resolvePlain(value, "v3").tag;
  if (node.tag === stringTag && resolved !== stringTag) return node.isTagged ? "plain" : "double";
  if (resolved !== stringTag) return "plain";
  if (natural === "single" || (isInFlow && /[,?[\]{}:]/.test(value))) return "single";
  // go-yaml v3 quotes what only YAML 1.1 reads as something else when it writes text, not when it writes nodes.
  return natural === "double" && /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(value) ? "double" : "plain";
}

function emitBlock(value: string, indent: number, mark: "|" | ">"): string {
  const hint = /^[ \n]/.test(value) ? "2" : "";
  const chomp = !value.endsWith("\n") ? "-" : /^\n$|\n\n$/.test(value) ? "+" : "";
  if (mark === ">") return `>${hint}${chomp}${foldedLines(value, pad(indent))}`;
  const lines = value.replace(/\n$/, "").split("\n");
  return `${mark}${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : pad(indent) + line)).join("\n")}`;
}

/** go-yaml v3 doubles every break behind a line that is not indented, the last one too; it folds nothing. */
function foldedLines(value: string, padding: string): string {
  const doubles = !/^[ \t\n]/.test(value);
  let out = "\n";
  const lines = value.split("\n");
  for (const [i, line] of lines.entries()) {
    if (line !== "") out += padding + line;
    if (i === lines.length - 1) break;
    out += doubles && line !== "" && !/^[ \t]/.test(line) ? "\n\n" : "\n";
  }
  return value.endsWith("\n") ? out.slice(0, -1) : out;
}
