import { createHash, createHmac, generateKeyPairSync, verify } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { HttpClient } from "#sources/http";
import { realClock } from "../../cluster/cluster.contract.ts";
import { temporaryFolder } from "../git/repository.contract.ts";
import {
  awsCredentials,
  azureToken,
  type Call,
  codeCommitLogin,
  codeCommitRegion,
  devOpsScope,
  gitHubAppLogin,
  LoginCache,
  parseGitHubApp,
} from "./index.ts";

type Asked = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };
type Answer = { status: number; body: unknown };

let asked: Asked[] = [];
let answers: (request: Asked) => Answer = () => ({ status: 500, body: {} });
let url = "";
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    asked.push(seen);
    const { status, body: text } = answers(seen);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(text));
  });
});
const client = new HttpClient({ clock: realClock, random: () => 0 });
const folder = temporaryFolder("identity");
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  client.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
const call: Call = { client, clock, access: {}, signal: new AbortController().signal, timeoutMs: 30_000 };

describe("a GitHub App", () => {
  const values = (more: Record<string, string>): Map<string, string> =>
    new Map(
      Object.entries({ githubAppID: "12", githubAppPrivateKey: pem, githubAppBaseURL: `${url}/api/v3/`, ...more }),
    );

  it("gets a token of its installation with a statement that its key has signed", async () => {
    answers = () => ({ status: 201, body: { token: "ghs_x", expires_at: "2026-01-02T04:04:05Z" } });
    const app = parseGitHubApp(values({ githubAppInstallationID: "34" }), "Secret/a/b");
    expect(await gitHubAppLogin(app, call)).toEqual({
      username: "x-access-token",
      password: "ghs_x",
      expiresMs: Date.UTC(2026, 0, 2, 4, 4, 5),
    });
    expect(asked.map((each) => `${each.method} ${each.url}`)).toEqual([
      "POST /api/v3/app/installations/34/access_tokens",
    ]);
    const [head = "", body = "", signature = ""] = (asked[0]?.headers.authorization ?? "")
      .replace("Bearer ", "")
      .split(".");
    expect(verify("sha256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url"))).toBe(true);
    const issued = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 - 30;
    expect(JSON.parse(Buffer.from(body, "base64url").toString())).toEqual({
      iat: issued,
      exp: issued + 120,
      iss: "12",
    });
  });

  it("finds its installation by the owner, an organisation or a person", async () => {
    answers = ({ url: path }) =>
      path.includes("/orgs/")
        ? { status: 404, body: { message: "Not Found" } }
        : path.includes("/users/")
          ? { status: 200, body: { id: 56 } }
          : { status: 201, body: { token: "t", expires_at: "2026-01-02T04:04:05Z" } };
    await gitHubAppLogin(parseGitHubApp(values({ githubAppInstallationOwner: "acme" }), "x"), call);
    expect(asked.map((each) => each.url.replace("/api/v3", ""))).toEqual([
      "/orgs/acme/installation",
      "/users/acme/installation",
      "/app/installations/56/access_tokens",
    ]);
  });

  it("says what is refused, without the key", async () => {
    answers = () => ({ status: 401, body: { message: "A JSON web token could not be decoded" } });
    const app = parseGitHubApp(values({ githubAppInstallationID: "34" }), "x");
    const refused = await gitHubAppLogin(app, call).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: "identity-refused", message: expect.stringContaining("GitHub App") });
    expect(JSON.stringify([refused, String((refused as Error).cause)])).not.toContain("eyJ");
  });

  it.each<[string, Record<string, string>, string]>([
    ["no number", { githubAppID: "x", githubAppInstallationID: "1" }, "githubAppID is no number"],
    ["no installation", {}, "one of githubAppInstallationID"],
    ["both", { githubAppInstallationID: "1", githubAppInstallationOwner: "a" }, "not both"],
    ["no key", { githubAppInstallationID: "1", githubAppPrivateKey: "sesame" }, "no RSA private key"],
    ["no URL", { githubAppInstallationID: "1", githubAppBaseURL: "ftp://x" }, "githubAppBaseURL"],
  ])("is refused with %s", (_name, more, text) => {
    expect(() => parseGitHubApp(values(more), "Secret/a/b")).toThrow(text);
  });
});

describe("an Azure identity", () => {
  const answer = { status: 200, body: { access_token: "eyA", expires_in: 3600, token_type: "Bearer" } };

  it("exchanges what the cluster says of the workload, or a secret, for a token", async () => {
    answers = () => answer;
    const file = `${folder}/token`;
    writeFileSync(file, "from-the-cluster\n");
    const environment = {
      AZURE_AUTHORITY_HOST: `${url}/`,
      AZURE_TENANT_ID: "t",
      AZURE_CLIENT_ID: "c",
      AZURE_FEDERATED_TOKEN_FILE: file,
    };
    const login = await azureToken({ environment }, devOpsScope, call);
    expect(login).toEqual({ bearerToken: "eyA", expiresMs: clock.now() + 3_600_000 });
    expect(asked[0]?.url).toBe("/t/oauth2/v2.0/token");
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "c",
      scope: devOpsScope,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "from-the-cluster",
    });
    const account = { tenantId: "t2", clientId: "c2", assertion: "of-the-account" };
    await azureToken({ environment, account }, devOpsScope, call);
    expect(asked[1]?.url).toBe("/t2/oauth2/v2.0/token");
    expect(asked[1]?.body).toContain("client_assertion=of-the-account");
    await azureToken({ environment: { ...environment, AZURE_CLIENT_SECRET: "s" } }, devOpsScope, call);
    expect(asked[2]?.body).toContain("client_secret=s");
  });

  it("falls back to the machine's, and says what is missing", async () => {
    answers = () => ({ status: 200, body: { access_token: "of-the-machine", expires_in: "600" } });
    const environment = { AZURE_POD_IDENTITY_AUTHORITY_HOST: url };
    expect(await azureToken({ environment }, devOpsScope, call)).toMatchObject({ bearerToken: "of-the-machine" });
    expect(asked[0]).toMatchObject({ method: "GET", headers: { metadata: "true" } });
    expect(asked[0]?.url).toContain("resource=499b84ac-1321-427f-aa17-267ca6975798");
    const lost = { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_FEDERATED_TOKEN_FILE: `${folder}/none` };
    await expect(azureToken({ environment: lost }, devOpsScope, call)).rejects.toMatchObject({
      code: "identity-invalid",
    });
    answers = () => ({ status: 200, body: {} });
    await expect(azureToken({ environment }, devOpsScope, call)).rejects.toThrow("holds no token");
  });
});

