// Changes one value in a file and nothing else: the line keeps its indentation, its quotes and its comment. What stands on
// several lines, or among others on one, is left to people.

import { formatYaml, type YamlNode } from "#formats/yaml";
import type { Json } from "#kernel";
import { partsOfImage, type Transformed } from "./transformers.ts";

/** A file with its new text, and the line that changed. */
export type Edited = { path: string; line: number; text: string };

type Asked = { files: ReadonlyMap<string, string>; to: Json | undefined };

/** Replaces a value that a document states. */
export function editScalar(
  { path, node, offset }: { path: string; node: YamlNode; offset: number },
  { files, to }: Asked,
): Edited | { why: string } {
  const line = node.line + offset;
  if (to === undefined || to === null || typeof to === "object")
    return { why: `what runs has no single value for what ${path} states` };
  const lines = (files.get(path) ?? "").split("\n");
  const changed = node.kind === "scalar" ? withValue(lines[line - 1] ?? "", node.value, to) : undefined;
  if (changed === undefined) return { why: `${path}, line ${line}, states it in a form that is not changed by itself` };
  lines[line - 1] = changed;
  return { path, line, text: lines.join("\n") };
}

/** Replaces what a kustomization sets; of an image only the part that it sets. */
export function editTransformed({ place, value, sets }: Transformed, asked: Asked): Edited | { why: string } {
  const { files, to } = asked;
  const where = { path: place.path, node: value, offset: 0 };
  if (sets === "all") return editScalar(where, asked);
  if (typeof to !== "string") return { why: "what runs has no image there" };
  const part = partsOfImage(to)[sets];
  if (part === "") return { why: `what runs names no ${sets} of its image, as ${place.path} does` };
  return editScalar(where, { files, to: part });
}

/** The line with its one value replaced; undefined: it is not there, or not alone. */
function withValue(line: string, before: string, to: string | number | bigint | boolean): string | undefined {
  for (const mark of line.matchAll(/(?:^|\s)-\s+|:\s+/g)) {
    const start = mark.index + mark[0].length;
    const [, written = "", rest = ""] =
      /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|.*?)(\s*|\s+#.*)$/.exec(line.slice(start)) ?? [];
    const quote = quoteOf(written, before);
    if (quote !== undefined) return `${line.slice(0, start)}${formatScalar(to, quote)}${rest}`;
  }
  return undefined;
}

type Quote = "" | "'" | '"';

/** How a value is written; undefined: this is not it. */
function quoteOf(written: string, value: string): Quote | undefined {
  if (written === value && !/^["'|>]/.test(written)) return "";
  if (written === `'${value.replaceAll("'", "''")}'`) return "'";
  return written === JSON.stringify(value) ? '"' : undefined;
}

function formatScalar(value: string | number | bigint | boolean, quote: Quote): string {
  const isText = typeof value === "string";
  if (isText && quote === "'") return `'${value.replaceAll("'", "''")}'`;
  if (isText && (quote === '"' || /\n/.test(value))) return JSON.stringify(value);
  return formatYaml({ value }).slice("value: ".length).trimEnd();
}
