// The files of a source at a revision that it offered before: what is applied of it can then be guarded though something newer
// is offered. Out of what is kept on disk; a Git server is asked for a commit that is not.

import { type GitRepository, parseDuration } from "#api/flux";
import type { Manifest } from "#kernel";
import { parseRevision } from "#kernel";
import type { TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { gitReachOf } from "./git-access.ts";
import { baseOf, withRules } from "./git-content.ts";
import { defaultTimeoutMs } from "./limits.ts";
import { resourceOf } from "./objects.ts";
import { pastOciTree } from "./oci-repository.ts";
import type { SourceName } from "./store.ts";

/** The tree of a source at a revision, made as the source's status says; undefined where it cannot be made again. */
export async function pastTreeOf(
  source: SourceName,
  revision: string,
  context: Context,
  signal: AbortSignal,
): Promise<TreeHandle | undefined> {
  const noted = await context.records.read(source, revision, context.environment["PATH"]);
  if (noted !== undefined) return noted.tree;
  if (source.kind !== "GitRepository" && source.kind !== "OCIRepository") return undefined;
  const { namespace, name } = source;
  const answer = await context.cluster.get({ resource: resourceOf(source.kind), namespace, name });
  if (!answer.ok) return undefined;
  return source.kind === "OCIRepository"
    ? pastOciTree(answer.value, revision, context)
    : pastGitTree(answer.value, revision, context, signal);
}

async function pastGitTree(
  object: Manifest,
  revision: string,
  context: Context,
  signal: AbortSignal,
): Promise<TreeHandle | undefined> {
  const { spec, status } = object as unknown as GitRepository;
  // What others contributed then is not known any more.
  if (status?.observedRecurseSubmodules === true || (status?.observedInclude ?? []).length > 0) return undefined;
  const { namespace = "" } = object.metadata;
  const timeoutMs = parseDuration(spec.timeout ?? "") ?? defaultTimeoutMs;
  const reach = await gitReachOf(context, { namespace, spec, signal, timeoutMs });
  const mirror = context.mirrors.of(reach.url);
  const { digest } = parseRevision(revision);
  const call = { access: reach.access, signal, timeoutMs };
  const commit = (await mirror.find(digest)) ?? (await mirror.fetch({ commit: digest, name: "", revision }, call));
  const base = baseOf(context, { mirror, tree: commit.tree, revision }, status?.observedSparseCheckout);
  return withRules(base, status?.observedIgnore);
}
