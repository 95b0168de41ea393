// OpenID Connect, authorization code with PKCE: where to send the browser, and what the code it brings back stands for.
// https://openid.net/specs/openid-connect-core-1_0.html, RFC 7636 (PKCE), RFC 9207 (issuer in the answer)

import { createHash, randomBytes } from "node:crypto";
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";
import { isObject, type Json, type JsonObject, textOf } from "#kernel";
import { SignInFault } from "./faults.ts";
import { answerMost, clockToleranceS, groupsMost, issuerTimeoutMs } from "./limits.ts";

export type OidcOptions = {
  issuer: string;
  clientId: string;
  /** Absent: a public client, which PKCE alone protects. */
  clientSecret?: string;
  /** The console's own address, as browsers see it: `https://keelson.example.com`. */
  address: string;
  scopes: readonly string[];
  /** Which claims are the user and the groups that Kubernetes knows, and what stands before them there. */
  userClaim: string;
  userPrefix: string;
  groupsClaim: string;
  groupsPrefix: string;
};

/** Who signed in. */
export type SignedIn = { user: string; groups: readonly string[] };

/** A sign-in that was begun. */
export type Pending = { state: string; nonce: string; verifier: string };

type Endpoints = {
  authorization: string;
  token: string;
  keys: ReturnType<typeof createRemoteJWKSet>;
  namesIssuer: boolean;
};

/** Signatures by the issuer's published keys; none, and none by a shared secret. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export class Oidc {
  readonly #options: OidcOptions;
  #endpoints: Promise<Endpoints> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** Where the browser is sent, and what must be remembered until it is back. */
  async begin(): Promise<{ location: string; pending: Pending }> {
    const { authorization } = await this.#discover();
    const pending = { state: secret(), nonce: secret(), verifier: secret() };
    const { clientId, scopes } = this.#options;
    const url = new URL(authorization);
    const query = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: this.#redirect,
      scope: scopes.join(" "),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: createHash("sha256").update(pending.verifier).digest("base64url"),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return { location: url.href, pending };
  }

  /** Who it is that came back with these parameters. Throws SignInFault. */
  async complete(query: URLSearchParams, pending: Pending): Promise<SignedIn> {
    const endpoints = await this.#discover();
    const error = query.get("error");
    if (error !== null) throw refused(`the issuer says ${error}: ${query.get("error_description") ?? ""}`);
    const from = query.get("iss");
    if (from === null ? endpoints.namesIssuer : from !== this.#options.issuer)
      throw refused("the answer is not from the issuer that was asked");
    const token = await this.#redeem(endpoints, query.get("code") ?? "", pending);
    return this.#personOf(await this.#verify(endpoints, token, pending));
  }

  get #redirect(): string {
    return `${this.#options.address}/auth/callback`;
  }

  async #redeem({ token }: Endpoints, code: string, { verifier }: Pending): Promise<string> {
    const { clientId, clientSecret } = this.#options;
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: this.#redirect,
      code_verifier: verifier,
      ...(clientSecret === undefined ? { client_id: clientId } : {}),
    });
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
    if (clientSecret !== undefined) headers["authorization"] = `Basic ${basicOf(clientId, clientSecret)}`;
    const answer = await askJson(token, { method: "POST", headers, body });
    if (answer.status !== 200)
      throw refused(`the issuer does not take the code: ${textOf(answer.body, "error") || `HTTP ${answer.status}`}`);
    const found = textOf(answer.body, "id_token");
    if (found === "") throw refused("the issuer sent no id_token: is the scope `openid` allowed?");
    return found;
  }

  async #verify({ keys }: Endpoints, token: string, { nonce }: Pending): Promise<JWTPayload> {
    const { issuer, clientId } = this.#options;
    const rules = {
      issuer,
      audience: clientId,
      algorithms,
      clockTolerance: clockToleranceS,
      requiredClaims: ["exp", "sub"],
    };
    try {
      const { payload } = await jwtVerify(token, keys, rules);
      if (payload["nonce"] !== nonce) throw new Error("it is for another sign-in");
      if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload["azp"] !== clientId)
        throw new Error("it was issued to another client");
      return payload;
    } catch (cause) {
      throw refused("the id_token does not hold", cause);
    }
  }

  #personOf(payload: JWTPayload): SignedIn {
    const { userClaim, userPrefix, groupsClaim, groupsPrefix } = this.#options;
    const claim = payload[userClaim];
    if (typeof claim !== "string" || claim === "") throw refused(`the id_token has no claim ${userClaim}`);
    if (userClaim === "email" && payload["email_verified"] === false)
      throw refused(`the address ${claim} is not verified`);
    const listed = payload[groupsClaim];
    const groups = (Array.isArray(listed) ? listed : [listed]).filter(
      (each): each is string => typeof each === "string",
    );
    const user = `${userPrefix}${claim}`;
    // Kubernetes' own names are not an issuer's to give.
    if (user.startsWith("system:")) throw refused(`${user} is a name of Kubernetes' own`);
    return {
      user,
      groups: groups
        .map((group) => `${groupsPrefix}${group}`)
        .filter((group) => group !== "" && !group.startsWith("system:"))
        .slice(0, groupsMost),
    };
  }

  #discover(): Promise<Endpoints> {
    const found = this.#endpoints ?? this.#readEndpoints();
    this.#endpoints = found;
    // What failed is tried again by the next who signs in.
    found.catch(() => (this.#endpoints = undefined));
    return found;
  }

  async #readEndpoints(): Promise<Endpoints> {
    const { issuer } = this.#options;
    const { status, body } = await askJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {});
    if (status !== 200) throw unreachable(issuer, `it answers with HTTP ${status}`);
    if (textOf(body, "issuer") !== issuer)
      throw new SignInFault({
        code: "issuer-invalid",
        disposition: "stall",
        at: issuer,
        message: `it calls itself ${JSON.stringify(textOf(body, "issuer"))}`,
        hint: "write the issuer's address exactly as it calls itself, with or without a slash at the end",
      });
    const address = (name: string): string => safeAddress(textOf(body, name), name, issuer);
    return {
      authorization: address("authorization_endpoint"),
      token: address("token_endpoint"),
      keys: createRemoteJWKSet(new URL(address("jwks_uri")), { timeoutDuration: issuerTimeoutMs }),
      namesIssuer: body["authorization_response_iss_parameter_supported"] === true,
    };
  }
}

