// The loop over one GitRepository: asks the server what its reference is now, brings what is new into the mirror, checks its
// signatures, offers it as an artifact, and says so in the object's status as Flux does (source-controller 1.9).

import type { GitRepository, GitRepositorySpec } from "#api/flux";
import type { ReconcileResult } from "#controller";
import { equalJson, type Fault, faultFrom, type Json, type JsonObject, type Manifest, parseRevision } from "#kernel";
import {
  type FetchedCommit,
  type GitMirror,
  type MirrorCall,
  type ResolvedReference,
  tidyComposed,
} from "#sources/git";
import { mirroredUrl } from "#sources/mirrors";
import type { Context } from "./context.ts";
import { gitReachOf } from "./git-access.ts";
import { baseOf, contentOf, type Included, includedOf, type ModuleGraft, withRules } from "./git-content.ts";
import { type Verification, verificationOf, verifyRevision } from "./git-verify.ts";
import { during, failureOf, type Phase, PhaseFault } from "./phases.ts";
import { type Ending, type FailureMark, reconcileSource, type SourcePass, sourceNameOf } from "./source-pass.ts";
import type { TreeArtifact } from "./store.ts";

type Status = NonNullable<GitRepository["status"]>;
type Pass = SourcePass<GitRepositorySpec, Status>;

/** One level-triggered pass. Faults are written into the status, then thrown on for the back-off. */
export async function reconcileGitRepository(
  object: Manifest,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const key = keyOf(object);
  if (object.metadata.deletionTimestamp !== undefined) {
    context.mirrorUse.forget(key);
    context.verified.delete(key);
    await context.records.remove(sourceNameOf(object));
  }
  return reconcileSource<GitRepositorySpec, Status>(object, { work, failureOf: failureOfGit }, context, signal);
}

function keyOf(object: Manifest): string {
  const { kind, namespace, name } = sourceNameOf(object);
  return `${kind}/${namespace}/${name}`;
}

/** After a restart: what the status names is offered out of the mirror, without the network, also while suspended. */
export async function resumeGitRepository(object: Manifest, context: Context): Promise<void> {
  const { spec, status } = object as unknown as GitRepository;
  const { artifact } = status ?? {};
  if (artifact === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = sourceNameOf(object);
  const { revision, digest, size } = artifact;
  const known = digest === undefined || size === undefined ? undefined : { digest, size };
  const offer = (found: TreeArtifact): void => {
    const path = context.archives.offer(source, fileOf(revision), found.tree, known === undefined ? {} : { known });
    context.store.put({ ...found, ...(known === undefined ? {} : { file: { path, ...known } }) });
  };
  const noted = await context.records.read(source, revision, context.environment["PATH"]);
  if (noted !== undefined) return offer(noted);
  // What is made of several repositories is made again by its pass.
  if (status?.observedRecurseSubmodules === true || (status?.observedInclude ?? []).length > 0) return;
  const mirror = context.mirrors.of(mirroredUrl(context.mirrorMap, spec.url).url);
  const commit = await mirror.find(parseRevision(revision).digest);
  if (commit === undefined) return;
  const base = baseOf(context, { mirror, tree: commit.tree, revision }, status?.observedSparseCheckout);
  offer({ ...source, revision, tree: await withRules(base, status?.observedIgnore), subject: commit.message });
}

function fileOf(revision: string): string {
  return `${parseRevision(revision).digest}.tar.gz`;
}

const checkoutPhase: Phase = {
  type: "FetchFailed",
  reason: "GitOperationFailed",
  message: "failed to checkout and determine revision",
};

async function work(pass: Pass, signal: AbortSignal): Promise<void> {
  const { spec, context } = pass;
  const { timeoutMs } = pass;
  if (pass.conditions.is("SourceVerified", "False")) pass.conditions.remove("SourceVerified");
  const reach = await gitReachOf(context, { namespace: pass.source.namespace, spec, signal, timeoutMs });
  const call: MirrorCall = { access: reach.access, signal, timeoutMs };
  const mirror = await during(urlPhase(spec.url), () => context.mirrors.of(reach.url));
  const included = await includedOf(pass);
  pass.conditions.remove("IncludeUnavailable");
  if (pass.artifact !== undefined && isIncludeChanged(pass, included))
    await pass.outdated("included artifacts differ from last observed includes", "IncludeChange");
  const resolved = await fetching(pass, reach.refused, () => mirror.resolve(spec.ref ?? {}, call));
  const verification = await verificationOf(pass);
  if (await isSettled(pass, { resolved, included, mirror, verification }, signal)) return settle(pass, resolved);
  const commit = await fetching(pass, reach.refused, () => mirror.fetch(resolved, call));
  const mode = await verify(pass, verification, { resolved, mirror, call });
  if (pass.artifact?.revision !== resolved.revision)
    await pass.outdated(`new upstream revision '${resolved.revision}'`);
  const fetched = { mirror, tree: commit.tree, revision: resolved.revision, call, url: spec.url };
  const { tree, modules } = await contentOf(pass, fetched, included);
  const artifact = { ...pass.source, revision: resolved.revision, tree, subject: commit.message };
  const ending = endingOf(pass, { resolved, commit, included, mode });
  await pass.storeTree(
    { revision: resolved.revision, tree, file: fileOf(resolved.revision), link: "", subject: commit.message },
    ending,
  );
  await context.records.write(artifact);
  await tidy(pass, { mirror, commit, modules, tree: tree.tree }, signal);
}

function urlPhase(url: string): Phase {
  return {
    type: "FetchFailed",
    reason: "URLInvalid",
    message: `failed to parse url '${url.replace(/\/\/[^/@]*@/, "//")}'`,
  };
}

/** Runs a step that speaks to the server. A mirror that is damaged is made anew by the next try. */
async function fetching<T>(pass: Pass, refused: () => void, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (authenticationCodes.includes(fault.code)) refused();
    if (fault.code === "git-damaged" && fault.at !== undefined) await dropDamaged(pass, fault.at);
    throw new PhaseFault(phaseOf(fault), fault);
  }
}

