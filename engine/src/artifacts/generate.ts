// What one output of an ArtifactGenerator holds: copy steps in order, with the rules of `cp` that source-watcher follows.
// Works on lists of files; contents are read only where files are merged or unpacked.

import { formatYaml, parseYaml } from "#formats/yaml";
import { decodeUtf8, encodeUtf8, isObject, joinPath, type Json, setOwn } from "#kernel";
import { type ComposedFile, openTree, type TreeHandle } from "#sources/git";
import { artifactFault } from "./faults.ts";
import { compileExclude, compileFrom, hasGlob } from "./patterns.ts";
import { unpackArchive } from "./untar.ts";

export type CopyStep = {
  from: string;
  to: string;
  exclude?: string[];
  strategy?: "Overwrite" | "Merge" | "Extract";
  optional?: boolean;
};
export type SourceFiles = { handle: TreeHandle; files: readonly { path: string; id: string; isExecutable: boolean }[] };

/** Files by path in the artifact. */
type Staged = Map<string, ComposedFile>;

/** The files of one output. Throws Fault `generate-failed` that names the step. */
export async function copyFiles(
  steps: readonly CopyStep[],
  sources: ReadonlyMap<string, SourceFiles>,
): Promise<ComposedFile[]> {
  const staged: Staged = new Map();
  for (const step of steps) await copyStep(step, sources, staged);
  return [...staged.values()];
}

async function copyStep(step: CopyStep, sources: ReadonlyMap<string, SourceFiles>, staged: Staged): Promise<void> {
  const [, alias = "", pattern = ""] = /^@([^/]+)\/(.*)$/s.exec(step.from) ?? [];
  const source = sources.get(alias);
  if (source === undefined) throw failed(step, `there is no source with the alias ${alias}`);
  const to = /^@artifact\/(.*)$/s.exec(step.to)?.[1];
  const target = to === undefined ? undefined : joinPath("", to);
  if (to === undefined || target === undefined || to.startsWith("/")) throw failed(step, "`to` leaves the artifact");
  const isExcluded = compileExclude(step.exclude ?? []);
  const picked = hasGlob(pattern)
    ? pickGlob(pattern, source, target, isExcluded)
    : pickOne(pattern, source, { to, target, isExcluded, staged });
  if (picked === "absent") {
    if (step.optional === true) return;
    throw failed(step, hasGlob(pattern) ? `no files match ${pattern}` : `${pattern} does not exist`);
  }
  for (const { file, path } of picked) {
    if (step.strategy === "Extract") await extract(step, source, { file, target, isOne: !hasGlob(pattern) }, staged);
    else if (step.strategy === "Merge" && staged.has(path)) await merge(step, source, { file, path }, staged);
    else stage(step, staged, { ...file, path });
  }
}

type Picked = { file: SourceFiles["files"][number]; path: string }[] | "absent";

/** A file or folder matches when as many of its first parts do as the pattern has; a folder brings all below it. */
function pickGlob(pattern: string, source: SourceFiles, target: string, isExcluded: (path: string) => boolean): Picked {
  const depth = pattern.split("/").length;
  const matches = compileFrom(pattern);
  const literal: string[] = [];
  for (const part of pattern.split("/")) {
    if (hasGlob(part)) break;
    literal.push(part);
  }
  const base = literal.join("/");
  // `dir/**` loses the folder in front, as `cp -r dir/. to` does; other patterns keep the whole path.
  const stripped = pattern.endsWith("/**") ? `${pattern.slice(0, -3)}/` : "";
  const found = source.files.filter((file) => {
    const parts = file.path.split("/");
    return parts.length >= depth && matches(parts.slice(0, depth));
  });
  if (found.length === 0) return "absent";
  const kept = found.filter((file) => !isExcludedBelow(file.path, base, depth, isExcluded));
  if (kept.length === 0) return "absent";
  return kept.map((file) => {
    const path = stripped !== "" && file.path.startsWith(stripped) ? file.path.slice(stripped.length) : file.path;
    return { file, path: join(target, path) };
  });
}

type OneOptions = { to: string; target: string; isExcluded: (path: string) => boolean; staged: Staged };

