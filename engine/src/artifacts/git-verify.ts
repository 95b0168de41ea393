// What a GitRepository's `verify` asks for: the commit, the tag that names it, or both must be signed by a key of the Secret.
// Nothing is offered before.

import { createHash } from "node:crypto";
import type { GitRepository, GitRepositorySpec } from "#api/flux";
import {
  type GitMirror,
  type MirrorCall,
  type ResolvedReference,
  splitCommit,
  splitTag,
  tagHeaders,
  type TrustedKeys,
  verifySignature,
} from "#sources/git";
import { artifactFault } from "./faults.ts";
import { during, PhaseFault } from "./phases.ts";
import { readSecret } from "./secrets.ts";
import type { SourcePass } from "./source-pass.ts";

type Pass = SourcePass<GitRepositorySpec, NonNullable<GitRepository["status"]>>;

export type Verification = {
  mode: "HEAD" | "Tag" | "TagAndHEAD";
  keys: TrustedKeys;
  /** Equal for equal keys, mode and commit: what was verified need not be verified again. */
  markOf(resolved: ResolvedReference): string;
};

/** What is to be verified, and with which keys; undefined where nothing is. */
export async function verificationOf(pass: Pass): Promise<Verification | undefined> {
  const { verify } = pass.spec;
  if (verify === undefined) return undefined;
  const mode = verify.mode === "Tag" || verify.mode === "TagAndHEAD" ? verify.mode : "HEAD";
  const phase = refusal("VerificationError", "public keys secret error");
  const { cluster } = pass.context;
  const values = await during(phase, () => readSecret(cluster, pass.source.namespace, verify.secretRef.name));
  const isSsh = (name: string): boolean => name.endsWith(".sshpub");
  // As in Flux, a key under any other name is a PGP key.
  const keys = {
    ssh: [...values].flatMap(([name, value]) => (isSsh(name) ? [value] : [])),
    pgp: [...values].flatMap(([name, value]) => (isSsh(name) ? [] : [value])),
  };
  const hash = createHash("sha256").update(JSON.stringify(keys)).digest("hex");
  return {
    mode,
    keys,
    markOf: ({ commit, tag }) => JSON.stringify([mode, hash, commit, tag?.object ?? "", tag?.name ?? ""]),
  };
}

function refusal(reason: string, message: string): { type: string; status: "False"; reason: string; message: string } {
  return { type: "SourceVerified", status: "False", reason, message };
}

/** The message of SourceVerified; throws PhaseFaults that say what is not signed as it should be. */
export async function verifyRevision(
  verification: Verification,
  what: { resolved: ResolvedReference; mirror: GitMirror; call: MirrorCall; nowMs: number },
): Promise<string> {
  const { mode } = verification;
  const verified: string[] = [];
  if (mode !== "HEAD") verified.push(await verifyTag(verification, what));
  if (mode !== "Tag") verified.push(await verifyCommit(verification, what));
  return `verified signature of\n${verified.map((line) => `\t- ${line}`).join("\n")}`;
}

type What = Parameters<typeof verifyRevision>[1];

async function verifyTag({ keys }: Verification, { resolved, mirror, call, nowMs }: What): Promise<string> {
  const { tag, commit } = resolved;
  if (tag === undefined)
    throw refused(
      "InvalidVerificationMode",
      "cannot verify tag object's signature if a tag reference is not specified",
      "name a tag or a range of versions in `ref`, or verify HEAD",
      "stall",
    );
  const object = tag.object === undefined ? undefined : await mirror.rawObject(tag.object, call);
  const name = tag.object === undefined ? tag.name : `${tag.name}@${tag.object}`;
  const signed = object?.type === "tag" ? splitTag(object.bytes) : undefined;
  if (object === undefined || signed === undefined || signed.signature === "")
    throw refused(
      "InvalidGitObject",
      `cannot verify signature of tag '${name}' since it is not signed`,
      "sign it with `git tag -s`",
    );
  const headers = tagHeaders(object.bytes);
  const failure = `signature verification of tag '${name}' failed`;
  if (headers?.name !== tag.name)
    throw refused(
      "InvalidTagSignature",
      `${failure}: what was signed is the tag ${headers?.name ?? ""}`,
      "sign the tag under its own name",
    );
  if (headers.object !== commit || headers.type !== "commit")
    throw refused(
      "InvalidTagSignature",
      `${failure}: it is not the commit that was signed`,
      "sign a tag of the commit itself",
    );
  const verdict = await verifySignature(signed, keys, nowMs);
  if ("key" in verdict) return `tag '${name}' with key '${verdict.key}'`;
  throw refused("InvalidTagSignature", `${failure}: ${verdict.why}`, keysHint);
}

async function verifyCommit({ keys }: Verification, { resolved, mirror, call, nowMs }: What): Promise<string> {
  const { commit } = resolved;
  const object = await mirror.rawObject(commit, call);
  const signed = object?.type === "commit" ? splitCommit(object.bytes) : undefined;
  const verdict =
    signed === undefined ? { why: "it carries more than one signature" } : await verifySignature(signed, keys, nowMs);
  if ("key" in verdict) return `commit '${commit}' with key '${verdict.key}'`;
  throw refused(
    "InvalidCommitSignature",
    `signature verification of commit '${commit}' failed: ${verdict.why}`,
    keysHint,
  );
}

const keysHint = "sign with a key whose public part is in the Secret that `verify.secretRef` names, or add that";

function refused(reason: string, message: string, hint: string, disposition: "retry" | "stall" = "retry"): PhaseFault {
  const cause = artifactFault({ code: "verification-failed", disposition, message: "nothing new is offered", hint });
  return new PhaseFault(refusal(reason, message), cause);
}
