// The `.sourceignore` files of a tree, wherever they stand. What a folder holds below it is remembered by its id, so a new
// revision costs as much as what changed.

import { decodeUtf8, type Entry, Missing } from "#kernel";
import { gitFault } from "./faults.ts";
import { readerOf, tooLarge } from "./git-tree.ts";
import type { TreeHandle } from "./handle.ts";
import type { IgnoreSource } from "./ignore.ts";
import { depthMost, entriesMost, ignoreFileMost, treeCacheEntries } from "./limits.ts";
import { folders, LeastRecent } from "./tree-objects.ts";
import { Loader } from "./git-tree.ts";

const fileName = ".sourceignore";

/** Ignore files below a folder, by the folder's id: their paths relative to it and their ids. */
type Found = readonly { path: string; id: string }[];
const known = new LeastRecent<Found>(treeCacheEntries, () => 1);

/** Every `.sourceignore` of the tree, outer folders first. */
export async function findIgnoreFiles(handle: Omit<TreeHandle, "ignore">): Promise<IgnoreSource[]> {
  const loader = new Loader({ ...handle, ignore: "none" });
  await loadAll(loader, handle.tree);
  const found = await loader.whole(() => search(handle.tree, 0));
  const reader = readerOf(handle.repository, handle.environment);
  const contents = await reader.read(
    found.map((file) => file.id),
    ignoreFileMost,
  );
  return found.map((file, i) => {
    const bytes = contents[i]?.bytes;
    if (bytes === undefined) throw unreadable(file.path);
    return { folder: file.path.slice(0, -fileName.length).replace(/\/$/, ""), text: decodeUtf8(bytes) };
  });
}

/** Loads the folders not searched yet, level by level. */
async function loadAll(loader: Loader, root: string): Promise<void> {
  let level = [root];
  let seen = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const fresh = level.filter((id) => !known.has(id));
    await loader.loadFolders(fresh);
    const below = new Set<string>();
    for (const id of fresh)
      for (const entry of folders.get(id)?.values() ?? []) if (entry.type === "folder") below.add(entry.hash);
    level = [...below];
    seen += level.length;
    if (depth > depthMost || seen > entriesMost) throw tooLarge("");
  }
}

function search(id: string, depth: number): Found {
  const before = known.get(id);
  if (before !== undefined) return before;
  const folder = folders.get(id);
  if (folder === undefined) throw new Missing([{ what: "object", id }]);
  const own = folder.get(fileName);
  const found = [
    ...(own?.type === "file" ? [{ path: fileName, id: own.hash }] : []),
    ...[...folder.values()].flatMap((entry: Entry) =>
      entry.type !== "folder"
        ? []
        : search(entry.hash, depth + 1).map((file) => ({ path: `${entry.name}/${file.path}`, id: file.id })),
    ),
  ];
  if (found.length > entriesMost || depth > depthMost) throw tooLarge("");
  known.set(id, found);
  return found;
}

function unreadable(path: string): Error {
  return gitFault({
    code: "file-too-large",
    disposition: "stall",
    at: path,
    message: `the ignore file is longer than ${ignoreFileMost} bytes`,
    hint: "shorten it",
  });
}
