// Who sends a request: the bearer of a token, or nobody in particular.

import { timingSafeEqual } from "node:crypto";
import type { Identity } from "#cluster";
import { unauthorized } from "#apiserver/registry";

const anonymous: Identity = { user: "system:anonymous", groups: ["system:unauthenticated"] };

/** Gives the identity a token stands for, or undefined when the token is none of its own. */
export type TokenReader = (token: string) => Identity | undefined;

/** Reads the Authorization header; a token that nobody knows is refused, none at all is the anonymous user. */
export function identityOf(authorization: string | undefined, readers: readonly TokenReader[]): Identity {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return anonymous;
  for (const read of readers) {
    const identity = read(token);
    if (identity !== undefined) return identity;
  }
  throw unauthorized();
}

/** Knows one fixed token. The time that the comparison takes tells its length at most, which is no secret. */
export function fixedToken(token: string, identity: Identity): TokenReader {
  const known = Buffer.from(token);
  return (given) => {
    const bytes = Buffer.from(given);
    return bytes.length === known.length && timingSafeEqual(bytes, known) ? identity : undefined;
  };
}
