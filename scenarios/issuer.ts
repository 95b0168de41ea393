// A small OpenID Connect issuer: it lets in whoever the scenario names, by the code flow with PKCE and real signatures.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Person = { email: string; groups: string[] };

type Code = { person: Person; challenge: string; nonce: string };

export class Issuer {
  readonly #server: Server;
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #codes = new Map<string, Code>();

  #expected: Person | undefined;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<Issuer> {
    const issuer = new Issuer();
    await new Promise<void>((resolve) => issuer.#server.listen(0, "127.0.0.1", resolve));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The person's part: where the browser was sent to, the way back. */
  letIn(person: Person, location: string): URLSearchParams {
    const asked = new URL(location).searchParams;
    const code = randomBytes(8).toString("hex");
    const challenge = asked.get("code_challenge") ?? "";
    this.#codes.set(code, { person, challenge, nonce: asked.get("nonce") ?? "" });
    return new URLSearchParams({ code, state: asked.get("state") ?? "" });
  }

  /** Whoever comes with a browser from now on is this person. */
  expect(person: Person): void {
    this.#expected = person;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.url === "/.well-known/openid-configuration")
      return send(200, {
        issuer: this.url,
        authorization_endpoint: `${this.url}/login`,
        token_endpoint: `${this.url}/token`,
        jwks_uri: `${this.url}/keys`,
      });
    const url = new URL(request.url ?? "/", this.url);
    if (url.pathname === "/login" && this.#expected !== undefined) {
      const back = this.letIn(this.#expected, url.href);
      response.writeHead(302, { location: `${url.searchParams.get("redirect_uri") ?? ""}?${back.toString()}` }).end();
      return;
    }
    if (request.url === "/keys")
      return send(200, { keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256" }] });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = new URLSearchParams(Buffer.concat(chunks).toString());
    const code = this.#codes.get(body.get("code") ?? "");
    const verified = createHash("sha256")
      .update(body.get("code_verifier") ?? "")
      .digest("base64url");
    if (code === undefined || code.challenge !== verified) return send(400, { error: "invalid_grant" });
    return send(200, { id_token: this.#tokenFor(code) });
  }

  #tokenFor({ person, nonce }: Code): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: "console", sub: person.email, iat: now, exp: now + 300, nonce, ...person };
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "ES256", kid: "one" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(text), { key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  }
}
