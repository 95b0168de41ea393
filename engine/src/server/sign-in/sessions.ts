// Who is signed in: kept in memory by the hash of what the browser's cookie holds, so that nothing here could be used as it.

import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "#kernel";
import type { Viewer } from "#server/console";
import { sessionMs, sessionsMost } from "./limits.ts";
import type { SignedIn } from "./oidc.ts";

type Session = { viewer: Viewer; untilMs: number };

export class Sessions {
  readonly #clock: Clock;
  readonly #byHash = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new session; returns what the cookie holds, and for how long. */
  open({ user, groups }: SignedIn): { key: string; forMs: number } {
    const key = randomBytes(32).toString("base64url");
    const identity = { user, groups: [...groups, "system:authenticated"] };
    const id = `oidc ${JSON.stringify([user, groups])}`;
    const viewer: Viewer = { id, user, groups, how: "oidc", identity };
    this.#byHash.set(hashOf(key), { viewer, untilMs: this.#clock.now() + sessionMs });
    for (const oldest of this.#byHash.keys()) {
      if (this.#byHash.size <= sessionsMost) break;
      this.#byHash.delete(oldest);
    }
    return { key, forMs: sessionMs };
  }

  find(key: string): Viewer | undefined {
    const hash = hashOf(key);
    const session = this.#byHash.get(hash);
    if (session === undefined) return undefined;
    if (session.untilMs > this.#clock.now()) return session.viewer;
    this.#byHash.delete(hash);
    return undefined;
  }

  close(key: string): void {
    this.#byHash.delete(hashOf(key));
  }
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
