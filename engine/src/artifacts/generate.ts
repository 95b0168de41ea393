// What one output of an ArtifactGenerator holds: its copy steps, one after the other, over lists of files. Contents are read
// only where files are merged or unpacked.

import { formatYaml, parseYamlDocuments } from "#formats/yaml";
import { decodeUtf8, encodeUtf8, isObject, joinPath, type Json, type JsonObject, setOwn } from "#kernel";
import { type ComposedFile, openTree, type TreeHandle } from "#sources/git";
import { artifactFault } from "./faults.ts";
import { hasGlob } from "./patterns.ts";
import { type Picked, pickFiles, type SourceFile } from "./picks.ts";
import { unpackArchive } from "./tar-entries.ts";

export type CopyStep = {
  from: string;
  to: string;
  exclude?: string[];
  strategy?: "Overwrite" | "Merge" | "Extract";
  optional?: boolean;
};
export type SourceFiles = { handle: TreeHandle; files: readonly SourceFile[] };

/** Where a file's content is read: a tree, and the path there. */
type Origin = { handle: TreeHandle; path: string };

/** Files by path in the artifact. */
type Staged = Map<string, ComposedFile & { origin: Origin }>;

/** The files of one output. Throws Fault `generate-failed` that names the step. */
export async function copyFiles(
  steps: readonly CopyStep[],
  sources: ReadonlyMap<string, SourceFiles>,
): Promise<ComposedFile[]> {
  const staged: Staged = new Map();
  for (const step of steps) await copyStep(step, sources, staged);
  return [...staged.values()].map(({ origin: _, ...file }) => file);
}

async function copyStep(step: CopyStep, sources: ReadonlyMap<string, SourceFiles>, staged: Staged): Promise<void> {
  const [, alias = "", pattern = ""] = /^@([^/]+)\/(.*)$/s.exec(step.from) ?? [];
  const source = sources.get(alias);
  if (source === undefined) throw failed(step, `there is no source with the alias ${alias}`);
  const to = /^@artifact\/(.*)$/s.exec(step.to)?.[1];
  if (to === undefined || to.startsWith("/") || joinPath("", to) === undefined)
    throw failed(step, "`to` leaves the artifact");
  const isDeep = step.strategy === "Extract";
  const hasFolder = (path: string): boolean => [...staged.keys()].some((each) => each.startsWith(`${path}/`));
  const picked = pickFiles(pattern, source.files, { to, exclude: step.exclude ?? [], isDeep, hasFolder });
  if (picked !== undefined) return carryOut(step, source, { picked, to, isOne: !hasGlob(pattern) }, staged);
  if (step.optional !== true)
    throw failed(step, `nothing in the source ${alias} is named ${pattern}, or all of it is excluded`);
}

async function carryOut(
  step: CopyStep,
  source: SourceFiles,
  { picked, to, isOne }: { picked: readonly Picked[]; to: string; isOne: boolean },
  staged: Staged,
): Promise<void> {
  for (const { file, path } of picked) {
    const origin = { handle: source.handle, path: file.path };
    if (step.strategy === "Extract") {
      if (isPacked(file.path)) await unpack(step, origin, to, staged);
      else if (isOne) throw failed(step, `${file.path} is no .tar.gz or .tgz`);
    } else {
      const before = step.strategy === "Merge" ? staged.get(path) : undefined;
      if (before === undefined) stage(step, staged, { ...file, path, origin });
      else await merge(step, staged, { before, over: origin, path });
    }
  }
}

function isPacked(path: string): boolean {
  return /\.(tgz|tar\.gz)$/i.test(path);
}

async function unpack(step: CopyStep, origin: Origin, to: string, staged: Staged): Promise<void> {
  for (const each of await unpackArchive(await contentOf(origin), origin.path)) {
    const place = joinPath("", `${to}/${each.path}`);
    if (place !== undefined) stage(step, staged, { ...each, path: place, origin });
  }
}

type Merging = { before: ComposedFile & { origin: Origin }; over: Origin; path: string };

/** Maps are merged key by key, all else is replaced, as values files are; several documents in a file count as one map. */
async function merge(step: CopyStep, staged: Staged, { before, over, path }: Merging): Promise<void> {
  const base = "content" in before ? before.content : await contentOf(before.origin);
  const more = await contentOf(over);
  let merged: JsonObject;
  try {
    merged = [...mapsIn(base), ...mapsIn(more)].reduce(mergeMaps, {});
  } catch (cause) {
    throw failed(step, `${path} cannot be merged`, cause);
  }
  const content = encodeUtf8(formatYaml(merged));
  staged.set(path, { path, isExecutable: false, content, origin: over });
}

function mapsIn(bytes: Uint8Array): JsonObject[] {
  return parseYamlDocuments(decodeUtf8(bytes)).flatMap((document) => {
    if (document === null) return [];
    if (isObject(document)) return [document];
    throw new Error("a document is no map");
  });
}

function mergeMaps(base: JsonObject, over: JsonObject): JsonObject {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before: Json | undefined = Object.hasOwn(merged, key) ? merged[key] : undefined;
    setOwn(merged, key, isObject(before) && isObject(value) ? mergeMaps(before, value) : value);
  }
  return merged;
}

async function contentOf({ handle, path }: Origin): Promise<Uint8Array> {
  const open = await openTree(handle);
  await open.prefetch(path);
  return open.tree.read(path);
}

/** A file cannot stand where a folder is, nor the other way round. */
function stage(step: CopyStep, staged: Staged, file: ComposedFile & { origin: Origin }): void {
  for (let slash = file.path.indexOf("/"); slash >= 0; slash = file.path.indexOf("/", slash + 1))
    if (staged.has(file.path.slice(0, slash))) throw failed(step, `${file.path.slice(0, slash)} is a file already`);
  staged.set(file.path, file);
}

function failed(step: CopyStep, message: string, cause?: unknown): Error {
  const at = `copy from ${step.from} to ${step.to}`;
  return artifactFault({ code: "generate-failed", disposition: "retry", at, message, cause });
}
