// Other GitRepositories whose files are copied into one.

import type { GitRepositorySpec } from "#api/flux";
import { joinPath } from "#kernel";
import type { TreeHandle } from "#sources/git";
import { artifactFault } from "./faults.ts";
import type { ArtifactStore } from "./store.ts";

/** Files of `handle` below `from` that stand at `path` in the whole. */
export type Graft = { path: string; from: string; handle: TreeHandle };

/** Throws Fault `include-unavailable` while one of them has no artifact. */
export function includeTrees(
  includes: NonNullable<GitRepositorySpec["include"]>,
  namespace: string,
  store: ArtifactStore,
): Graft[] {
  return includes.map((include) => {
    const { name } = include.repository;
    const artifact = store.getTree({ kind: "GitRepository", namespace, name });
    if (artifact === undefined)
      throw artifactFault({
        code: "include-unavailable",
        disposition: "retry",
        at: `GitRepository/${namespace}/${name}`,
        message: "the included repository has no artifact yet",
        hint: `look at it with \`keelson get sources git ${name} -n ${namespace}\``,
      });
    const path = joinPath("", include.toPath ?? name);
    const from = joinPath("", include.fromPath ?? "");
    if (path === undefined || path === "" || from === undefined)
      throw artifactFault({
        code: "spec-invalid",
        disposition: "stall",
        at: "spec.include",
        message: `the paths of the include ${name} leave the repository`,
      });
    return { path, from, handle: artifact.tree };
  });
}