/** Codes and tokens cross the network encrypted, but on this machine. */
function safeAddress(text: string, name: string, issuer: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLocal)) return text;
  throw new SignInFault({
    code: "issuer-invalid",
    disposition: "stall",
    at: issuer,
    message: `its ${name} is no https address`,
    hint: "use an issuer that is reached over https",
  });
}

async function askJson(url: string, init: RequestInit): Promise<{ status: number; body: JsonObject }> {
  let text: string;
  let status: number;
  try {
    const signal = AbortSignal.timeout(issuerTimeoutMs);
    const answer = await fetch(safeAddress(url, "address", url), { ...init, signal, redirect: "error" });
    status = answer.status;
    text = await textWithin(answer);
  } catch (cause) {
    if (cause instanceof SignInFault) throw cause;
    throw unreachable(url, "it does not answer", cause);
  }
  try {
    const body = JSON.parse(text) as Json;
    return { status, body: isObject(body) ? body : {} };
  } catch {
    return { status, body: {} };
  }
}

async function textWithin(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > answerMost) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable(at: string, message: string, cause?: unknown): SignInFault {
  const hint = "nobody can sign in until the issuer answers; the token still opens the console";
  return new SignInFault({ code: "issuer-unreachable", disposition: "retry", at, message, hint, cause });
}

function refused(message: string, cause?: unknown): SignInFault {
  return new SignInFault({ code: "sign-in-refused", disposition: "stall", message, hint: "sign in again", cause });
}

/** RFC 6749, 2.3.1: both parts are form-encoded first. */
function basicOf(id: string, password: string): string {
  const encode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
  return Buffer.from(`${encode(id)}:${encode(password)}`).toString("base64");
}

/** 256 bits that nobody can guess. */
function secret(): string {
  return randomBytes(32).toString("base64url");
}
