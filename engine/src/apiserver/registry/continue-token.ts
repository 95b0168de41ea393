// The continue token of a paged list: where to go on, and at which revision, so that all pages show one state.

import { badRequest } from "./refusal.ts";

/** `start` is the key to go on from, relative to the listed prefix. */
export function encodeContinue(token: { revision: number; start: string }): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: token.revision, start: token.start })).toString(
    "base64url",
  );
}

export function decodeContinue(text: string): { revision: number; start: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Record<string, unknown>;
    if (v === "meta.k8s.io/v1" && Number.isSafeInteger(rv) && typeof start === "string" && !start.includes(".."))
      return { revision: rv as number, start };
  } catch {
    // Falls through to the refusal: what is not JSON is as wrong as what has the wrong members.
  }
  throw badRequest(`invalid continue token: continue key is not valid: ${base64Problem(text)}`);
}

function base64Problem(text: string): string {
  const bad = text.search(/[^A-Za-z0-9_-]/);
  if (bad >= 0) return `illegal base64 data at input byte ${bad}`;
  return text.length % 4 === 1 ? `illegal base64 data at input byte ${text.length - 1}` : "invalid continue token";
}
