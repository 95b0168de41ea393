// Submodules, fetched as trees of their own mirrors: the commit that the outer tree names, from the URL in `.gitmodules`. What
// a repository writes there is not trusted: it reaches no file of this machine and gets no credentials of another server.

import { decodeUtf8, formatRevision } from "#kernel";
import { type MirrorCall, openTree, parseGitUrl, type TreeHandle } from "#sources/git";
import { mirroredUrl } from "#sources/mirrors";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import type { ModuleGraft } from "./git-content.ts";
import { submodulesMost, submodulesNestedMost } from "./limits.ts";

type ModuleContext = Pick<Context, "mirrors" | "mirrorMap">;

/** All submodules of a tree, those within submodules too. `url` is the repository's own address, not a mirror's. */
export async function fetchSubmodules(
  handle: TreeHandle,
  url: string,
  context: ModuleContext,
  call: MirrorCall,
): Promise<ModuleGraft[]> {
  const found: ModuleGraft[] = [];
  await fetchLevel({ handle, url, prefix: "", depth: 0 }, found, context, call);
  return found;
}

type Level = { handle: TreeHandle; url: string; prefix: string; depth: number };

async function fetchLevel(level: Level, found: ModuleGraft[], context: ModuleContext, call: MirrorCall): Promise<void> {
  const { handle, url, prefix, depth } = level;
  if (depth > submodulesNestedMost) throw tooMany(prefix, `stand more than ${submodulesNestedMost} deep`);
  // The list stands at the root, which a sparse checkout may leave out.
  const { folders: _, ...all } = handle;
  const root = await openTree(all);
  if (root.tree.entry(".gitmodules")?.type !== "file") return;
  await root.prefetch(".gitmodules");
  const open = await openTree(handle);
  for (const module of parseModules(decodeUtf8(root.tree.read(".gitmodules")))) {
    // The folders on the way are loaded one by one; a module named in the file but not in the tree does not exist.
    await open.prefetch(module.path.split("/")[0] ?? "");
    const entry = open.tree.entry(module.path);
    if (entry?.type !== "submodule") continue;
    const path = prefix === "" ? module.path : `${prefix}/${module.path}`;
    const moduleUrl = resolveUrl(url, module.url, path);
    const inner = await fetchModule({ url: moduleUrl, commit: entry.hash, outer: url }, handle, context, call);
    found.push({ path, from: "", commit: entry.hash, folder: inner.repository, handle: inner });
    if (found.length > submodulesMost) throw tooMany(path, `are more than ${submodulesMost}`);
    await fetchLevel({ handle: inner, url: moduleUrl, prefix: path, depth: depth + 1 }, found, context, call);
  }
}

async function fetchModule(
  module: { url: string; commit: string; outer: string },
  outer: TreeHandle,
  context: ModuleContext,
  call: MirrorCall,
): Promise<TreeHandle> {
  const { url, rule } = mirroredUrl(context.mirrorMap, module.url);
  const mirror = context.mirrors.of(url);
  const before = mirroredUrl(context.mirrorMap, module.outer).url;
  // Credentials go to the server they were given for, and to no other that a repository names.
  const isSame = originOf(url) === originOf(before);
  const own = isSame ? call : { ...call, access: call.access?.proxy === undefined ? {} : { proxy: call.access.proxy } };
  const { commit } = module;
  const format = commit.length === 64 ? "sha256" : "sha1";
  const fetched = await mirror.fetch(
    { commit, name: "", revision: formatRevision("", format, commit) },
    rule === undefined || isSame ? own : { ...own, access: {} },
  );
  const { folders: _, ...rest } = outer;
  return { ...rest, repository: mirror.folder, tree: fetched.tree, ignore: "none" };
}

/** `path` and `url` of each section; https://git-scm.com/docs/gitmodules */
function parseModules(text: string): { path: string; url: string }[] {
  return text.split(/^\s*\[submodule .*\]\s*$/m).flatMap((section) => {
    const path = /^\s*path\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    const url = /^\s*url\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    return path === undefined || url === undefined ? [] : [{ path, url }];
  });
}

/** A URL that begins with ./ or ../ is relative to the outer repository's; `user@host:path` is ssh. */
function resolveUrl(outer: string, url: string, path: string): string {
  const base = parseGitUrl(outer);
  const scp = /^([\w.-]+@)?([\w.-]+):(?!\/\/)([^:]+)$/.exec(url);
  const text = /^\.{1,2}\//.test(url)
    ? new URL(url, `${base.url.replace(/\/+$/, "")}/`).toString()
    : scp !== null
      ? `ssh://${scp[1] ?? "git@"}${scp[2] ?? ""}/${(scp[3] ?? "").replace(/^\/+/, "")}`
      : url;
  const location = parseGitUrl(text);
  if (location.scheme !== "file" || base.scheme === "file") return text;
  throw artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at: path,
    message: `the submodule's URL ${JSON.stringify(url.slice(0, 100))} names a file of this machine`,
    hint: "correct the URL in .gitmodules",
  });
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url.startsWith("/") ? `file://${url}` : url);
  return `${protocol}//${host}`;
}

function tooMany(at: string, what: string): Error {
  return artifactFault({
    code: "spec-invalid",
    disposition: "retry",
    at,
    message: `submodules ${what}`,
    hint: "turn `recurseSubmodules` off, or flatten them",
  });
}
