// Key services by their documented calls, answered by the fakes: who asks, what is asked, and what a refusal says.

import { createPublicKey, publicEncrypt } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MasterKey } from "../sops/index.ts";
import { askOverNetwork } from "./http.ts";
import { type AccountTokens, type AskHttp, type KeyData, type KeyServices, openKeyring } from "./index.ts";
import { fake, fakeServices, serveFakes } from "./key-services.contract.ts";

const pem = readFileSync(new URL("../testdata/keys/azure.pem", import.meta.url), "utf8");
const enc = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const turned = Buffer.from(Buffer.from(enc, "base64").map((byte) => byte ^ 0xa5)).toString("base64");
const expected = Buffer.from(enc, "base64");

const gcpKey: MasterKey = { type: "gcp_kms", resource: fake.gcpResource, enc: turned };
const vaultKey: MasterKey = {
  type: "hc_vault",
  address: "https://vault.example:8200",
  enginePath: "transit",
  keyName: "k",
  enc: `vault:v1:${turned}`,
};
const awsKey: MasterKey = {
  type: "kms",
  arn: fake.arn,
  role: "",
  context: {},
  profile: "",
  enc: Buffer.from(JSON.stringify({ context: "[]", data: turned })).toString("base64"),
};

type Given = {
  data?: { [name: string]: string };
  environment?: { [name: string]: string };
  files?: { [path: string]: string };
  account?: AccountTokens;
  vaultLogins?: ReadonlyMap<string, string>;
  ask?: AskHttp;
};

async function unwrap(key: MasterKey, given: Given = {}): Promise<{ part: Buffer; asked: string[] }> {
  const fakes = fakeServices(pem);
  const services: KeyServices = {
    ask: given.ask ?? ((question) => Promise.resolve(fakes.answer(question))),
    now: () => Date.UTC(2026, 0, 1),
    environment: given.environment ?? {},
    readFile: (path) => {
      const text = given.files?.[path];
      return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
    },
  };
  const data: KeyData = new Map(Object.entries(given.data ?? {}).map(([name, text]) => [name, Buffer.from(text)]));
  const { account, vaultLogins } = given;
  const keyring = await openKeyring({
    data,
    services,
    ...(account === undefined ? {} : { account }),
    ...(vaultLogins === undefined ? {} : { vaultLogins }),
  });
  return { part: Buffer.from(await keyring.unwrap(key)), asked: fakes.asked };
}

function account(annotations: { [name: string]: string }): AccountTokens & { audiences: string[] } {
  const audiences: string[] = [];
  return {
    namespace: "apps",
    name: "reader",
    annotations,
    audiences,
    token: (audience) => {
      audiences.push(audience);
      return Promise.resolve(fake.jwt);
    },
  };
}

const ownAws = { AWS_ACCESS_KEY_ID: fake.aws.accessKeyId, AWS_SECRET_ACCESS_KEY: fake.aws.secretAccessKey };

