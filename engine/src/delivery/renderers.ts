// The renderers of this package, by name. Worker threads load this file as well.

import { build, kustomizeVersion } from "#render/kustomize";
import { type Build, layoutRenderer } from "./layout.ts";
import type { Renderer } from "./render-desk.ts";

/** Every renderer that a delivery may name. */
export function builtinRenderers(): Renderer[] {
  return [layoutRenderer(`kustomize ${kustomizeVersion}`, buildWithin)];
}

/** As in Flux, reads are bound to the source, not to the folder. */
const buildWithin: Build = (tree, path, remote) =>
  build(tree, path, { loadRestrictor: "none", reorder: "none", ...(remote === undefined ? {} : { remote }) }).rendering;
