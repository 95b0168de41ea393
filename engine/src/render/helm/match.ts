// Patterns over paths: Go's filepath.Match, and the globs of .Files.Glob.

import { GoError } from "#formats/gotemplate";

function escape(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** filepath.Match as a regular expression; throws a GoError for a bad pattern. */
export function compilePathPattern(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const [set, end] = readSet(pattern, i);
      source += set;
      i = end;
    } else if (character === "\\") {
      if (++i >= pattern.length) throw new GoError("syntax error in pattern");
      source += escape(pattern[i] as string);
    } else source += escape(character);
  }
  return new RegExp(`^${source}$`, "su");
}

function readSet(pattern: string, start: number): [source: string, end: number] {
  let i = start + 1;
  const isNegated = pattern[i] === "^";
  if (isNegated) i++;
  let source = "";
  const first = i;
  for (; pattern[i] !== "]" || i === first; i++) {
    const character = pattern[i];
    if (character === undefined) throw new GoError("syntax error in pattern");
    if (character === "\\") source += escape(pattern[++i] ?? "");
    else source += character === "-" ? "-" : escape(character);
  }
  return [`[${isNegated ? "^" : ""}${source}]`, i];
}

export function matchesPath(pattern: string, path: string): boolean {
  return compilePathPattern(pattern).test(path);
}

/** A glob as gobwas/glob reads it with "/" as separator: ** crosses folders, {a,b} are alternatives. undefined when bad. */
export function compileGlob(pattern: string): RegExp | undefined {
  let source = "";
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "*") {
      const isSuper = pattern[i + 1] === "*";
      if (isSuper) while (pattern[i + 1] === "*") i++;
      source += isSuper ? "[\\s\\S]*" : "[^/]*";
    } else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const close = pattern.indexOf("]", i + 2);
      if (close < 0) return undefined;
      const body = pattern.slice(i + 1, close);
      source += `[${body.startsWith("!") ? `^${escapeSet(body.slice(1))}` : escapeSet(body)}]`;
      i = close;
    } else if (character === "{") {
      depth++;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else if (character === "\\") source += escape(pattern[++i] ?? "");
    else source += escape(character);
  }
  // Alternatives that are not closed end with the pattern.
  return new RegExp(`^${source}${")".repeat(depth)}$`, "u");
}

function escapeSet(body: string): string {
  return body.replace(/[\\^[\]]/g, "\\$&");
}
