// Tokens of service accounts: signed JSON Web Tokens (ES256) that live for a bounded time and die with their account.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Identity } from "#cluster";
import type { Clock } from "#kernel";
import type { Registry } from "#apiserver/registry";
import type { TokenReader } from "./authenticator.ts";

const issuer = "https://kubernetes.default.svc.cluster.local";

type Claims = {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  iat: number;
  nbf: number;
  "kubernetes.io": { namespace: string; serviceaccount: { name: string; uid: string } };
};

export class ServiceAccountTokens {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(registry: Registry, clock: Clock, signingKey: string) {
    this.#registry = registry;
    this.#clock = clock;
    this.#key = createPrivateKey(signingKey);
    this.#publicKey = createPublicKey(this.#key);
  }

  issue(
    account: { namespace: string; name: string; uid: string },
    options: { audiences: string[]; seconds: number },
  ): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const claims: Claims = {
      iss: issuer,
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
      aud: options.audiences.length === 0 ? [issuer] : options.audiences,
      exp: now + options.seconds,
      iat: now,
      nbf: now,
      "kubernetes.io": { namespace: account.namespace, serviceaccount: { name: account.name, uid: account.uid } },
    };
    const head = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(head), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return `${head}.${signature.toString("base64url")}`;
  }

  /** Knows its own tokens, while they are valid and their account is the one they were made for. */
  readonly read: TokenReader = (token) => {
    const claims = this.#verified(token);
    if (claims === undefined || !claims.aud.includes(issuer)) return undefined;
    const now = this.#clock.now() / 1000;
    if (now >= claims.exp || now < claims.nbf - 60) return undefined;
    const { namespace, serviceaccount } = claims["kubernetes.io"];
    const account = this.#registry.lookup("", "serviceaccounts", namespace, serviceaccount.name);
    return account?.metadata.uid === serviceaccount.uid ? accountIdentity(namespace, serviceaccount) : undefined;
  };

  #verified(token: string): Claims | undefined {
    const [head, body, signature, ...more] = token.split(".");
    if (head === undefined || body === undefined || signature === undefined || more.length > 0) return undefined;
    const key = { key: this.#publicKey, dsaEncoding: "ieee-p1363" } as const;
    try {
      if (!verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))) return undefined;
      return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Claims;
    } catch {
      // What cannot be read was not signed by us.
      return undefined;
    }
  }
}

function accountIdentity(namespace: string, account: { name: string; uid: string }): Identity {
  return {
    user: `system:serviceaccount:${namespace}:${account.name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    uid: account.uid,
  };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
