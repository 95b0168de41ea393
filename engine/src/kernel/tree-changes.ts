// What differs between two trees, in the words of what a rendering reads: which files, and which listings, would answer
// otherwise. Equal folders are never entered, so the time is proportional to the change.

import type { Entry, FileTree } from "./file-tree.ts";
import { Missing, type Need } from "./file-tree.ts";
import { type Read, readKey } from "./reads.ts";

/**
 * The keys of all reads whose answers differ from one tree to the other; undefined when there are more than `most`.
 * Throws Missing for folders that are not at hand, those of one depth together.
 */
export function changedReads(before: FileTree, after: FileTree, most: number): ReadonlySet<string> | undefined {
  const changed = new Set<string>();
  let level = before.hash === after.hash ? [] : [""];
  while (level.length > 0) {
    const next: string[] = [];
    const pairs = listAll([before, after], level);
    level.forEach((folder, index) => {
      for (const { read, isFolder } of differences(folder, pairs[0]?.[index], pairs[1]?.[index])) {
        if (isFolder) next.push(read.path);
        else changed.add(readKey(read));
      }
    });
    if (changed.size + next.length > most) return undefined;
    level = next;
  }
  return changed;
}

type Listing = readonly Entry[] | undefined;

/** The folders' entries in each tree. What any of them misses is asked for at once. */
function listAll(trees: readonly FileTree[], folders: readonly string[]): Listing[][] {
  const needs: Need[] = [];
  const list = (tree: FileTree, folder: string): Listing => {
    try {
      return tree.list(folder);
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      needs.push(...thrown.needs);
      return undefined;
    }
  };
  const lists = trees.map((tree) => folders.map((folder) => list(tree, folder)));
  if (needs.length > 0) throw new Missing(needs);
  return lists;
}

type Difference = { read: Pick<Read, "what" | "path">; isFolder: boolean };

function differences(folder: string, before: Listing, after: Listing): Difference[] {
  const found: Difference[] = [];
  const isListing = !hasSameNames(before, after);
  if (isListing) found.push({ read: { what: "listing", path: folder }, isFolder: false });
  const note = (path: string, a: Entry | undefined, b: Entry | undefined): void => {
    const [wasFolder, isFolder] = [a?.type === "folder", b?.type === "folder"];
    // That a folder is there is all that asking for it as an entry answers.
    if (!wasFolder || !isFolder) found.push({ read: { what: "file", path }, isFolder: false });
    if (wasFolder || isFolder) found.push({ read: { what: "listing", path }, isFolder: true });
  };
  const pathOf = (name: string): string => (folder === "" ? name : `${folder}/${name}`);
  if (!isListing) {
    after?.forEach((entry, i) => {
      const other = before?.[i];
      if (other?.hash !== entry.hash) note(pathOf(entry.name), other, entry);
    });
    return found;
  }
  const old = new Map((before ?? []).map((entry) => [entry.name, entry]));
  for (const entry of after ?? []) {
    const other = old.get(entry.name);
    old.delete(entry.name);
    if (other?.hash !== entry.hash || other.type !== entry.type) note(pathOf(entry.name), other, entry);
  }
  for (const entry of old.values()) note(pathOf(entry.name), entry, undefined);
  return found;
}

/** Whether both list entries of the same names and types, in the same order. */
function hasSameNames(before: Listing, after: Listing): boolean {
  if (before === undefined || after === undefined) return before === after;
  if (before.length !== after.length) return false;
  return before.every(({ name, type }, i) => name === after[i]?.name && type === after[i].type);
}
