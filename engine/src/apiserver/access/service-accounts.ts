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
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    /** The object that the token dies with. */
    pod?: Bound;
    secret?: Bound;
    node?: Bound;
  };
};

type Bound = { name: string; uid: string };

/** What a token may be bound to: `pods`, `secrets` or `nodes`. */
export type TokenBinding = Bound & { plural: string };

const claimNames = { pods: "pod", secrets: "secret", nodes: "node" } as const;

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

  /** Whom a token is for that names nobody. */
  readonly audience: string = issuer;

  issue(
    account: { namespace: string; name: string; uid: string },
    options: { audiences: string[]; seconds: number; binding?: TokenBinding | undefined },
  ): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const claims: Claims = {
      iss: issuer,
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
      aud: options.audiences.length === 0 ? [issuer] : options.audiences,
      exp: now + options.seconds,
      iat: now,
      nbf: now,
      "kubernetes.io": {
        namespace: account.namespace,
        serviceaccount: { name: account.name, uid: account.uid },
        ...boundClaim(options.binding),
      },
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
    if (account?.metadata.uid !== serviceaccount.uid || !this.#isBoundAlive(claims)) return undefined;
    return accountIdentity(namespace, serviceaccount);
  };

  /** A token that was bound to an object is as good as that object. */
  #isBoundAlive({ "kubernetes.io": own }: Claims): boolean {
    return Object.entries(claimNames).every(([plural, name]) => {
      const bound = own[name];
      if (bound === undefined) return true;
      const found = this.#registry.lookup("", plural, plural === "nodes" ? "" : own.namespace, bound.name);
      return found?.metadata.uid === bound.uid;
    });
  }

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

function boundClaim(binding: TokenBinding | undefined): Partial<Record<"pod" | "secret" | "node", Bound>> {
  if (binding === undefined) return {};
  const name = claimNames[binding.plural as keyof typeof claimNames];
  return { [name]: { name: binding.name, uid: binding.uid } };
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
