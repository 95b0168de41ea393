// What differs between two trees, found by comparing ids from the root down: equal folders are never entered, so the time
// is proportional to the change.

import type { Entry } from "#kernel";
import { Loader, openTree, tooLarge } from "./git-tree.ts";
import type { TreeHandle } from "./handle.ts";
import { entriesMost } from "./limits.ts";

/** Paths of files (and links) that are added, removed or changed from `a` to `b`, sorted. */
export async function changedPaths(a: TreeHandle, b: TreeHandle): Promise<string[]> {
  const sides = [await side(a), await side(b)] as const;
  const changed: string[] = [];
  let level = [""];
  let seen = 0;
  while (level.length > 0) {
    const pairs = await Promise.all(sides.map((one) => one.listAll(level)));
    const next: string[] = [];
    level.forEach((folder, i) => {
      const [before, after] = [pairs[0]?.[i] ?? [], pairs[1]?.[i] ?? []];
      for (const { path, isFolder } of differing(folder, before, after)) (isFolder ? next : changed).push(path);
    });
    seen += changed.length + next.length;
    if (seen > entriesMost * 2) throw tooLarge("");
    level = next;
  }
  return changed.sort();
}

type Side = { listAll(folders: readonly string[]): Promise<(readonly Entry[])[]> };

async function side(handle: TreeHandle): Promise<Side> {
  const { tree } = await openTree(handle);
  const loader = new Loader(handle);
  return {
    // One batch a level: what each folder misses is asked for together.
    listAll: async (paths) => {
      const ids = await loader.whole(() => paths.map((path) => tree.entry(path)));
      await loader.loadFolders(
        ids.flatMap((entry) => (entry?.type === "folder" && entry.name !== "" ? [plainId(entry)] : [])),
      );
      return loader.whole(() => paths.map((path) => tree.list(path) ?? []));
    },
  };
}

function plainId(entry: Entry): string {
  return entry.hash.split("+")[0] ?? "";
}

function differing(
  folder: string,
  before: readonly Entry[],
  after: readonly Entry[],
): { path: string; isFolder: boolean }[] {
  const old = new Map(before.map((entry) => [entry.name, entry]));
  const found: { path: string; isFolder: boolean }[] = [];
  const note = (entry: Entry): void => {
    found.push({ path: folder === "" ? entry.name : `${folder}/${entry.name}`, isFolder: entry.type === "folder" });
  };
  for (const entry of after) {
    const other = old.get(entry.name);
    old.delete(entry.name);
    if (other?.hash === entry.hash && other.type === entry.type && other.isExecutable === entry.isExecutable) continue;
    note(entry);
    if (other !== undefined && (other.type === "folder") !== (entry.type === "folder")) note(other);
  }
  for (const entry of old.values()) note(entry);
  return found;
}
