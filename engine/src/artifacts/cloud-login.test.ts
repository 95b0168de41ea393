import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import type { AccountTokens } from "#clouds";
import { LoginCache } from "#sources/identity";
import { administrator, startApiServer } from "#apiserver";
import { memoryStore } from "#store";
import { accountResource } from "./reach.ts";
import { HttpClient } from "#sources/http";
import { realClock } from "../cluster/cluster.contract.ts";
import { blobToken, bucketCredentials, objectAccount, registryLogin } from "./cloud-login.ts";
import type { Context } from "./context.ts";

const http = new HttpClient({ clock: realClock, random: () => 0 });
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  http.close();
});

type Asked = { url: string; body: string; headers: Record<string, string | string[] | undefined> };

/** The documented calls of a cloud, each with the answer that its page gives as an example. */
async function cloud(answers: Record<string, object>, seen: Asked[]): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString("utf8")));
    request.on("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      seen.push({ url: request.url ?? "", body, headers: request.headers });
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function contextWith(environment: Record<string, string>): Context {
  return { http, clock: realClock, environment, logins: new LoginCache(realClock) } as unknown as Context;
}

const limits = { signal: new AbortController().signal, timeoutMs: 30_000 };
const reachOf = (url: string): Parameters<typeof registryLogin>[2] => ({
  url,
  access: {},
  secret: undefined,
  isInsecure: false,
  isOwn: true,
});
const keys = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret", AWS_SESSION_TOKEN: "session" };

describe("a registry's login as the installation", () => {
  it("is AWS's own for its registries, asked for once", async () => {
    const seen: Asked[] = [];
    const authorizationToken = Buffer.from("AWS:password").toString("base64");
    const base = await cloud({ "/": { authorizationData: [{ authorizationToken, expiresAt: 4_000_000_000 }] } }, seen);
    const context = contextWith({ ...keys, AWS_ENDPOINT_URL_ECR: `${base}/` });
    const reach = reachOf("oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/app");
    const expected = { is: "basic", username: "AWS", password: "password" };
    expect(await registryLogin(context, { provider: "aws" }, reach, limits)).toEqual(expected);
    expect(await registryLogin(context, { provider: "aws" }, reach, limits)).toEqual(expected);
    expect(seen.length).toBe(1);
    expect(seen[0]?.headers["x-amz-target"]).toBe("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
    expect(seen[0]?.headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/ecr\/aws4_request/,
    );
    expect(seen[0]?.headers["x-amz-security-token"]).toBe("session");
    await expect(registryLogin(context, { provider: "aws" }, reachOf("oci://ghcr.io/app"), limits)).rejects.toThrow(
      "no registry of AWS",
    );
  });

  it("is Azure's for a token of its identity", async () => {
    const seen: Asked[] = [];
    const base = await cloud(
      {
        "/metadata/identity/oauth2/token": { access_token: "entra", expires_in: "3600" },
        "/oauth2/exchange": { refresh_token: "refresh" },
      },
      seen,
    );
    const context = contextWith({ AZURE_POD_IDENTITY_AUTHORITY_HOST: base });
    const login = await registryLogin(
      context,
      { provider: "azure" },
      reachOf(`oci://${new URL(base).host}/app`),
      limits,
    );
    expect(login).toEqual({ is: "basic", username: "00000000-0000-0000-0000-000000000000", password: "refresh" });
    expect(new URLSearchParams(seen[1]?.body).get("access_token")).toBe("entra");
  });

  it("is Google's token of the machine", async () => {
    const seen: Asked[] = [];
    const path = "/computeMetadata/v1/instance/service-accounts/default/token";
    const base = await cloud({ [path]: { access_token: "token", expires_in: 3600 } }, seen);
    const context = contextWith({ GCE_METADATA_HOST: new URL(base).host });
    const login = await registryLogin(context, { provider: "gcp" }, reachOf("oci://europe-docker.pkg.dev/a/b"), limits);
    expect(login).toEqual({ is: "basic", username: "oauth2accesstoken", password: "token" });
    expect(seen[0]?.headers["metadata-flavor"]).toBe("Google");
  });
});

describe("a bucket's login as the installation", () => {
  const call = { access: {}, ...limits };
  it("is AWS's keys", async () => {
    const expected = { accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "session" };
    const place = { region: "eu-west-1", endpoint: undefined };
    expect(await bucketCredentials(contextWith(keys), place)(call)).toMatchObject(expected);
  });

  it("is Azure's token, for what a Secret names", async () => {
    const seen: Asked[] = [];
    const base = await cloud({ "/tenant/oauth2/v2.0/token": { access_token: "blob", expires_in: 3600 } }, seen);
    const secret = new Map(
      Object.entries({ tenantId: "tenant", clientId: "client", clientSecret: "secret", authorityHost: base }),
    );
    expect(await blobToken(contextWith({}), { values: secret, at: "Secret/a/b" })(call)).toBe("blob");
    const form = new URLSearchParams(seen[0]?.body);
    expect([form.get("client_id"), form.get("scope")]).toEqual(["client", "https://storage.azure.com/.default"]);
  });
});

describe("an object's own identity", () => {
  it("needs a gate, as in Flux", async () => {
    const context = contextWith({});
    expect(await objectAccount(context, "apps", "")).toBeUndefined();
    await expect(objectAccount(context, "apps", "own")).rejects.toThrow(
      "please enable the ObjectLevelWorkloadIdentity feature gate",
    );
  });

  it("is vouched for by the cluster, for one audience", async () => {
    const store = memoryStore();
    const server = await startApiServer({ store, clock: realClock });
    try {
      const cluster = server.cluster(administrator);
      const metadata = { name: "puller", namespace: "default", annotations: { "eks.amazonaws.com/role-arn": "arn" } };
      const target = { resource: accountResource, namespace: "default", name: "puller" };
      const object = { apiVersion: "v1", kind: "ServiceAccount", metadata };
      expect(await cluster.create(target, object, { fieldManager: "test" })).toMatchObject({ ok: true });
      const context = { ...contextWith({}), cluster, hasObjectIdentity: true };
      const account = await objectAccount(context, "default", "puller");
      expect(account?.annotations).toEqual(metadata.annotations);
      const [, claims = ""] = ((await account?.token("sts.amazonaws.com")) ?? "").split(".");
      expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
        aud: ["sts.amazonaws.com"],
        sub: "system:serviceaccount:default:puller",
      });
      await expect(objectAccount(context, "default", "nobody")).rejects.toThrow("nobody");
    } finally {
      await server.close();
      await store.close();
    }
  });

  it("signs in with what the cluster says of it, and is never taken for the installation's or another's", async () => {
    const seen: Asked[] = [];
    const base = await cloud(
      {
        "/tenant/oauth2/v2.0/token": { access_token: "entra", expires_in: 3600 },
        "/oauth2/exchange": { refresh_token: "refresh" },
      },
      seen,
    );
    const context = contextWith({ AZURE_AUTHORITY_HOST: base });
    const accountNamed = (name: string, client: string): AccountTokens => ({
      namespace: "apps",
      name,
      annotations: { "azure.workload.identity/client-id": client, "azure.workload.identity/tenant-id": "tenant" },
      token: (audience) => Promise.resolve(`${name} for ${audience}`),
    });
    const reach = reachOf(`oci://${new URL(base).host}/app`);
    const login = (account: AccountTokens): Promise<unknown> =>
      registryLogin(context, { provider: "azure", account }, reach, limits);
    await login(accountNamed("puller", "c1"));
    await login(accountNamed("puller", "c1"));
    await login(accountNamed("other", "c2"));
    const forms = seen.filter(({ url }) => url.startsWith("/tenant")).map(({ body }) => new URLSearchParams(body));
    expect(forms.map((form) => [form.get("client_id"), form.get("client_assertion")])).toEqual([
      ["c1", "puller for api://AzureADTokenExchange"],
      ["c2", "other for api://AzureADTokenExchange"],
    ]);
  });
});
