// How a client proves who it is. Credentials may age (a rotated token file, a plugin's answer), so each request asks for
// the current ones, and a refused one (401) is thrown away once.

import { readFile } from "node:fs/promises";
import { type Clock, Fault } from "#kernel";
import type { ClusterFaultCode } from "./faults.ts";
import { tokenFileAgeMs } from "./limits.ts";

/** PEM texts count for the connection, the header for each request. */
export type Credential = { authorization?: string; certificate?: string; key?: string };

export interface Credentials {
  current(): Promise<Credential>;
  /** The server has refused what `current` gave: ask anew next time. */
  refused(): void;
}

/** Credentials that never change. */
export function fixedCredentials(credential: Credential): Credentials {
  return { current: () => Promise.resolve(credential), refused: () => {} };
}

/** A bearer token in a file that something else rotates. */
export function tokenFileCredentials(path: string, clock: Clock, base: Credential = {}): Credentials {
  let known: { token: string; readMs: number } | undefined;
  return {
    current: async () => {
      if (known === undefined || clock.now() - known.readMs > tokenFileAgeMs) {
        try {
          known = { token: (await readFile(path, "utf8")).trim(), readMs: clock.now() };
        } catch (cause) {
          // A token that is being replaced may be missing for a moment; the last one serves until it is refused.
          if (known === undefined) throw unreadable(path, cause);
        }
      }
      return { ...base, authorization: `Bearer ${known.token}` };
    },
    refused: () => {
      known = undefined;
    },
  };
}

export function unreadable(path: string, cause: unknown): Fault<ClusterFaultCode> {
  return new Fault<ClusterFaultCode>({
    code: "credential-file-unreadable",
    disposition: "retry",
    at: path,
    message: "the credential file cannot be read",
    hint: "check the path in the kubeconfig and the file's permissions",
    cause,
  });
}