function phaseOf({ code }: Fault): Phase {
  const { type } = checkoutPhase;
  if (code === "git-empty") return { type, reason: "EmptyGitRepository", message: "git repository is empty" };
  // Credentials that cannot be used at all have asked nobody yet; what a server refuses is a failed operation, as in Flux.
  if (code === "git-credentials-invalid")
    return { type, reason: "AuthenticationFailed", message: "failed to configure authentication options" };
  return checkoutPhase;
}

const authenticationCodes: readonly string[] = [
  "git-authentication-failed",
  "git-credentials-invalid",
  "git-host-key-rejected",
  "git-certificate-rejected",
];

/** A mirror whose own objects are damaged would fail for ever; what a server sends is another matter. */
async function dropDamaged(pass: Pass, at: string): Promise<void> {
  const mirror = pass.context.mirrors.find(at);
  if (mirror !== undefined) await mirror.reset();
}

/** Codes that no repetition mends: the object itself must be changed. */
const ofSpec: readonly string[] = [
  "git-url-invalid",
  "git-ref-invalid",
  "spec-invalid",
  "verification-failed",
  "not-supported",
];

function failureOfGit(fault: Fault): FailureMark {
  const mark = failureOf(fault);
  return { ...mark, isStalled: fault.disposition === "stall" && ofSpec.includes(fault.code) };
}

type Look = {
  resolved: ResolvedReference;
  included: readonly Included[];
  mirror: GitMirror;
  verification: Verification | undefined;
};

/** Nothing but the revision need be looked at: it is offered, and made as the spec wishes. */
async function isSettled(pass: Pass, look: Look, signal: AbortSignal): Promise<boolean> {
  const { resolved, included, mirror, verification } = look;
  if (!pass.isOffered(resolved.revision) || isContentChanged(pass) || isIncludeChanged(pass, included)) return false;
  const isVerified = pass.context.verified.get(keyOf(pass.object)) === verification?.markOf(resolved);
  if (verification !== undefined && (!isVerified || !pass.conditions.is("SourceVerified", "True"))) return false;
  if (verification === undefined && pass.status.sourceVerificationMode !== undefined) return false;
  if (await mirror.isIntact(signal)) return true;
  await mirror.reset();
  return false;
}

/** Whether the artifact was made in another way than is wished now. */
function isContentChanged({ spec, status }: Pass): boolean {
  const same = (a: unknown, b: unknown): boolean => equalJson((a ?? null) as Json, (b ?? null) as Json);
  return (
    spec.ignore !== status.observedIgnore ||
    (spec.recurseSubmodules === true) !== (status.observedRecurseSubmodules === true) ||
    !same(spec.sparseCheckout ?? [], status.observedSparseCheckout ?? []) ||
    !same(spec.include ?? [], status.observedInclude ?? [])
  );
}

