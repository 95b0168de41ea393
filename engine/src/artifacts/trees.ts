// Snapshots as trees that deliveries open: with ignore rules for files that came loose, without for those of a packed file.

import { findIgnoreFiles, type TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { copiedTreeMost } from "./limits.ts";
import type { Snapshot } from "./snapshots.ts";
import type { SourceName, StoredFile } from "./store.ts";
import { tarEntries } from "./tar-entries.ts";

/** The tree with its own ignore files and the object's patterns; the latter come last, so they win. */
export async function treeOf(
  context: Context,
  snapshot: Snapshot,
  { revision, ignore }: { revision: string; ignore: string | undefined },
): Promise<TreeHandle> {
  const base = plainTreeOf(context, snapshot, revision);
  const own = await findIgnoreFiles(base);
  return { ...base, ignore: ignore === undefined ? own : [...own, { folder: "", text: ignore }] };
}

/** All of it. */
export function plainTreeOf(context: Context, snapshot: Snapshot, revision: string): TreeHandle {
  const environment = { PATH: context.environment["PATH"] };
  return { kind: "git", ...snapshot, revision, ignore: "none", environment };
}

/** The files in a packed one that is stored as it came; undefined where it is no tar.gz, or too large to be looked into. */
export async function treeOfFile(
  { source, context }: { source: SourceName; context: Context },
  { revision, stored }: { revision: string; stored: StoredFile },
  signal: AbortSignal,
): Promise<TreeHandle | undefined> {
  if (stored.size > copiedTreeMost) return undefined;
  const key = JSON.stringify(["file", stored.digest]);
  const known = await context.snapshots.find(source, key);
  if (known !== undefined) return plainTreeOf(context, known, revision);
  const bytes = await context.archives.bytes(stored.path);
  if (bytes === undefined) return undefined;
  const pieces = async function* (): AsyncIterable<Uint8Array> {
    yield bytes;
  };
  const files = (): ReturnType<typeof tarEntries> => tarEntries(pieces(), stored.path);
  const made = await context.snapshots.make(source, { key, at: stored.path, files }, signal).catch(() => undefined);
  return made === undefined ? undefined : plainTreeOf(context, made, revision);
}
