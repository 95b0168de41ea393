// Bearer tokens of registries: asked for at the realm that the registry names, with the scope of the request, and kept for
// as long as they hold. https://distribution.github.io/distribution/spec/auth/token

import { isObject, type Clock, type Json } from "#kernel";
import type { HttpAccess, HttpClient } from "#sources/http";
import { ociFault } from "./faults.ts";
import type { Credentials } from "./keychain.ts";
import { tokenMarginSeconds, tokenMost, tokenSeconds, tokensMost } from "./limits.ts";
import type { Challenge } from "./challenge.ts";

export type TokenRequest = {
  challenge: Challenge;
  /** What the request needs; the challenge's own scope is joined to it. */
  scope: string;
  credentials: Credentials | undefined;
  access: HttpAccess;
  /** Whether the registry itself was reached over TLS: its realm must be, too. */
  isSecure: boolean;
  signal: AbortSignal;
  timeoutMs: number;
};

export class Tokens {
  readonly #client: HttpClient;
  readonly #clock: Clock;
  readonly #known = new Map<string, { token: string; untilMs: number }>();

  constructor(client: HttpClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async get(request: TokenRequest): Promise<string> {
    const { challenge, credentials } = request;
    const realm = challenge.parameters.get("realm") ?? "";
    const service = challenge.parameters.get("service") ?? "";
    const scope = [...new Set([request.scope, challenge.parameters.get("scope") ?? ""].filter((each) => each !== ""))];
    checkRealm(realm, request);
    const key = JSON.stringify([realm, service, scope, credentials, request.access]);
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#clock.now()) return known.token;
    const { token, seconds } = await this.#ask({ ...request, realm, service, scopes: scope });
    this.#known.delete(key);
    this.#known.set(key, { token, untilMs: this.#clock.now() + (seconds - tokenMarginSeconds) * 1000 });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= tokensMost) break;
      this.#known.delete(oldest);
    }
    return token;
  }

  /** Forgets all: one of them was refused. */
  clear(): void {
    this.#known.clear();
  }

  async #ask(request: TokenRequest & { realm: string; service: string; scopes: string[] }): Promise<Token> {
    const { credentials, realm, service, scopes, access, signal, timeoutMs } = request;
    const common = { access, signal, timeoutMs };
    if (credentials?.is === "refresh") {
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: credentials.identityToken,
        service,
        scope: scopes.join(" "),
        client_id: "keelson",
      });
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const post = {
        ...common,
        url: realm,
        method: "POST" as const,
        headers,
        body: form.toString(),
        isRepeatable: true,
      };
      return readToken((await this.#client.read(post, tokenMost)).bytes, realm);
    }
    const url = new URL(realm);
    if (service !== "") url.searchParams.set("service", service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    const headers = credentials?.is === "basic" ? { authorization: basic(credentials) } : {};
    return readToken((await this.#client.read({ ...common, url: url.href, headers }, tokenMost)).bytes, realm);
  }
}

type Token = { token: string; seconds: number };

export function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A registry that was reached over TLS does not lead credentials to an open line. */
function checkRealm(realm: string, { isSecure, credentials }: TokenRequest): void {
  const isUrl = URL.canParse(realm) && /^https?:$/.test(new URL(realm).protocol);
  if (isUrl && (realm.startsWith("https:") || !isSecure || credentials === undefined)) return;
  throw ociFault({
    code: "oci-credentials-invalid",
    disposition: "retry",
    at: realm.slice(0, 200),
    message: isUrl ? "the registry wants credentials sent to an address without TLS" : "the registry names no realm",
    hint: "ask who keeps the registry",
  });
}

function readToken(bytes: Buffer, realm: string): Token {
  let data: Json = null;
  try {
    data = JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    // Told below.
  }
  const members = isObject(data) ? data : {};
  const token = members["token"] ?? members["access_token"];
  const seconds = Number(members["expires_in"] ?? tokenSeconds);
  if (typeof token === "string" && token !== "")
    return { token, seconds: Number.isFinite(seconds) && seconds > 0 ? seconds : tokenSeconds };
  throw ociFault({
    code: "oci-credentials-invalid",
    disposition: "retry",
    at: realm,
    message: "the registry's realm gave no token",
    hint: "ask who keeps the registry",
  });
}
