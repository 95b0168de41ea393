// The project's own sources as data: what tidy's rules look at. Formatting is fixed by the formatter, so the shape of a
// line tells where a function begins and ends; no parser is needed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type SourceFile = { path: string; text: string; lines: string[]; isTest: boolean };

export type Import = { from: string; specifier: string; line: number };

export type FunctionSpan = { path: string; name: string; line: number; lines: number };

const skipped = new Set(["node_modules", "dist", "testdata", "data", ".git"]);

/** All .ts and .tsx files below `folder`, in order of path; generated data modules are left out. */
export function loadSources(root: string, folder: string): SourceFile[] {
  const found: SourceFile[] = [];
  const visit = (relative: string): void => {
    const entries = readdirSync(join(root, relative), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${relative}/${entry.name}`;
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(path);
      if (entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".data.ts"))
        found.push(loadSource(root, path));
    }
  };
  visit(folder);
  return found;
}

function loadSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  return { path, text, lines: text.split("\n"), isTest: /\.(test|contract)\.tsx?$/.test(path) };
}

/** The ring folder of an engine file: `kernel` for engine/src/kernel/json.ts; "" for main.ts and other places. */
export function folderOf(path: string): string {
  return /^engine\/src\/([^/]+)\//.exec(path)?.[1] ?? "";
}

export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"|(?:^|\n)import\s+"([^"]+)"/g;
  for (const match of file.text.matchAll(pattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const line = file.text.slice(0, match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0)).split("\n").length;
    found.push({ from: file.path, specifier, line });
  }
  return found;
}

const opening =
  /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|(?:(?:public|private|protected|static|override|async|get|set) )*\*?([#\w]+)\(.*|(?:const|let) (\w+).*=>|(constructor)\().*\{$/;
const keywords = new Set(["if", "for", "while", "switch", "catch", "with", "return", "describe", "it", "test"]);

/** Functions and methods with their length in lines, by indentation. */
export function functionsOf(file: SourceFile): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  file.lines.forEach((text, index) => {
    const start = startOfFunction(file.lines, index, text);
    if (start === undefined) return;
    const end = file.lines.findIndex((line, at) => at > index && line.startsWith(`${start.indent}}`));
    if (end > index) spans.push({ path: file.path, name: start.name, line: index + 1, lines: end - index + 1 });
  });
  return spans;
}

function startOfFunction(lines: string[], index: number, text: string): { indent: string; name: string } | undefined {
  const match = opening.exec(text) ?? multiLineOpening(lines, index, text);
  if (match === null) return undefined;
  const name = match[2] ?? match[3] ?? match[4] ?? match[5] ?? "";
  return keywords.has(name) ? undefined : { indent: match[1] ?? "", name };
}

/** A signature broken over lines: its last line closes the parameters at the same indentation. */
function multiLineOpening(lines: string[], index: number, text: string): RegExpExecArray | null {
  if (!text.endsWith("(")) return null;
  const indent = /^\s*/.exec(text)?.[0] ?? "";
  const close = lines.findIndex((line, at) => at > index && line.startsWith(`${indent})`));
  if (close < 0 || !(lines[close] ?? "").endsWith("{")) return null;
  return opening.exec(`${text}) {`);
}
