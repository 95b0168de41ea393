// Which commit a reference means, given what the server lists. Precedence as in Flux: commit, name, semver, tag, branch.

import { formatRevision, type Revision } from "#kernel";
import { gitFault } from "./faults.ts";
import { compareVersions, type Constraints, parseConstraints, parseVersion, satisfies } from "#render/helm";

/** What to check out; all absent means the branch `master`. */
export type GitReference = {
  branch?: string;
  tag?: string;
  semver?: string;
  name?: string;
  commit?: string;
  /** Whatever the server's HEAD is, when nothing else is named. */
  isDefault?: boolean;
};

/** A commit found for a reference. */
export type ResolvedReference = {
  commit: string;
  /** The full name on the server it can be fetched by, or "" when only its id is known. */
  name: string;
  revision: Revision;
  /** Where the reference is a tag: its short name and, where it is annotated, the id of the tag object. */
  tag?: { name: string; object?: string };
};

const idPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The names to ask the server for; an empty list asks for nothing. */
export function namesToList(reference: GitReference): string[] {
  if (isSet(reference.commit)) return isSet(reference.branch) ? [`refs/heads/${reference.branch}`] : ["HEAD"];
  if (isSet(reference.name)) return [reference.name, `${reference.name}^{}`];
  if (isSet(reference.semver)) return ["refs/tags/*"];
  if (isSet(reference.tag)) return [`refs/tags/${reference.tag}`, `refs/tags/${reference.tag}^{}`];
  if (reference.isDefault === true) return ["HEAD"];
  return [`refs/heads/${branchOf(reference)}`];
}

function branchOf(reference: GitReference): string {
  return isSet(reference.branch) ? reference.branch : "master";
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

/** Refuses what git itself would refuse as a name, and what could be read as an option. */
export function checkReference(reference: GitReference): void {
  if (isSet(reference.commit) && !idPattern.test(reference.commit))
    throw invalid(`the commit ${reference.commit.slice(0, 80)} is no full object id`, "write all 40 hex digits");
  if (isSet(reference.name) && !reference.name.startsWith("refs/"))
    throw invalid(`the name ${reference.name.slice(0, 80)} does not begin with refs/`, "for example refs/pull/1/head");
  if (isSet(reference.semver) && rangeOf(reference.semver) === undefined)
    throw invalid(`${reference.semver.slice(0, 80)} is no range of versions`, "for example >=1.0.0 <2.0.0, ~1.2 or ^1");
  for (const part of [reference.branch, reference.tag, reference.name])
    if (isSet(part) && !isRefName(part)) throw invalid(`${JSON.stringify(part.slice(0, 80))} is no reference name`, "");
}

/** https://git-scm.com/docs/git-check-ref-format */
function isRefName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000- \u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$/.test(name)) return false;
  return (
    name !== "" && name !== "@" && name.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"))
  );
}

function invalid(message: string, hint: string): Error {
  const options = { code: "git-ref-invalid", disposition: "stall", message } as const;
  return gitFault(hint === "" ? options : { ...options, hint });
}

/** Lines of ls-remote: id, tab, name. A line of any other shape is left out, and a name that git would not take. */
export function parseRefList(output: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [id = "", name = ""] = line.split("\t");
    if (idPattern.test(id) && isRefName(name.replace(/\^\{\}$/, ""))) refs.set(name, id);
  }
  return refs;
}

/** The branch that HEAD names, from `ls-remote --symref`. */
export function defaultBranch(output: string): string | undefined {
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(output)?.[1];
}

/** Throws Fault `git-ref-absent` that says what was looked for. */
export function resolveReference(reference: GitReference, refs: ReadonlyMap<string, string>): ResolvedReference {
  if (isSet(reference.commit)) {
    const label = isSet(reference.branch) ? reference.branch : "";
    const name = isSet(reference.branch) ? `refs/heads/${reference.branch}` : "";
    return { commit: reference.commit, name, revision: revisionOf(label, reference.commit) };
  }
  if (isSet(reference.name)) return found(reference.name, reference.name, refs, `the reference ${reference.name}`);
  if (isSet(reference.semver)) return newest(reference.semver, refs);
  if (isSet(reference.tag)) return found(`refs/tags/${reference.tag}`, reference.tag, refs, `the tag ${reference.tag}`);
  if (reference.isDefault === true) return found("HEAD", "HEAD", refs, "HEAD");
  const branch = branchOf(reference);
  return found(`refs/heads/${branch}`, branch, refs, `the branch ${branch}`);
}

function found(name: string, label: string, refs: ReadonlyMap<string, string>, what: string): ResolvedReference {
  // An annotated tag is listed twice: as itself and, with ^{}, as the commit it stands for.
  const commit = refs.get(`${name}^{}`) ?? refs.get(name);
  if (commit === undefined) throw absent(`the repository has no such reference: ${what}`);
  const tag = name.startsWith("refs/tags/") ? { tag: tagOf(name, refs) } : {};
  return { commit, name, revision: revisionOf(label, commit), ...tag };
}

function tagOf(name: string, refs: ReadonlyMap<string, string>): { name: string; object?: string } {
  const [object, isAnnotated] = [refs.get(name), refs.has(`${name}^{}`)];
  const short = name.slice("refs/tags/".length);
  return object === undefined || !isAnnotated ? { name: short } : { name: short, object };
}

/** Three numbers without leading zeros, after a `v` or not: Flux counts no other tag as a version. */
const fullVersion = /^v?(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

function rangeOf(text: string): Constraints | undefined {
  try {
    return parseConstraints(text);
  } catch {
    return undefined;
  }
}

function newest(text: string, refs: ReadonlyMap<string, string>): ResolvedReference {
  const range = rangeOf(text);
  const tags = [...refs.keys()].filter((name) => name.startsWith("refs/tags/") && !name.endsWith("^{}"));
  const candidates = tags
    .map((name) => ({ name, short: name.slice("refs/tags/".length) }))
    .flatMap(({ name, short }) => {
      const version = fullVersion.test(short) ? parseVersion(short) : undefined;
      return version !== undefined && range !== undefined && satisfies(range, version) ? [{ name, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version) || (a.name < b.name ? 1 : -1));
  const best = candidates[0];
  if (best === undefined) throw absent(`none of the repository's ${tags.length} tags is within ${text}`);
  return found(best.name, best.name.slice("refs/tags/".length), refs, best.name);
}

function absent(message: string): Error {
  const hint = "check `ref` against `git ls-remote URL`; without a ref the branch master is taken";
  return gitFault({ code: "git-ref-absent", disposition: "retry", message, hint });
}

function revisionOf(label: string, commit: string): Revision {
  return formatRevision(label, commit.length === 64 ? "sha256" : "sha1", commit);
}