describe("an AWS identity", () => {
  const found = { AccessKeyId: "AK", SecretAccessKey: "SK", SessionToken: "ST", Expiration: 1_767_326_645 };
  const repository = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet";

  it("takes a role by what the cluster says, keys of the environment, or the container's", async () => {
    answers = () => ({
      status: 200,
      body: { AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: found } } },
    });
    const file = `${folder}/web`;
    writeFileSync(file, "web-token");
    const environment = { AWS_ENDPOINT_URL_STS: url, AWS_ROLE_ARN: "arn:x", AWS_WEB_IDENTITY_TOKEN_FILE: file };
    const expected = { accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "ST", expiresMs: 1_767_326_645_000 };
    expect(await awsCredentials({ environment }, "eu-west-1", call)).toEqual(expected);
    expect(asked[0]?.body).toContain("Action=AssumeRoleWithWebIdentity");
    expect(asked[0]?.body).toContain("WebIdentityToken=web-token");
    const account = { roleArn: "arn:y", session: "s", assertion: "of-the-account" };
    await awsCredentials({ environment, account }, "eu-west-1", call);
    expect(asked[1]?.body).toContain("RoleArn=arn%3Ay");
    const keys = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "B" };
    expect(await awsCredentials({ environment: keys }, "x", call)).toMatchObject({
      accessKeyId: "A",
      sessionToken: "",
    });
    answers = () => ({
      status: 200,
      body: { AccessKeyId: "P", SecretAccessKey: "Q", Token: "R", Expiration: "2026-01-02T04:04:05Z" },
    });
    const pod = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/pod`, AWS_CONTAINER_AUTHORIZATION_TOKEN: "auth" };
    expect(await awsCredentials({ environment: pod }, "x", call)).toMatchObject({
      accessKeyId: "P",
      sessionToken: "R",
    });
    expect(asked.at(-1)?.headers.authorization).toBe("auth");
    await expect(awsCredentials({ environment: {} }, "x", call)).rejects.toThrow("no AWS identity");
  });

  it("signs a CodeCommit address in place of a password", () => {
    const credentials = {
      accessKeyId: "AK",
      secretAccessKey: "SK",
      sessionToken: "ST",
      expiresMs: clock.now() + 3_600_000,
    };
    const login = codeCommitLogin(repository, credentials, clock.now());
    const canonical = "GIT\n/v1/repos/fleet\n\nhost:git-codecommit.eu-west-1.amazonaws.com\n\nhost\n";
    const text = `AWS4-HMAC-SHA256\n20260102T030405\n20260102/eu-west-1/codecommit/aws4_request\n${createHash("sha256").update(canonical).digest("hex")}`;
    const key = ["20260102", "eu-west-1", "codecommit", "aws4_request"].reduce<Buffer>(
      (before, part) => createHmac("sha256", before).update(part).digest(),
      Buffer.from("AWS4SK"),
    );
    expect(login).toEqual({
      username: "AK%ST",
      password: `20260102T030405Z${createHmac("sha256", key).update(text).digest("hex")}`,
      expiresMs: clock.now() + 15 * 60_000,
    });
    expect(codeCommitLogin(repository, { ...credentials, sessionToken: "" }, clock.now())).toMatchObject({
      username: "AK",
    });
    expect(codeCommitRegion("https://git-codecommit-fips.cn-north-1.amazonaws.com.cn/v1")).toBe("cn-north-1");
    for (const other of [
      "https://github.com/x",
      "http://git-codecommit.eu-west-1.amazonaws.com/x",
      "https://git-codecommit.eu-west-1.amazonaws.com.evil.example/x",
    ])
      expect(() => codeCommitRegion(other)).toThrow("no https address of AWS CodeCommit");
  });
});

describe("kept credentials", () => {
  it("are asked for once, anew before they end, and after they were refused", async () => {
    const own = new ManualClock();
    const cache = new LoginCache(own);
    let made = 0;
    const make = () => Promise.resolve({ bearerToken: `${(made += 1)}`, expiresMs: own.now() + 3_600_000 });
    expect(await Promise.all([cache.get(["a"], make), cache.get(["a"], make)])).toMatchObject([
      { bearerToken: "1" },
      { bearerToken: "1" },
    ]);
    own.advance(54 * 60_000);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "1" });
    own.advance(2 * 60_000);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "2" });
    cache.forget(["a"]);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "3" });
    expect(await cache.get(["b"], make)).toMatchObject({ bearerToken: "4" });
    await expect(cache.get(["c"], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await cache.get(["c"], make)).toMatchObject({ bearerToken: "5" });
  });
});
