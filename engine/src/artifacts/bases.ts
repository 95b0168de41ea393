// Repositories that a kustomization takes bases from: reached as sources are, by the mirror that stands for an address and that
// mirror's own Secrets, and made whole with their submodules.

import type { GitAccess, MirrorCall, TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { grafted } from "./git-content.ts";
import { reachOf } from "./reach.ts";
import { accessOf } from "./secrets.ts";
import { fetchSubmodules } from "./submodules.ts";

/** What is needed of an installation to reach a base. */
export type BaseContext = Pick<Context, "cluster" | "mirrorMap" | "mirrors" | "composed" | "environment">;

/** Where a base is fetched from, and who we are there: nobody, unless a mirror has Secrets of its own. */
export async function reachBase(
  context: Pick<BaseContext, "cluster" | "mirrorMap">,
  url: string,
): Promise<{ url: string; access: GitAccess }> {
  const reach = await reachOf(context, "", { url }, words);
  const own = reach.secret === undefined ? {} : accessOf(reach.secret.values);
  return { url: reach.url, access: { ...own, ...reach.access } };
}

const unreadable = (name: string): string => `the mirror's Secret/${name} cannot be used`;
const words = { secret: unreadable, cert: unreadable, proxy: unreadable };

/** The tree with all its submodules in it. `url` is the repository's own address, not a mirror's. */
export async function withSubmodules(
  base: TreeHandle,
  url: string,
  context: BaseContext,
  call: MirrorCall,
): Promise<TreeHandle> {
  const grafts = await fetchSubmodules(base, url, context, call);
  return grafts.length === 0 ? base : grafted(context, base, { grafts, call });
}
