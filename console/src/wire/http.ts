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
  if (response.ok) return JSON.parse(asWritten(await response.text())) as T;
  const refusal = await refusalOf(response);
  if (response.status === 401) tellSignedOut(refusal as SignedOut);
  throw new Refused(refusal);
}

async function refusalOf(response: Response): Promise<Refusal | SignedOut> {
  const text = asWritten(await response.text());
  try {
    const body = JSON.parse(text) as Refusal;
    if (typeof body.message === "string") return body;
  } catch {
    // A proxy between may answer in words of its own.
  }
  const message = text.trim().slice(0, 300);
  return {
    code: response.status === 401 ? "signed-out" : "failed",
    message: message || `HTTP ${response.status}`,
  } as Refusal;
}

/** The error in words, with what to do about it. */
export function wordsOfError(error: unknown): { message: string; hint: string; code: string } {
  if (error instanceof Refused) return { message: error.message, hint: error.hint, code: error.code };
  return { message: error instanceof Error ? error.message : String(error), hint: "", code: "internal" };
}
