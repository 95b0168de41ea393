// The renderers of this package, by name. Worker threads load this file as well.

import { build, kustomizeVersion } from "#render/kustomize";
import { layoutRenderer } from "./layout.ts";
import type { Renderer } from "./render-desk.ts";

/** Every renderer that a delivery may name. */
export function builtinRenderers(): Renderer[] {
  // As in Flux, reads are bound to the source, not to the folder.
  return [layoutRenderer(`kustomize ${kustomizeVersion}`, (tree, path) => buildWithin(tree, path))];
}

function buildWithin(tree: Parameters<typeof build>[0], path: string): ReturnType<typeof build>["rendering"] {
  return build(tree, path, { loadRestrictor: "none", reorder: "none" }).rendering;
}
