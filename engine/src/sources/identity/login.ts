// Short-lived credentials, kept until shortly before they end.

import { createHash } from "node:crypto";
import { type Clock, decodeJson, faultFrom, formatFault, isObject, type JsonObject } from "#kernel";
import type { HttpAccess, HttpClient, HttpRequest } from "#sources/http";
import { identityFault } from "./faults.ts";
import { answerMost, loginsMost, spareMs } from "./limits.ts";

/** Credentials for Git over HTTP, and when they end in milliseconds. */
export type Login = { expiresMs: number } & ({ username: string; password: string } | { bearerToken: string });

/** How the outside is asked. */
export type Call = {
  client: HttpClient;
  clock: Clock;
  access: HttpAccess;
  signal: AbortSignal;
  timeoutMs: number;
};

type Ending = { expiresMs: number };

export class LoginCache {
  readonly #clock: Clock;
  readonly #logins = new Map<string, Promise<Ending>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The credentials kept under what they depend on, or new ones. Those who ask at once wait for one answer. */
  async get<Kept extends Ending>(dependsOn: readonly string[], make: () => Promise<Kept>): Promise<Kept> {
    const key = keyOf(dependsOn);
    // What depends on the same things is of the same kind.
    const before = this.#logins.get(key) as Promise<Kept> | undefined;
    const renewed = async (): Promise<Kept> => {
      const kept = await before?.catch(() => undefined);
      return kept !== undefined && kept.expiresMs - spareMs > this.#clock.now() ? kept : make();
    };
    const made = renewed();
    this.#logins.delete(key);
    this.#logins.set(key, made);
    made.catch(() => {
      if (this.#logins.get(key) === made) this.#logins.delete(key);
    });
    for (const oldest of this.#logins.keys()) {
      if (this.#logins.size <= loginsMost) break;
      this.#logins.delete(oldest);
    }
    return made;
  }

  /** After a server has refused them. */
  forget(dependsOn: readonly string[]): void {
    this.#logins.delete(keyOf(dependsOn));
  }
}

/** A private key may be among them: only its hash is kept. */
function keyOf(dependsOn: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(dependsOn)).digest("hex");
}

/** The answer to one request as JSON; `what` is for messages: who is asked for what. */
export async function askJson(
  request: Pick<HttpRequest, "url" | "method" | "headers" | "body">,
  call: Call,
  what: string,
): Promise<JsonObject> {
  const { client, access, signal, timeoutMs } = call;
  try {
    const { bytes } = await client.read({ ...request, access, signal, timeoutMs, isRepeatable: true }, answerMost);
    const answer = decodeJson(bytes.toString("utf8"));
    if (isObject(answer)) return answer;
    throw new Error("the answer is no JSON object");
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw identityFault({
      code: "identity-refused",
      disposition: "retry",
      at: new URL(request.url).origin,
      message: `${what} was refused`,
      hint: faultFrom(cause).hint ?? "check the identity's configuration and its rights",
      cause: new Error(formatFault(cause)),
    });
  }
}
