// Requests to the server. A refusal is an error that carries the server's own words; being signed out is told to the session.

import { asWritten } from "./as-written.ts";
import type { Refusal, SignedOut } from "./types.ts";

/** What the server refused or failed at, in its words. */
export class Refused extends Error {
  readonly code: string;
  readonly hint: string;

  constructor({ message, hint = "", code }: { message: string; hint?: string; code: string }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

let tellSignedOut: (answer: SignedOut) => void = () => undefined;

/** Names who is told when an answer says that nobody is signed in. */
export function onSignedOut(told: (answer: SignedOut) => void): void {
  tellSignedOut = told;
}

/** Reads a resource of the API. */
export function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal === undefined ? {} : { signal });
}

/** Asks for a change. */
export function send<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused({ code: "unreachable", message: "the server does not answer", hint: "Is it still running?" });
  }
  if (response.ok) return answerIn(await response.text()) as T;
  const refusal = await refusalOf(response);
  if (response.status === 401) tellSignedOut(refusal as SignedOut);
  throw new Refused(refusal);
}

const between =
  "Something between this page and Keelson may answer in its place: a proxy, a sign-in page, another server.";

/** The body of an answer; another server's page is told as such, not as a parser's complaint. */
function answerIn(text: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(asWritten(text));
  } catch {
    answer = undefined;
  }
  if (typeof answer === "object" && answer !== null) return answer;
  throw new Refused({ code: "failed", message: "what came is no answer of Keelson", hint: between });
}

async function refusalOf(response: Response): Promise<Refusal | SignedOut> {
  const text = asWritten(await response.text());
  try {
    const body = JSON.parse(text) as Refusal | null;
    if (typeof body?.message === "string") return body;
  } catch {
    // A proxy between may answer in words of its own.
  }
  const isPage = /^\s*</.test(text);
  const said = isPage ? "" : text.trim().slice(0, 300);
  return {
    code: response.status === 401 ? "signed-out" : "failed",
    message: said || `the answer was HTTP ${response.status} ${response.statusText}`.trim(),
    hint: between,
  } as Refusal;
}

/** The error in words, with what to do about it. */
export function wordsOfError(error: unknown): { message: string; hint: string; code: string } {
  if (error instanceof Refused) return { message: error.message, hint: error.hint, code: error.code };
  return { message: error instanceof Error ? error.message : String(error), hint: "", code: "internal" };
}
