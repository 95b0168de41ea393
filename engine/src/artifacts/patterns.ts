// Patterns of ArtifactGenerator's copy steps: `from` is matched part by part (Go's fs.Glob, where `**` is no more than
// `*`), `exclude` may use `**` and `{a,b}` (doublestar). As source-watcher 2.2 has them.

import { compileGlob } from "#sources/git";
import { artifactFault } from "./faults.ts";
import { alternativesMost } from "./limits.ts";

export function hasGlob(text: string): boolean {
  return /[*?[\]]/.test(text);
}

/** A test for whole paths of as many parts as the pattern has. */
export function compileFrom(pattern: string): (parts: readonly string[]) => boolean {
  const parts = pattern.split("/").map((part) => compileGlob(part.replace(/\*{2,}/g, "*")));
  return (path) => path.length === parts.length && parts.every((matches, i) => matches(path[i] ?? ""));
}

/** A test for paths; a pattern without a slash is also tried on the last part alone. */
export function compileExclude(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.flatMap((pattern) =>
    expandBraces(pattern).map((text) => ({ isName: !pattern.includes("/"), matches: compilePath(text) })),
  );
  return (path) => {
    const parts = path.split("/");
    const last = parts.slice(-1);
    return tests.some(({ isName, matches }) => matches(parts) || (isName && matches(last)));
  };
}

/** A test for whole paths in which `**` stands for any number of parts. */
export function compilePath(pattern: string): (path: readonly string[]) => boolean {
  const parts = pattern.split("/").map((part) => (part === "**" ? undefined : compileGlob(part)));
  return (path) => {
    let reached = new Set<number>([0]);
    for (const part of parts) {
      const next = new Set<number>();
      for (const at of reached) {
        if (part === undefined) for (let to = at; to <= path.length; to++) next.add(to);
        else if (at < path.length && part(path[at] ?? "")) next.add(at + 1);
      }
      reached = next;
    }
    return reached.has(path.length);
  };
}

/** `a{b,c}` as `ab`, `ac`; groups within groups too. */
function expandBraces(pattern: string): string[] {
  let pending = [pattern];
  const done: string[] = [];
  while (pending.length > 0) {
    const next: string[] = [];
    for (const text of pending) {
      const group = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(text);
      if (group === null) done.push(text);
      else for (const choice of (group[2] ?? "").split(",")) next.push(`${group[1]}${choice}${group[3]}`);
    }
    if (next.length + done.length > alternativesMost)
      throw artifactFault({
        code: "spec-invalid",
        disposition: "stall",
        at: "exclude",
        message: `the pattern ${pattern.slice(0, 80)} stands for more than ${alternativesMost} patterns`,
      });
    pending = next;
  }
  return done;
}