/** A file goes to the name, or into the folder; a folder goes into the folder under its own name. */
function pickOne(pattern: string, source: SourceFiles, options: OneOptions): Picked {
  const path = joinPath("", pattern) ?? "";
  const name = path.slice(path.lastIndexOf("/") + 1);
  const { to, target, isExcluded, staged } = options;
  const file = source.files.find((each) => each.path === path);
  if (file !== undefined) {
    if (isExcluded(path)) return [];
    const isFolder =
      target === "" || to.endsWith("/") || [...staged.keys()].some((each) => each.startsWith(`${target}/`));
    return [{ file, path: isFolder ? join(target, name) : target }];
  }
  const prefix = path === "" ? "" : `${path}/`;
  const below = source.files.filter((each) => each.path.startsWith(prefix));
  if (below.length === 0) return "absent";
  return below
    .filter((each) => !isExcludedBelow(each.path, path, prefix.split("/").length, isExcluded))
    .map((each) => ({ file: each, path: join(join(target, name), each.path.slice(prefix.length)) }));
}

/** A pattern counts for the whole path and for the path below the base, for the file and each folder above it. */
function isExcludedBelow(path: string, base: string, depth: number, isExcluded: (path: string) => boolean): boolean {
  const parts = path.split("/");
  for (let end = Math.min(depth, parts.length); end <= parts.length; end++) {
    const part = parts.slice(0, end).join("/");
    if (isExcluded(part)) return true;
    if (base !== "" && part.startsWith(`${base}/`) && isExcluded(part.slice(base.length + 1))) return true;
  }
  return false;
}

async function extract(
  step: CopyStep,
  source: SourceFiles,
  { file, target, isOne }: { file: SourceFiles["files"][number]; target: string; isOne: boolean },
  staged: Staged,
): Promise<void> {
  if (!/\.(tgz|tar\.gz)$/.test(file.path)) {
    if (isOne) throw failed(step, `${file.path} is no .tar.gz or .tgz`);
    return;
  }
  for (const each of unpackArchive(await contentOf(source, file.path), file.path))
    stage(step, staged, { path: join(target, each.path), isExecutable: each.isExecutable, content: each.content });
}

/** Maps are merged key by key, all else is replaced: as values files are. */
async function merge(
  step: CopyStep,
  source: SourceFiles,
  { file, path }: { file: SourceFiles["files"][number]; path: string },
  staged: Staged,
): Promise<void> {
  const before = staged.get(path);
  if (before === undefined) return;
  const bytes = "content" in before ? before.content : await contentById(source, before.id);
  let merged: Json;
  try {
    merged = mergeMaps(parseYaml(decodeUtf8(bytes)), parseYaml(decodeUtf8(await contentOf(source, file.path))));
  } catch (cause) {
    throw failed(step, `${path} cannot be merged`, cause);
  }
  staged.set(path, { path, isExecutable: false, content: encodeUtf8(formatYaml(merged)) });
}

function mergeMaps(base: Json, over: Json): Json {
  if (!isObject(base) || !isObject(over)) return over;
  const merged = { ...base };
  for (const [key, value] of Object.entries(over))
    setOwn(merged, key, key in merged ? mergeMaps(merged[key] ?? null, value) : value);
  return merged;
}

async function contentOf(source: SourceFiles, path: string): Promise<Uint8Array> {
  const open = await openTree(source.handle);
  await open.prefetch(path);
  return open.tree.read(path);
}

async function contentById(source: SourceFiles, id: string): Promise<Uint8Array> {
  const path = source.files.find((file) => file.id === id)?.path;
  if (path !== undefined) return contentOf(source, path);
  throw artifactFault({
    code: "generate-failed",
    disposition: "retry",
    message: "a file to merge into comes from another source; merge files of one source",
  });
}

/** A file cannot stand where a folder is, nor the other way round. */
function stage(step: CopyStep, staged: Staged, file: ComposedFile): void {
  for (let slash = file.path.indexOf("/"); slash >= 0; slash = file.path.indexOf("/", slash + 1))
    if (staged.has(file.path.slice(0, slash))) throw failed(step, `${file.path.slice(0, slash)} is a file already`);
  staged.set(file.path, file);
}

function join(folder: string, path: string): string {
  return folder === "" ? path : path === "" ? folder : `${folder}/${path}`;
}

function failed(step: CopyStep, message: string, cause?: unknown): Error {
  const at = `copy from ${step.from} to ${step.to}`;
  return artifactFault({ code: "generate-failed", disposition: "retry", at, message, cause });
}
