// What a GitRepository's artifact holds: the files of the commit, submodules, included repositories; then, over all of it, the
// ignore rules. In this order as in Flux, so that rules of one part reach into the others as they do there.

import type { ArtifactStatus, GitRepository, GitRepositorySpec } from "#api/flux";
import { isObject, joinPath, Missing } from "#kernel";
import {
  composeTree,
  filesOf,
  findIgnoreFiles,
  type GitMirror,
  type MirrorCall,
  type OpenTree,
  openTree,
  type TreeHandle,
} from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { resourceOf } from "./objects.ts";
import { during, PhaseFault } from "./phases.ts";
import type { SourcePass } from "./source-pass.ts";
import { fetchSubmodules } from "./submodules.ts";

type Pass = SourcePass<GitRepositorySpec, NonNullable<GitRepository["status"]>>;

/** Files of `handle` below `from` that stand at `path` in the whole. */
export type Graft = { path: string; from: string; handle: TreeHandle };

/** A submodule's files, and which commit of which mirror they are. */
export type ModuleGraft = Graft & { folder: string; commit: string };

/** An included repository's artifact, as its status says it and as its files. */
export type Included = { artifact: ArtifactStatus; graft: Graft };

/** The included repositories, in the order of the spec; throws PhaseFaults while one has no artifact. */
export async function includedOf(pass: Pass): Promise<Included[]> {
  const { namespace } = pass.source;
  const found: Included[] = [];
  for (const include of pass.spec.include ?? []) {
    const { name } = include.repository;
    const answer = await pass.context.cluster.get({ resource: resourceOf("GitRepository"), namespace, name });
    const resource = `could not get resource for include '${name}'`;
    if (!answer.ok) throw unavailable(name, "NotFound", resource, answer.status.message);
    if (!pass.context.isOwn(answer.value)) throw unavailable(name, "NotFound", resource, "it is of another shard");
    const status = answer.value["status"];
    const artifact = isObject(status) ? (status["artifact"] as unknown as ArtifactStatus | undefined) : undefined;
    const held = pass.context.store.getTree({ kind: "GitRepository", namespace, name });
    if (artifact === undefined || held?.revision !== artifact.revision)
      throw unavailable(name, "NoArtifact", `no artifact available for include '${name}'`, "it is not fetched yet");
    const path = joinPath("", include.toPath ?? name);
    const from = joinPath("", include.fromPath ?? "");
    if (path === undefined || path === "" || from === undefined) throw illegalPath(name);
    found.push({ artifact, graft: { path, from, handle: held.tree } });
  }
  return found;
}

function unavailable(name: string, reason: string, message: string, why: string): Error {
  const hint = `look at it with \`keelson get sources git ${name}\``;
  const cause = artifactFault({ code: "include-unavailable", disposition: "wait", message: why, hint });
  return new PhaseFault({ type: "IncludeUnavailable", reason, message }, cause);
}

function illegalPath(name: string): Error {
  const message = "the paths leave the repository, or stand for all of it";
  const cause = artifactFault({ code: "spec-invalid", disposition: "stall", at: "spec.include", message });
  const phase = {
    type: "StorageOperationFailed",
    reason: "IllegalPath",
    message: `path calculation for include '${name}' failed`,
  };
  return new PhaseFault(phase, cause);
}

export type Fetched = { mirror: GitMirror; tree: string; revision: string; call: MirrorCall; url: string };

/** The whole tree, and the submodules that are part of it. */
export async function contentOf(
  pass: Pass,
  fetched: Fetched,
  included: readonly Included[],
): Promise<{ tree: TreeHandle; modules: readonly ModuleGraft[] }> {
  const { spec, context } = pass;
  const base = baseOf(context, fetched, spec.sparseCheckout);
  await checkFolders(base, spec.sparseCheckout ?? []);
  const modules =
    spec.recurseSubmodules === true ? await fetchSubmodules(base, fetched.url, context, fetched.call) : [];
  const grafts = [...modules, ...included.map((each) => each.graft)];
  const whole = grafts.length === 0 ? base : await grafted(context, base, { grafts, call: fetched.call });
  return { tree: await withRules(whole, spec.ignore), modules };
}

/** All files of the commit, or those of the folders named. */
export function baseOf(
  context: Context,
  { mirror, tree, revision }: Pick<Fetched, "mirror" | "tree" | "revision">,
  folders: readonly string[] | undefined,
): TreeHandle {
  const environment = { PATH: context.environment["PATH"] };
  const base = {
    kind: "git" as const,
    repository: mirror.folder,
    tree,
    revision,
    environment,
    ignore: "none" as const,
  };
  return folders === undefined || folders.length === 0 ? base : { ...base, folders };
}

/** The tree with its own ignore files and the object's patterns; the latter come last, so they win. */
export async function withRules(handle: TreeHandle, ignore: string | undefined): Promise<TreeHandle> {
  const own = await during(
    {
      type: "StorageOperationFailed",
      reason: "SourceIgnoreError",
      message: "failed to load source ignore patterns from repository",
    },
    () => findIgnoreFiles(handle),
  );
  return { ...handle, ignore: ignore === undefined ? own : [...own, { folder: "", text: ignore }] };
}

/** A folder that does not exist is a mistake, not an empty artifact. */
async function checkFolders(base: TreeHandle, folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return;
  const { folders: _, ...all } = base;
  const open = await openTree(all);
  for (const folder of folders) {
    const path = joinPath("", folder.replace(/^(\.\/)+/, ""));
    if (path !== undefined && (path === "" || (await hasEntry(open, path)))) continue;
    const message = `sparse checkout dir '${folder}' does not exist in repository`;
    const cause = artifactFault({
      code: "generate-failed",
      disposition: "retry",
      message,
      hint: "correct `sparseCheckout`",
    });
    throw new PhaseFault(
      { type: "FetchFailed", reason: "GitOperationFailed", message: "failed to sparse checkout directories" },
      cause,
    );
  }
}

async function hasEntry(open: OpenTree, path: string): Promise<boolean> {
  for (;;) {
    try {
      return open.tree.entry(path) !== undefined;
    } catch (thrown) {
      if (!(thrown instanceof Missing)) throw thrown;
      await open.fetch(thrown.needs);
    }
  }
}

/** The tree with files of others in it. */
export async function grafted(
  context: Pick<Context, "composed" | "environment">,
  base: TreeHandle,
  { grafts, call }: { grafts: readonly Graft[]; call: MirrorCall },
): Promise<TreeHandle> {
  const lists = await Promise.all(
    grafts.map(async ({ path, from, handle }) =>
      (await filesOf(handle))
        .filter((file) => from === "" || file.path === from || file.path.startsWith(`${from}/`))
        .map((file) => ({
          ...file,
          path: from === "" ? `${path}/${file.path}` : `${path}${file.path.slice(from.length)}`,
        })),
    ),
  );
  const files = new Map([...(await filesOf(base)), ...lists.flat()].map((file) => [file.path, file]));
  const repositories = [base, ...grafts.map((each) => each.handle)].map((each) => each.repository);
  const options = { folder: context.composed, environment: context.environment, signal: call.signal };
  const { folders: _, ...rest } = base;
  return { ...rest, ...(await composeTree([...files.values()], repositories, options)) };
}