function isIncludeChanged({ status }: Pass, included: readonly Included[]): boolean {
  const before = status.includedArtifacts ?? [];
  const isSame = (i: number): boolean =>
    before[i]?.revision === included[i]?.artifact.revision && before[i]?.digest === included[i]?.artifact.digest;
  return before.length !== included.length || included.some((_, i) => !isSame(i));
}

async function settle(pass: Pass, resolved: ResolvedReference): Promise<void> {
  const subject = pass.context.store.get(pass.source)?.subject ?? resolved.revision;
  const isAsked = pass.isRequested;
  await pass.keep({
    stored: storedMark(resolved.revision),
    event: { reason: "Succeeded", message: storedMessage(subject) },
  });
  if (!isAsked) return;
  const message = `no changes since last reconciliation: observed revision '${resolved.revision}'`;
  await pass.context.objects.tell(pass.object, { isWarning: false, reason: "GitOperationSucceeded", message });
}

function storedMark(revision: string): { reason: string; message: string } {
  return { reason: "Succeeded", message: `stored artifact for revision '${revision}'` };
}

/** A subject is told with its first 50 characters. */
function storedMessage(subject: string): string {
  const letters = Array.from(subject);
  return `stored artifact for commit '${letters.length > 50 ? `${letters.slice(0, 50).join("")}...` : subject}'`;
}

/** The mode that the revision was verified in; undefined where nothing is asked for. */
async function verify(
  pass: Pass,
  verification: Verification | undefined,
  what: { resolved: ResolvedReference; mirror: GitMirror; call: MirrorCall },
): Promise<string | undefined> {
  const key = keyOf(pass.object);
  if (verification === undefined) {
    pass.conditions.remove("SourceVerified");
    pass.context.verified.delete(key);
    return undefined;
  }
  pass.context.verified.delete(key);
  const message = await verifyRevision(verification, { ...what, nowMs: pass.context.clock.now() });
  pass.conditions.set("SourceVerified", "True", { reason: "Succeeded", message });
  pass.context.verified.set(key, verification.markOf(what.resolved));
  return verification.mode;
}

type Made = {
  resolved: ResolvedReference;
  commit: FetchedCommit;
  included: readonly Included[];
  mode: string | undefined;
};

function endingOf({ spec }: Pass, { resolved, commit, included, mode }: Made): Ending {
  const json = (value: readonly unknown[] | undefined): JsonObject[] | null =>
    value === undefined || value.length === 0 ? null : (value as JsonObject[]);
  return {
    stored: storedMark(resolved.revision),
    members: {
      observedIgnore: spec.ignore ?? null,
      observedRecurseSubmodules: spec.recurseSubmodules === true ? true : null,
      observedInclude: json(spec.include),
      observedSparseCheckout: json(spec.sparseCheckout),
      includedArtifacts: json(included.map((each) => each.artifact)),
      sourceVerificationMode: mode ?? null,
    },
    event: { reason: "NewArtifact", message: storedMessage(commit.message) },
  };
}

/** Lets go what no source needs any more, of the mirrors that this one reads. */
async function tidy(
  pass: Pass,
  made: { mirror: GitMirror; commit: FetchedCommit; modules: readonly ModuleGraft[]; tree: string },
  signal: AbortSignal,
): Promise<void> {
  const { context } = pass;
  const commits = new Map<string, string[]>([[made.mirror.folder, [made.commit.commit]]]);
  for (const { folder, commit } of made.modules) commits.set(folder, [...(commits.get(folder) ?? []), commit]);
  context.mirrorUse.note(keyOf(pass.object), commits, [made.tree]);
  const offered = context.store.values();
  const inUse = [
    ...context.mirrorUse.trees(),
    ...offered.flatMap((each) => (each.tree === undefined ? [] : [each.tree.tree])),
  ];
  const options = { folder: context.composed, environment: context.environment, signal, inUse };
  const named = offered.flatMap((each) => (each.kind === "GitRepository" ? [parseRevision(each.revision).digest] : []));
  for (const folder of commits.keys()) {
    const mirror = context.mirrors.find(folder);
    const kept = [...new Set([...context.mirrorUse.commitsOf(folder), ...named])];
    await mirror?.keepOnly(kept, signal, () => tidyComposed({ ...options, lender: folder }));
  }
  await tidyComposed(options);
}
