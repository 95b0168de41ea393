import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "#kernel";
import { SignIn } from "./desk.ts";

/** A small issuer: one user, one client, real keys. `claims` and `lie` make it misbehave. */
const issuer = {
  url: "",
  claims: {} as JWTPayload,
  lie: "" as "" | "foreign key" | "other nonce" | "no token" | "expired",
  codes: new Map<string, { challenge: string; nonce: string; redirect: string }>(),
};
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let strangers: Awaited<ReturnType<typeof generateKeyPair>>;
let servers: Server[] = [];
let nowMs = Date.now();
const clock: Clock = { now: () => nowMs, after: () => () => {} };
let signIn: SignIn;
let address = "";

async function listen(
  answer: (asked: IncomingMessage, response: ServerResponse) => Promise<void> | void,
): Promise<string> {
  const server = createServer((asked, response) => void answer(asked, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(asked: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

async function answerIssuer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const { url } = issuer;
  if (asked.url === "/.well-known/openid-configuration")
    return json(200, {
      issuer: url,
      authorization_endpoint: `${url}/login`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
    });
  if (asked.url === "/keys")
    return json(200, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256" }] });
  const body = await bodyOf(asked);
  const code = issuer.codes.get(body.get("code") ?? "");
  issuer.codes.delete(body.get("code") ?? "");
  const challenge = createHash("sha256")
    .update(body.get("code_verifier") ?? "")
    .digest("base64url");
  if (code === undefined || code.challenge !== challenge || code.redirect !== body.get("redirect_uri"))
    return json(400, { error: "invalid_grant" });
  if (issuer.lie === "no token") return json(200, { access_token: "x" });
  const nonce = issuer.lie === "other nonce" ? "other" : code.nonce;
  const token = new SignJWT({ nonce, ...issuer.claims })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuer(url)
    .setAudience((issuer.claims.aud as string | undefined) ?? "console")
    .setSubject("1")
    .setIssuedAt()
    .setExpirationTime(issuer.lie === "expired" ? "-10m" : "5m");
  const key = issuer.lie === "foreign key" ? strangers.privateKey : keys.privateKey;
  return json(200, { id_token: await token.sign(key) });
}

beforeAll(async () => {
  keys = await generateKeyPair("ES256");
  strangers = await generateKeyPair("ES256");
  issuer.url = await listen(answerIssuer);
  address = await listen((asked, response) =>
    signIn.answer(asked, response, new URL(asked.url ?? "/", "http://localhost")),
  );
});

beforeEach(() => {
  nowMs = Date.now();
  issuer.claims = { email: "ann@acme.example", groups: ["dev", "system:masters"] };
  issuer.lie = "";
  signIn = new SignIn(
    {
      issuer: issuer.url,
      clientId: "console",
      address,
      scopes: ["openid", "email", "groups"],
      userClaim: "email",
      userPrefix: "",
      groupsClaim: "groups",
      groupsPrefix: "",
    },
    clock,
    () => {},
  );
});

afterAll(() => {
  for (const server of servers) server.close();
  servers = [];
});

type Answered = { status: number; headers: IncomingMessage["headers"]; text: string };

function ask(path: string, cookie = "", method = "GET"): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, address), { method, headers: cookie === "" ? {} : { cookie } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject).end();
  });
}

