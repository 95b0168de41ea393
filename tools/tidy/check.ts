// The rules themselves: each takes sources and returns complaints, `path:line: what, and what to do`.

import { posix } from "node:path";
import { bannedCalls, bannedFolders, limits, packages } from "./rules.ts";
import { folderOf, functionsOf, importsOf, type SourceFile } from "./source.ts";

export type Complaint = string;

export function checkPackages(files: readonly SourceFile[]): Complaint[] {
  return files
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) => {
        if (/^[.#]|^node:/.test(specifier)) return [];
        const name = specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/");
        const known = packages[name];
        if (known === undefined)
          return [`${file.path}:${line}: package ${name} is not listed with a reason in tools/tidy/rules.ts`];
        if (!known.folders.includes(folderOf(file.path)))
          return [`${file.path}:${line}: package ${name} belongs to ${known.folders.join(", ")}`];
        return [];
      }),
    );
}

export function checkBannedCalls(files: readonly SourceFile[]): Complaint[] {
  return files
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      file.lines.flatMap((text, index) => {
        if (/^\s*(\/\/|\*|\/\*)/.test(text)) return [];
        return bannedCalls
          .filter((ban) => ban.pattern.test(text) && !ban.allowed.includes(folderOf(file.path)))
          .map((ban) => `${file.path}:${index + 1}: ${ban.pattern.source} is banned here; use ${ban.instead}`);
      }),
    );
}

/** Crossing a folder goes through its door: `#folder` or `#folder/unit`; inside, `./` or a unit's own door. */
export function checkDoors(files: readonly SourceFile[]): Complaint[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, line }) => {
      if (specifier.startsWith("../")) {
        const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
        // A contract's suite belongs to the folder of the contract and is run by each implementation's tests.
        if (file.isTest && specifier.endsWith(".contract.ts")) return [];
        if (folderOf(target) !== folderOf(file.path))
          return [`${file.path}:${line}: leave a folder by #folder, not by ${specifier}`];
      }
      if (/^export \* from/m.test(file.text))
        return [`${file.path}: export * hides what a door offers; name the exports`];
      return [];
    }),
  );
}

export function checkReminders(files: readonly SourceFile[]): Complaint[] {
  return files.flatMap((file) =>
    file.lines.flatMap((text, index) => {
      if (/\bFIXME\b|\bXXX\b/.test(text)) return [`${file.path}:${index + 1}: leftover reminder`];
      if (/\bTODO\b(?! until )/.test(text))
        return [`${file.path}:${index + 1}: a TODO names the condition that removes it: "TODO until …: …"`];
      return [];
    }),
  );
}

export function checkHeaders(files: readonly SourceFile[]): Complaint[] {
  return files
    .filter((file) => !file.isTest && file.text !== "export {};\n" && !/^(\/\/|\/\*\*|#!)/.test(file.text))
    .map((file) => `${file.path}: begins without a header that says what it is`);
}

/** Folders that the tree has and the map does not show, and the other way round; `others` stand beside the engine. */
export function checkFolders(
  files: readonly SourceFile[],
  architecture: string,
  others: readonly string[] = [],
): Complaint[] {
  const folders = new Set(files.map((file) => posix.dirname(file.path)));
  const complaints: Complaint[] = [];
  for (const folder of folders) {
    const parts = folder.split("/").slice(2);
    if (parts.length > 3) complaints.push(`${folder}: deeper than three folders under src`);
    if (parts.some((part) => bannedFolders.includes(part)))
      complaints.push(`${folder}: a folder with such a name collects everything; name the idea`);
    const room = parts.slice(0, 2).join("/");
    if (room !== "" && !architecture.includes(`${room}/`))
      complaints.push(`${folder}: ARCHITECTURE.md has no line for ${room}/`);
  }
  const known = [...others, ...[...folders].map((folder) => `${folder.split("/").slice(2).join("/")}/`)];
  for (const [, named = ""] of architecture.matchAll(/`([\w/-]+\/)`/g))
    if (!known.some((folder) => folder.startsWith(named)))
      complaints.push(`ARCHITECTURE.md: there is no folder ${named}`);
  return [...new Set(complaints)];
}

/** Source files that neither a door, an entry point nor another file reaches. */
export function checkOrphans(files: readonly SourceFile[], entryPoints: readonly string[]): Complaint[] {
  const imported = new Set<string>(entryPoints);
  for (const file of files) {
    for (const { specifier } of importsOf(file)) {
      if (specifier.startsWith(".")) imported.add(posix.normalize(posix.join(posix.dirname(file.path), specifier)));
    }
    for (const match of file.text.matchAll(/new URL\("(\.[^"]+)\.js", import\.meta\.url\)/g)) {
      imported.add(posix.normalize(posix.join(posix.dirname(file.path), `${match[1]}.ts`)));
    }
  }
  return files
    .filter((file) => !file.isTest && !file.path.endsWith("/index.ts") && !imported.has(file.path))
    .map((file) => `${file.path}: nobody imports it`);
}

export type Sizes = { [place: string]: number };

/** What is over the limits now: `path` for files, `path:name` for functions. */
export function oversized(files: readonly SourceFile[]): Sizes {
  const over: Sizes = {};
  for (const file of files.filter((each) => !each.isTest)) {
    const length = file.lines.length - 1;
    if (length > limits.fileLines) over[file.path] = length;
    for (const span of functionsOf(file)) {
      if (span.lines > limits.functionLines)
        over[`${span.path}:${span.name}`] = Math.max(span.lines, over[`${span.path}:${span.name}`] ?? 0);
    }
  }
  return over;
}

/** Old excess may stay, none may grow, none may come. */
export function checkRatchet(now: Sizes, before: Sizes): Complaint[] {
  return Object.entries(now).flatMap(([place, lines]) => {
    const allowed = before[place];
    if (allowed === undefined)
      return [
        `${place}: ${lines} lines; the limits are ${limits.functionLines} for a function and ${limits.fileLines} for a file`,
      ];
    return lines > allowed ? [`${place}: grew from ${allowed} to ${lines} lines; it may only shrink`] : [];
  });
}

/** The folder graph as text, one line a folder, for the golden file. */
export function folderGraph(files: readonly SourceFile[]): string {
  const edges = new Map<string, Set<string>>();
  for (const file of files.filter((each) => !each.isTest)) {
    const from = folderOf(file.path) || "main";
    const targets = edges.get(from) ?? new Set<string>();
    for (const { specifier } of importsOf(file)) {
      const to = /^#([^/]+)/.exec(specifier)?.[1];
      if (to !== undefined && to !== from) targets.add(to);
    }
    edges.set(from, targets);
  }
  return [...edges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, to]) => `${from} -> ${[...to].sort().join(" ")}`.trimEnd())
    .join("\n")
    .concat("\n");
}

/** The codes of every `…Code` union in a faults.ts. */
export function faultCodes(files: readonly SourceFile[]): Set<string> {
  const codes = new Set<string>();
  for (const file of files.filter((each) => each.path.endsWith("/faults.ts"))) {
    for (const [union] of file.text.matchAll(/\w*Code =[^;]*;/g)) {
      for (const [, code = ""] of union.matchAll(/"([a-z-]+)"/g)) codes.add(code);
    }
  }
  return codes;
}
