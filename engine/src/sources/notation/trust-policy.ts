// Trust policy documents: which statement holds for a repository, which checks it enforces, whom it trusts.
// https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md

import { isObject, type Json, type JsonObject } from "#kernel";
import { type DistinguishedName, isPartOf, parseDistinguishedName } from "./distinguished-name.ts";
import { notationFault } from "./faults.ts";

export type Check = "integrity" | "authenticity" | "authenticTimestamp" | "expiry" | "revocation";
export type Action = "enforce" | "log" | "skip";

export type TrustPolicy = {
  name: string;
  scopes: readonly string[];
  /** undefined: nothing is verified. */
  actions: Readonly<Record<Check, Action>> | undefined;
  verifiesTimestamp: "always" | "afterCertExpiry";
  /** Kinds of stores named: ca, signingAuthority, tsa. */
  stores: readonly string[];
  /** undefined: any signer of a trusted authority. */
  identities: readonly DistinguishedName[] | undefined;
};

export type TrustPolicyDocument = readonly TrustPolicy[];

const levels: Readonly<Record<string, Readonly<Record<Check, Action>>>> = {
  strict: actionsOf("enforce", "enforce"),
  permissive: actionsOf("enforce", "log"),
  audit: actionsOf("log", "log"),
};

function actionsOf(authenticity: Action, rest: Action): Readonly<Record<Check, Action>> {
  return { integrity: "enforce", authenticity, authenticTimestamp: rest, expiry: rest, revocation: rest };
}

/** Reads `trustpolicy.json`; throws Fault `notation-policy-invalid`. */
export function parseTrustPolicy(text: string, at: string): TrustPolicyDocument {
  try {
    return parse(JSON.parse(text) as Json);
  } catch (cause) {
    throw notationFault({
      code: "notation-policy-invalid",
      disposition: "retry",
      at,
      message: "error occurred while parsing trustpolicy.json",
      hint: "see https://notaryproject.dev/docs/user-guides/how-to/manage-trust-policy",
      cause,
    });
  }
}

/** The statement for a repository: one that names it comes before one for all. */
export function policyFor(document: TrustPolicyDocument, repository: string): TrustPolicy | undefined {
  return (
    document.find(({ scopes }) => scopes.includes(repository)) ?? document.find(({ scopes }) => scopes.includes("*"))
  );
}

function parse(data: Json): TrustPolicyDocument {
  const { version, trustPolicies } = isObject(data) ? data : ({} as JsonObject);
  if (version !== "1.0") throw new Error(`trust policy document uses unsupported version ${JSON.stringify(version)}`);
  const statements = (Array.isArray(trustPolicies) ? trustPolicies : []).filter(isObject).map(parseStatement);
  if (statements.length === 0) throw new Error("trust policy document can not have zero trust policy statements");
  const twice = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) < i);
  const name = twice(statements.map((each) => each.name));
  if (name !== undefined) throw new Error(`multiple trust policy statements use the same name "${name}"`);
  const scope = twice(statements.flatMap((each) => each.scopes));
  if (scope !== undefined) throw new Error(`registry scope "${scope}" is present in multiple trust policy statements`);
  return statements;
}

function parseStatement(data: JsonObject): TrustPolicy {
  const { name, registryScopes, signatureVerification, trustStores, trustedIdentities } = data;
  if (typeof name !== "string" || name === "") throw new Error("a trust policy statement is missing a name");
  const at = `trust policy statement "${name}"`;
  const verification = isObject(signatureVerification) ? signatureVerification : {};
  const actions = parseLevel(verification, at);
  const [stores, identities] = [textsOf(trustStores), textsOf(trustedIdentities)];
  const { verifyTimestamp: when = "always" } = verification;
  if (when !== "always" && when !== "afterCertExpiry" && when !== "")
    throw new Error(`${at} has an invalid verifyTimestamp`);
  // Flux lets a statement that skips verification name stores and identities, which then count for nothing.
  if (actions !== undefined && (stores.length === 0 || identities.length === 0))
    throw new Error(`${at} is either missing trust stores or trusted identities, both must be specified`);
  return {
    name,
    scopes: parseScopes(textsOf(registryScopes), at),
    actions,
    verifiesTimestamp: when === "afterCertExpiry" ? when : "always",
    stores: actions === undefined ? [] : stores.map((each) => parseStore(each, at)),
    identities: actions === undefined ? [] : parseIdentities(identities, at),
  };
}

function parseLevel({ level, override }: JsonObject, at: string): TrustPolicy["actions"] {
  const own = Object.entries(isObject(override) ? override : {});
  if (level === "skip") {
    if (own.length > 0) throw new Error(`${at}: the level "skip" can't be used to customize signature verification`);
    return undefined;
  }
  const base = typeof level === "string" && Object.hasOwn(levels, level) ? levels[level] : undefined;
  if (base === undefined) throw new Error(`${at} has an invalid signature verification level ${JSON.stringify(level)}`);
  const actions = { ...base };
  for (const [check, action] of own) {
    const isAction = action === "enforce" || action === "log" || action === "skip";
    if (!isCheck(check) || !isAction) throw new Error(`${at}: "${check}" can not be overridden so`);
    if (check === "integrity") throw new Error(`${at}: "integrity" verification can not be overridden`);
    if (action === "skip" && check !== "revocation")
      throw new Error(`${at}: "${check}" verification can not be skipped`);
    actions[check] = action;
  }
  return actions;
}

function isCheck(text: string): text is Check {
  return Object.hasOwn(levels["strict"] ?? {}, text);
}

function parseScopes(scopes: readonly string[], at: string): readonly string[] {
  if (scopes.length === 0) throw new Error(`${at} has zero registry scopes`);
  if (scopes.length > 1 && scopes.includes("*")) throw new Error(`${at} uses the scope '*' beside others`);
  const domain = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?$/;
  const path = /^[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*)*$/;
  for (const scope of scopes) {
    const slash = scope.indexOf("/");
    const isValid = slash > 0 && domain.test(scope.slice(0, slash)) && path.test(scope.slice(slash + 1));
    if (scope !== "*" && !isValid) throw new Error(`registry scope "${scope}" is not valid: it is no repository`);
  }
  return scopes;
}

function parseStore(text: string, at: string): string {
  const match = /^(ca|signingAuthority|tsa):[a-zA-Z0-9_.-]+$/.exec(text);
  if (match?.[1] !== undefined) return match[1];
  throw new Error(`${at} has malformed trust store value "${text}": it is ca:NAME, signingAuthority:NAME or tsa:NAME`);
}

function parseIdentities(texts: readonly string[], at: string): readonly DistinguishedName[] | undefined {
  if (texts.length === 1 && texts[0] === "*") return undefined;
  if (texts.includes("*")) throw new Error(`${at} uses the trusted identity '*' beside others`);
  const names = texts.flatMap((text) => {
    const colon = text.indexOf(":");
    if (colon < 0) throw new Error(`${at} has trusted identity "${text}" missing separator`);
    // Identities of another kind are for plugins, which there are none of.
    return text.slice(0, colon) === "x509.subject" ? [parseDistinguishedName(text.slice(colon + 1))] : [];
  });
  names.forEach((one, i) => {
    if (names.some((other, j) => i !== j && isPartOf(one, other)))
      throw new Error(`${at} has overlapping x509 trustedIdentities`);
  });
  return names;
}

function textsOf(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).filter((each): each is string => typeof each === "string");
}