describe("who asks", () => {
  it.each<[string, MasterKey, Given]>([
    ["the process's own variables, at AWS", awsKey, { environment: ownAws }],
    [
      "the process's projected token for a role, at AWS",
      awsKey,
      { environment: { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: fake.role }, files: { "/t": `${fake.jwt}\n` } },
    ],
    ["a role assumed by the key's own words, at AWS", { ...awsKey, role: fake.role }, { environment: ownAws }],
    ["the metadata server, at Google", gcpKey, {}],
    [
      "a federated token file, at Azure",
      azureKey(),
      {
        environment: { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_FEDERATED_TOKEN_FILE: "/f" },
        files: { "/f": fake.jwt },
      },
    ],
    ["a token of the Secret, at Vault", vaultKey, { data: { "sops.vault-token": `${fake.vaultToken}\n` } }],
    [
      "a service principal in az's own words, at Azure",
      azureKey(),
      { data: { "sops.azure-kv": "tenant: t\nappId: a\npassword: p\n" } },
    ],
    [
      "a user's refresh token, at Google",
      gcpKey,
      {
        data: { "sops.gcp-kms": '{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"}' },
      },
    ],
  ])("%s", async (_who, key, given) => {
    expect((await unwrap(key, given)).part).toEqual(expected);
  });

  it("is the ServiceAccount alone where one is named: its role, its provider, its login", async () => {
    const aws = account({ "eks.amazonaws.com/role-arn": fake.role });
    expect((await unwrap(awsKey, { account: aws, environment: ownAws })).asked).toEqual(["POST /", "POST /"]);
    expect(aws.audiences).toEqual(["sts.amazonaws.com"]);
    await expect(unwrap(awsKey, { account: account({}), environment: ownAws })).rejects.toMatchObject({
      code: "cloud-identity-invalid",
    });
    const provider = "projects/1/locations/global/workloadIdentityPools/p/providers/k";
    const google = account({ "gcp.auth.fluxcd.io/workload-identity-provider": provider });
    expect((await unwrap(gcpKey, { account: google })).part).toEqual(expected);
    expect(google.audiences).toEqual([`https://iam.googleapis.com/${provider}`]);
    const azure = account({ "azure.workload.identity/client-id": "c", "azure.workload.identity/tenant-id": "t" });
    expect((await unwrap(azureKey(), { account: azure })).part).toEqual(expected);
    const login = { account: account({}), vaultLogins: new Map([[vaultKey.address, "auth/kubernetes/login"]]) };
    expect((await unwrap(vaultKey, login)).asked).toEqual([
      "PUT /v1/auth/kubernetes/login",
      "PUT /v1/transit/decrypt/k",
    ]);
    expect(login.account.audiences).toEqual([vaultKey.address]);
  });

  it("never logs in to a Vault server that the operator has not listed", async () => {
    const given = { account: account({}), vaultLogins: new Map([["https://other.example", "auth/login"]]) };
    await expect(unwrap(vaultKey, given)).rejects.toMatchObject({ code: "key-invalid" });
    expect(given.account.audiences).toEqual([]);
  });
});

function azureKey(): MasterKey & { type: "azure_kv" } {
  const wrapped = publicEncrypt({ key: createPublicKey(pem), oaepHash: "sha256" }, expected).toString("base64url");
  return { type: "azure_kv", vaultUrl: fake.azureVault, name: "k", version: "1", enc: wrapped };
}

describe("where a token is sent", () => {
  it.each<[string, MasterKey]>([
    ["a host made of a region", { ...awsKey, arn: "arn:aws:kms:evil.example/:111122223333:key/1" }],
    ["a vault of another domain", { ...azureKey(), vaultUrl: "https://keel.vault.azure.net.evil.example" }],
    ["a vault with a user part", { ...azureKey(), vaultUrl: "https://x@evil.example/.vault.azure.net" }],
    ["a key that is none", { ...gcpKey, resource: "projects/p/../../evil" }],
    ["a Vault address with a path", { ...vaultKey, address: "https://evil.example/?x=" }],
  ])("is never %s", async (_where, key) => {
    const asked: string[] = [];
    const ask: AskHttp = (question) => {
      asked.push(new URL(question.url).host);
      return Promise.resolve({ status: 200, headers: {}, body: '{"access_token":"t","expires_in":60}' });
    };
    const given = { ask, environment: ownAws, data: { "sops.vault-token": "t" } };
    await expect(unwrap(key, given)).rejects.toThrow();
    expect(asked.filter((host) => host.includes("evil"))).toEqual([]);
  });
});

describe("over the network", () => {
  let served: Awaited<ReturnType<typeof serveFakes>>;
  beforeAll(async () => {
    served = await serveFakes(fakeServices(pem));
  });
  afterAll(() => served.close());

  it("asks a server, and says what it refuses without what was sent", async () => {
    const ask = askOverNetwork();
    const good = { ...vaultKey, address: served.url };
    expect((await unwrap(good, { ask, data: { "sops.vault-token": fake.vaultToken } })).part).toEqual(expected);
    const refusal = await unwrap(good, { ask, data: { "sops.vault-token": "CANARY" } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(refusal).toMatchObject({ code: "key-service-refused", message: "Vault answered 403: permission denied" });
    expect(JSON.stringify(refusal)).not.toContain("CANARY");
  });

  it("tries again later when nobody answers", async () => {
    const gone = { ...vaultKey, address: "http://127.0.0.1:9" };
    await expect(unwrap(gone, { ask: askOverNetwork(), data: { "sops.vault-token": "t" } })).rejects.toMatchObject({
      code: "key-service-unreachable",
      disposition: "retry",
    });
  });
});
