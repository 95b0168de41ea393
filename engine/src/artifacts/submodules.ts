// Submodules, fetched as trees of their own mirrors: the commit that the outer tree names, from the URL in `.gitmodules`.

import { decodeUtf8 } from "#kernel";
import { findIgnoreFiles, type MirrorCall, openTree, type TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import type { Graft } from "./includes.ts";

const nestingMost = 10;

/** All submodules of a tree, those within submodules too. */
export async function fetchSubmodules(
  handle: TreeHandle,
  url: string,
  context: Context,
  call: MirrorCall,
): Promise<Graft[]> {
  return fetchLevel({ handle, url, prefix: "", depth: 0 }, context, call);
}

type Level = { handle: TreeHandle; url: string; prefix: string; depth: number };

async function fetchLevel(level: Level, context: Context, call: MirrorCall): Promise<Graft[]> {
  const { handle, url, prefix, depth } = level;
  if (depth > nestingMost)
    throw artifactFault({
      code: "include-unavailable",
      disposition: "stall",
      at: prefix,
      message: `submodules stand more than ${nestingMost} deep`,
    });
  const open = await openTree(handle);
  if (open.tree.entry(".gitmodules")?.type !== "file") return [];
  await open.prefetch(".gitmodules");
  const grafts: Graft[] = [];
  for (const module of parseModules(decodeUtf8(open.tree.read(".gitmodules")))) {
    // The folders on the way are loaded one by one; a module named in the file but not in the tree does not exist.
    await open.prefetch(module.path.split("/")[0] ?? "");
    const entry = open.tree.entry(module.path);
    if (entry?.type !== "submodule") continue;
    const moduleUrl = resolveUrl(url, module.url);
    const mirror = context.mirrors.of(moduleUrl);
    // Credentials go to the server they were given for, and to no other that a repository names.
    const own = originOf(moduleUrl) === originOf(url) ? call : { ...call, access: {} };
    const resolved = await mirror.resolve({ commit: entry.hash }, own);
    const commit = await mirror.fetch(resolved, own);
    const base = { ...handle, repository: mirror.folder, tree: commit.tree };
    const inner: TreeHandle = { ...base, ignore: await findIgnoreFiles(base) };
    const path = prefix === "" ? module.path : `${prefix}/${module.path}`;
    grafts.push({ path, from: "", handle: inner });
    grafts.push(
      ...(await fetchLevel(
        { handle: { ...inner, ignore: "none" }, url: moduleUrl, prefix: path, depth: depth + 1 },
        context,
        call,
      )),
    );
  }
  return grafts;
}

/** `path` and `url` of each section; https://git-scm.com/docs/gitmodules */
function parseModules(text: string): { path: string; url: string }[] {
  return text.split(/^\s*\[submodule .*\]\s*$/m).flatMap((section) => {
    const path = /^\s*path\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    const url = /^\s*url\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    return path === undefined || url === undefined ? [] : [{ path, url }];
  });
}

/** A URL that begins with ./ or ../ is relative to the outer repository's. */
function resolveUrl(outer: string, url: string): string {
  if (!/^\.{1,2}\//.test(url)) return url;
  return new URL(url, `${outer.replace(/\/+$/, "")}/`).toString();
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url.startsWith("/") ? `file://${url}` : url);
  return `${protocol}//${host}`;
}