/** The browser's part: to the issuer, which lets Ann in, and back. */
async function begin(returnTo = "/Kustomization/shop/web"): Promise<{ back: string; cookie: string }> {
  const started = await ask(`/auth/sign-in?return=${encodeURIComponent(returnTo)}`);
  expect(started.status).toBe(303);
  const query = new URL(started.headers.location ?? "").searchParams;
  expect([query.get("response_type"), query.get("code_challenge_method")]).toEqual(["code", "S256"]);
  const code = `code-${issuer.codes.size}-${Math.round(performance.now() * 1000)}`;
  issuer.codes.set(code, {
    challenge: query.get("code_challenge") ?? "",
    nonce: query.get("nonce") ?? "",
    redirect: query.get("redirect_uri") ?? "",
  });
  const cookie = (started.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
  return { back: `/auth/callback?code=${code}&state=${query.get("state")}`, cookie };
}

function viewerWith(cookie: string): ReturnType<SignIn["viewerOf"]> {
  return signIn.viewerOf({ headers: { cookie } } as IncomingMessage);
}

function sessionCookie({ headers }: Answered): string {
  const found = headers["set-cookie"]?.find((each) => each.startsWith("keelson-session=")) ?? "";
  return found.split(";")[0] ?? "";
}

describe("signing in", () => {
  it("makes a session of what the issuer vouches for, without Kubernetes' own groups", async () => {
    const { back, cookie } = await begin();
    const answer = await ask(back, cookie);
    expect([answer.status, answer.headers["refresh"]]).toEqual([200, "0; url=/Kustomization/shop/web"]);
    expect(answer.headers["set-cookie"]?.find((each) => each.startsWith("keelson-session="))).toMatch(
      /; SameSite=Strict; HttpOnly$/,
    );
    const viewer = viewerWith(sessionCookie(answer));
    expect(viewer).toMatchObject({
      user: "ann@acme.example",
      groups: ["dev"],
      how: "oidc",
      identity: { user: "ann@acme.example", groups: ["dev", "system:authenticated"] },
    });
  });

  it("ends with the session, by itself or by hand", async () => {
    const first = await begin();
    const one = sessionCookie(await ask(first.back, first.cookie));
    expect((await ask("/auth/sign-out", one, "POST")).status).toBe(200);
    expect(viewerWith(one)).toBeUndefined();
    const second = await begin();
    const other = sessionCookie(await ask(second.back, second.cookie));
    nowMs += 9 * 3_600_000;
    expect(viewerWith(other)).toBeUndefined();
  });

  const refusals: [string, () => void, RegExp][] = [
    ["a token that another key has signed", () => (issuer.lie = "foreign key"), /does not hold/],
    ["a token for another sign-in", () => (issuer.lie = "other nonce"), /another sign-in/],
    ["a token that has run out", () => (issuer.lie = "expired"), /does not hold/],
    ["an answer without a token", () => (issuer.lie = "no token"), /no id_token/],
    ["a token for another client", () => (issuer.claims = { ...issuer.claims, aud: "other" }), /does not hold/],
    [
      "an address that nobody verified",
      () => (issuer.claims = { ...issuer.claims, email_verified: false }),
      /not verified/,
    ],
    ["a name of Kubernetes' own", () => (issuer.claims = { email: "system:admin" }), /Kubernetes' own/],
    ["a token without the user's claim", () => (issuer.claims = {}), /no claim email/],
  ];
  for (const [name, spoil, words] of refusals)
    it(`refuses ${name}`, async () => {
      spoil();
      const { back, cookie } = await begin();
      const answer = await ask(back, cookie);
      expect([answer.status, sessionCookie(answer)]).toEqual([403, ""]);
      expect(answer.text).toMatch(words);
    });

  it("refuses an answer that another browser asked for, one that is used twice, and one that came late", async () => {
    const stolen = await begin();
    expect((await ask(stolen.back)).status).toBe(400);
    expect((await ask(stolen.back, stolen.cookie)).status).toBe(400);
    const used = await begin();
    expect((await ask(used.back, used.cookie)).status).toBe(200);
    expect((await ask(used.back, used.cookie)).status).toBe(400);
    const late = await begin();
    nowMs += 11 * 60_000;
    expect((await ask(late.back, late.cookie)).status).toBe(400);
  });

  it("tells what the issuer refuses, and quotes nothing as markup", async () => {
    const { back, cookie } = await begin();
    const state = new URL(back, address).searchParams.get("state");
    const answer = await ask(
      `/auth/callback?state=${state}&error=access_denied&error_description=%3Cscript%3E`,
      cookie,
    );
    expect([answer.status, answer.text.includes("access_denied: &lt;script>")]).toEqual([403, true]);
  });

  for (const place of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/auth/sign-in"])
    it(`sends nobody to ${place} afterwards`, async () => {
      const { back, cookie } = await begin(place);
      expect((await ask(back, cookie)).headers["refresh"]).toBe("0; url=/");
    });
});
