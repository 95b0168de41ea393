// A tree as plain data, so that it can be sent to a worker thread and opened there.

import type { Revision } from "#kernel";
import type { IgnoreSource } from "./ignore.ts";

export type TreeHandle = {
  kind: "git";
  /** The bare repository with the objects. */
  repository: string;
  /** The id of the root's tree object. */
  tree: string;
  revision: Revision;
  /** Every pattern that holds, resolved: the tree's own `.sourceignore` files, then the object's; "none" leaves out nothing. */
  ignore: readonly IgnoreSource[] | "none";
  /** Only these folders; absent means all. */
  folders?: readonly string[];
  /** The environment git is started in: PATH and such. */
  environment: Readonly<Record<string, string | undefined>>;
};

/** Equal for handles that show equal files. */
export function handleKey(handle: TreeHandle): string {
  return JSON.stringify([handle.tree, handle.ignore, handle.folders ?? null]);
}
