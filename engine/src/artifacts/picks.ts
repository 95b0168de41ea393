// Which files of a source a copy step means and where in the artifact they go. A plain path follows `cp -r`: a file takes the
// name it is given, or goes into a folder; a folder goes into a folder under its own name. A pattern brings every file and
// folder that fits and keeps their paths, but for `folder/**`, which means what is in the folder.

import { joinPath } from "#kernel";
import { compileExclude, compileFrom, compilePath, hasGlob } from "./patterns.ts";

export type SourceFile = { path: string; id: string; isExecutable: boolean };

/** A file and its place in the artifact. */
export type Picked = { file: SourceFile; path: string };

export type PickOptions = {
  /** Below the artifact's root, with the slash at its end if it was written so. */
  to: string;
  exclude: readonly string[];
  /** Packed files are looked for at any depth: `**` crosses folders. */
  isDeep: boolean;
  /** Whether something stands below this path in the artifact already. */
  hasFolder: (path: string) => boolean;
};

/** undefined: there is nothing of that name, or nothing is left of it. An excluded single file is no mistake. */
export function pickFiles(pattern: string, files: readonly SourceFile[], options: PickOptions): Picked[] | undefined {
  return hasGlob(pattern) ? byPattern(pattern, files, options) : byPath(pattern, files, options);
}

function byPattern(pattern: string, files: readonly SourceFile[], options: PickOptions): Picked[] | undefined {
  const isExcluded = compileExclude(options.exclude);
  const depth = pattern.split("/").length;
  const base = fixedPart(pattern);
  const inside = pattern.endsWith("/**") ? pattern.slice(0, -2) : "";
  const fits = options.isDeep ? wholePath(pattern) : firstParts(pattern, depth);
  const start = options.isDeep ? Number.POSITIVE_INFINITY : depth;
  const kept = files.filter(({ path }) => fits(path) && !isLeftOut(path, { base, start }, isExcluded));
  if (kept.length === 0) return undefined;
  return kept.map((file) => {
    const rest = inside !== "" && file.path.startsWith(inside) ? file.path.slice(inside.length) : file.path;
    return { file, path: placeIn(options.to, rest) };
  });
}

/** A file fits by itself or through a folder above it, whose path has as many parts as the pattern. */
function firstParts(pattern: string, depth: number): (path: string) => boolean {
  const fits = compileFrom(pattern);
  return (path) => {
    const parts = path.split("/");
    return parts.length >= depth && fits(parts.slice(0, depth));
  };
}

function wholePath(pattern: string): (path: string) => boolean {
  const fits = compilePath(pattern);
  return (path) => fits(path.split("/"));
}

/** The folders in front of the first part that is no plain name. */
function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  const first = parts.findIndex(hasGlob);
  return parts.slice(0, first < 0 ? parts.length : first).join("/");
}

function byPath(text: string, files: readonly SourceFile[], options: PickOptions): Picked[] | undefined {
  const isExcluded = compileExclude(options.exclude);
  const path = joinPath("", text);
  if (path === undefined) return undefined;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const single = files.find((file) => file.path === path);
  if (single !== undefined) {
    if (isExcluded(path)) return [];
    const target = joinPath("", options.to) ?? "";
    const isFolder = target === "" || options.to.endsWith("/") || options.hasFolder(target);
    return [{ file: single, path: isFolder ? placeIn(options.to, name) : target }];
  }
  const prefix = path === "" ? "" : `${path}/`;
  const below = files.filter((file) => file.path.startsWith(prefix));
  if (below.length === 0) return undefined;
  const start = path === "" ? 1 : path.split("/").length + 1;
  const into = placeIn(options.to, name);
  return below
    .filter((file) => !isLeftOut(file.path, { base: path, start }, isExcluded))
    .map((file) => ({ file, path: placeIn(into, file.path.slice(prefix.length)) }));
}

type Reach = { base: string /** Parts of the path from which folders above the file count as well. */; start: number };

/** An exclusion counts for the path from the root and for that from the base, of the file and of folders on the way to it. */
function isLeftOut(path: string, { base, start }: Reach, isExcluded: (path: string) => boolean): boolean {
  const parts = path.split("/");
  for (let end = Math.min(start, parts.length); end <= parts.length; end++) {
    const part = parts.slice(0, end).join("/");
    if (isExcluded(part)) return true;
    if (base !== "" && part.startsWith(`${base}/`) && isExcluded(part.slice(base.length + 1))) return true;
  }
  return false;
}

function placeIn(folder: string, path: string): string {
  return joinPath("", `${folder}/${path}`) ?? path;
}
