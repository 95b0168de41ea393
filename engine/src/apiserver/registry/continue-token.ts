// The continue token of a paged list: where to go on, and at which revision, so that all pages show one state.

import { badRequest } from "./refusal.ts";

/** Of a token that goes on in the newest state, whatever that is: its pages before it were of another. */
export const newestRevision = -1;

/** `start` is the key to go on from, relative to the listed prefix. */
export function encodeContinue(token: { revision: number; start: string }): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start })).toString(
    "base64url",
  );
}

/** Why a token is refused, in the order kube-apiserver looks at it; JSON's own complaints are Go's and not imitated. */
export function decodeContinue(text: string): { revision: number; start: string } {
  const refuse = (why: string): never => {
    throw badRequest(`invalid continue token: ${why}`);
  };
  const badByte = base64Problem(text);
  if (badByte >= 0) return refuse(`continue key is not valid: illegal base64 data at input byte ${badByte}`);
  let token: Record<string, unknown> = {};
  try {
    token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    return refuse("continue key is not valid: invalid JSON");
  }
  const { v, rv, start } = token ?? {};
  if (v !== "meta.k8s.io/v1")
    return refuse(`continue key is not valid: server does not recognize this encoded version ${textOf(v)}`);
  if (!Number.isSafeInteger(rv) || rv === 0)
    return refuse("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  if (typeof start !== "string" || start === "")
    return refuse("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)");
  if (isUnclean(start)) return refuse(`continue key is not valid: ${start}`);
  return { revision: rv as number, start };
}

function textOf(version: unknown): string {
  return typeof version === "string" ? version : "";
}

/** A key that would leave its prefix, or could: anything but plain parts between single slashes. */
function isUnclean(start: string): boolean {
  return start
    .replace(/^\//, "")
    .split("/")
    .some((part) => part === "" || part === "." || part === "..");
}

/** The first byte that Go's decoder stops at; -1 when there is none. */
function base64Problem(text: string): number {
  const bad = text.search(/[^A-Za-z0-9_-]/);
  return bad < 0 && text.length % 4 === 1 ? text.length - 1 : bad;
}
