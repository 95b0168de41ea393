import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../sources/git/repository.contract.ts";
import {
  containerCredentials,
  entra,
  googleTokens,
  isSignedByAws,
  machineMetadata,
  nowMs,
  securityTokens,
  type Service,
  TestClouds,
} from "./clouds.contract.ts";
import {
  type AccountTokens,
  awsIdentity,
  azureClientIdentity,
  azureIdentity,
  cloudPlatform,
  codeCommitLogin,
  codeCommitRegion,
  googleFileIdentity,
  googleIdentity,
  signV4,
} from "./index.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(...services: Service[]): Promise<TestClouds> {
  const clouds = await TestClouds.start(...services);
  closers.push(() => clouds.close());
  return clouds;
}

function account(annotations: Record<string, string>): AccountTokens & { audiences: string[] } {
  const audiences: string[] = [];
  const token = (audience: string): Promise<string> => {
    audiences.push(audience);
    return Promise.resolve("of-the-account");
  };
  return { namespace: "apps", name: "puller", annotations, audiences, token };
}

describe("Signature Version 4", () => {
  it("is that of AWS's own example", () => {
    const url = new URL("https://example.amazonaws.com/");
    const time = Date.UTC(2015, 7, 30, 12, 36, 0);
    const request = { method: "GET", url, service: "service", region: "us-east-1", nowMs: time };
    const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    expect(signV4(request, { accessKeyId: "AKIDEXAMPLE", secretAccessKey })["authorization"]).toContain(
      "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
  });
});

describe("at AWS we are", () => {
  const sts = securityTokens("https://sts.eu-west-1.amazonaws.com", "web-token");
  const task = containerCredentials("http://169.254.170.2", "/v2/credentials/1");
  const pod = containerCredentials("http://169.254.170.23", "/v1/credentials", "pod-token");
  const keys = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret" };
  const web = { AWS_ROLE_ARN: "arn:aws:iam::1:role/r", AWS_WEB_IDENTITY_TOKEN_FILE: "/web" };
  const ofTask = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" };
  const ofPod = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/pod",
  };
  it.each<[string, Record<string, string>, string]>([
    ["the environment's keys, before all else", { ...keys, ...web, ...ofTask }, "AKID"],
    ["a role by a projected token", { ...web, ...ofTask }, "ASIAROLE"],
    ["the task's role of ECS", ofTask, "ASIATASK"],
    ["the pod's identity of EKS", ofPod, "ASIATASK"],
    ["the machine's role", {}, "ASIAMACHINE"],
    ["the machine's role, over IPv6", { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" }, "ASIAMACHINE"],
  ])("%s", async (_, environment, expected) => {
    const over6 = machineMetadata("node-role", "http://[fd00:ec2::254]");
    const clouds = await start(sts, task, pod, machineMetadata("node-role"), over6);
    const services = clouds.services(environment, { "/web": "web-token\n", "/pod": "pod-token\n" });
    expect(await awsIdentity(services)("eu-west-1")).toMatchObject({ accessKeyId: expected });
  });

  it("within a session of the machine's metadata, until the role's credentials end", async () => {
    const clouds = await start(machineMetadata("node-role"));
    expect(await awsIdentity(clouds.services({}))("eu-west-1")).toEqual({
      accessKeyId: "ASIAMACHINE",
      secretAccessKey: "machine-secret",
      sessionToken: "machine-session",
      expiresMs: Date.UTC(2026, 0, 2, 9, 4, 5),
    });
    expect(clouds.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/iam/security-credentials/",
      "GET /latest/meta-data/iam/security-credentials/node-role",
    ]);
  });

  it.each<[string, Record<string, string>, Service[], string]>([
    ["a machine without a role", {}, [machineMetadata("")], "answered 404"],
    ["no identity at all", { AWS_EC2_METADATA_DISABLED: "true" }, [], "no credentials are at hand"],
    ["a token that is not taken", web, [securityTokens("https://sts.eu-west-1.amazonaws.com", "x")], "InvalidIdentity"],
    [
      "a credential server elsewhere, without TLS",
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/x" },
      [],
      "neither https nor an address of this container",
    ],
  ])("refused with %s", async (_, environment, services, text) => {
    const clouds = await start(...services);
    const identity = awsIdentity(clouds.services(environment, { "/web": "web-token" }));
    await expect(identity("eu-west-1")).rejects.toThrow(text);
  });

  it("a ServiceAccount's role alone, where an object names one", async () => {
    const clouds = await start(securityTokens("https://sts.eu-west-1.amazonaws.com", "of-the-account"));
    const own = account({ "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/apps" });
    const found = await awsIdentity(clouds.services(keys), own)("eu-west-1");
    expect(found).toMatchObject({ accessKeyId: "ASIAROLE", expiresMs: nowMs + 3_600_000 });
    expect(own.audiences).toEqual(["sts.amazonaws.com"]);
    const form = new URLSearchParams(clouds.asked[0]?.body);
    expect(form.get("RoleSessionName")).toBe("puller.apps.eu-west-1.keelson");
    await expect(awsIdentity(clouds.services(keys), account({}))("eu-west-1")).rejects.toMatchObject({
      code: "cloud-identity-invalid",
      at: "ServiceAccount/apps/puller",
    });
  });

  it("signed over a CodeCommit address in place of a password", () => {
    const repository = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet";
    const credentials = { accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "ST", expiresMs: nowMs + 3_600_000 };
    const canonical = "GIT\n/v1/repos/fleet\n\nhost:git-codecommit.eu-west-1.amazonaws.com\n\nhost\n";
    const text = `AWS4-HMAC-SHA256\n20260102T030405\n20260102/eu-west-1/codecommit/aws4_request\n${createHash("sha256").update(canonical).digest("hex")}`;
    const key = ["20260102", "eu-west-1", "codecommit", "aws4_request"].reduce<Buffer>(
      (before, part) => createHmac("sha256", before).update(part).digest(),
      Buffer.from("AWS4SK"),
    );
    expect(codeCommitLogin(repository, credentials, nowMs)).toEqual({
      username: "AK%ST",
      password: `20260102T030405Z${createHmac("sha256", key).update(text).digest("hex")}`,
      expiresMs: nowMs + 15 * 60_000,
    });
    expect(codeCommitLogin(repository, { ...credentials, sessionToken: "" }, nowMs)).toMatchObject({ username: "AK" });
    expect(codeCommitRegion("https://git-codecommit-fips.cn-north-1.amazonaws.com.cn/v1")).toBe("cn-north-1");
    for (const other of [
      "https://github.com/x",
      "http://git-codecommit.eu-west-1.amazonaws.com/x",
      "https://git-codecommit.eu-west-1.amazonaws.com.evil.example/x",
    ])
      expect(() => codeCommitRegion(other)).toThrow("no https address of AWS CodeCommit");
  });
});

/** A certificate and its key, in one PEM as Azure's own tools write it. */
function clientCertificate(): { pem: string; publicKey: ReturnType<typeof createPublicKey> } {
  const folder = temporaryFolder("azure");
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app"];
  execFileSync("openssl", [...args, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const pem = `${readFileSync(cert, "utf8")}${readFileSync(key, "utf8")}`;
  return { pem, publicKey: createPublicKey(readFileSync(cert)) };
}

describe("at Azure we are", () => {
  const scope = "https://vault.azure.net/.default";
  const named = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client" };

  it("a client by its secret, by a projected token, or by the machine's identity", async () => {
    const bySecret = await start(entra("tenant", (form) => form.get("client_secret") === "s"));
    const services = bySecret.services({ ...named, AZURE_CLIENT_SECRET: "s" });
    expect(await azureIdentity(services)(scope)).toEqual({ token: "eyA", lifeMs: 3_599_000 });
    const byToken = await start(entra("tenant", (form) => form.get("client_assertion") === "projected"));
    const federated = byToken.services({ ...named, AZURE_FEDERATED_TOKEN_FILE: "/f" }, { "/f": "projected\n" });
    expect(await azureIdentity(federated)(scope)).toMatchObject({ token: "eyA" });
    const machine = await start(({ host, path, headers }) => {
      const query = new URL(path, "http://x").searchParams;
      const isGood = headers["metadata"] === "true" && query.get("resource") === "https://vault.azure.net";
      if (host !== "http://169.254.169.254" || !isGood) return { status: 400, body: { error: "invalid_request" } };
      return { status: 200, body: { access_token: "machine", expires_in: "86399", client_id: query.get("client_id") } };
    });
    const byMachine = machine.services({ AZURE_CLIENT_ID: "assigned" });
    expect(await azureIdentity(byMachine)(scope)).toEqual({ token: "machine", lifeMs: 86_399_000 });
    expect(machine.asked[0]?.path).toContain("client_id=assigned");
  });

  it.each(["environment", "Secret"])("a client by its certificate, out of the %s", async (from) => {
    const { pem, publicKey } = clientCertificate();
    const clouds = await start(
      entra("tenant", (form) => {
        const [head = "", body = "", signature = ""] = (form.get("client_assertion") ?? "").split(".");
        const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
        const { x5t, x5c } = JSON.parse(Buffer.from(head, "base64url").toString()) as { x5t: string; x5c?: string[] };
        const isFor = claims["aud"] === "https://login.microsoftonline.com/tenant/oauth2/v2.0/token";
        const isOwn = claims["iss"] === "client" && claims["sub"] === "client" && x5t.length > 20 && x5c?.length === 1;
        const signed = Buffer.from(signature, "base64url");
        return isFor && isOwn && verify("sha256", Buffer.from(`${head}.${body}`), publicKey, signed);
      }),
    );
    const environment = {
      ...named,
      AZURE_CLIENT_CERTIFICATE_PATH: "/cert",
      AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: "true",
    };
    const members: Record<string, string> = {
      tenantId: "tenant",
      clientId: "client",
      clientCertificate: pem,
      clientCertificateSendChain: "1",
    };
    const identity =
      from === "environment"
        ? azureIdentity(clouds.services(environment, { "/cert": pem }))
        : azureClientIdentity({ at: "Secret/a/b", find: (name) => members[name] ?? "" }, clouds.services({}));
    expect(await identity?.(scope)).toMatchObject({ token: "eyA" });
    members["clientCertificate"] = "CANARY";
    const wrong = azureClientIdentity({ at: "Secret/a/b", find: (name) => members[name] ?? "" }, clouds.services({}));
    const refused = await wrong?.(scope).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "cloud-identity-invalid", at: "Secret/a/b" });
    expect(JSON.stringify(refused)).not.toContain("CANARY");
  });

  it("a ServiceAccount's client alone, where an object names one", async () => {
    const clouds = await start(entra("t2", (form) => form.get("client_assertion") === "of-the-account"));
    const own = account({ "azure.workload.identity/client-id": "c", "azure.workload.identity/tenant-id": "t2" });
    const services = clouds.services({ ...named, AZURE_CLIENT_SECRET: "s" });
    expect(await azureIdentity(services, own)(scope)).toMatchObject({ token: "eyA" });
    expect(own.audiences).toEqual(["api://AzureADTokenExchange"]);
    await expect(azureIdentity(services, account({}))(scope)).rejects.toMatchObject({ code: "cloud-identity-invalid" });
  });
});

describe("at Google we are", () => {
  const email = "app@project.iam.gserviceaccount.com";
  const audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x";
  const external = (source: object, more: object = {}): string =>
    JSON.stringify({
      type: "external_account",
      audience,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: "https://sts.googleapis.com/v1/token",
      credential_source: source,
      ...more,
    });
  const own = { GOOGLE_APPLICATION_CREDENTIALS: "/adc" };

  it("a service account by its key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const clouds = await start(({ host, body }) => {
      if (host !== "https://oauth2.googleapis.com") return undefined;
      const [head = "", claims = "", signature = ""] = (new URLSearchParams(body).get("assertion") ?? "").split(".");
      const signed = Buffer.from(signature, "base64url");
      const isGood = verify("sha256", Buffer.from(`${head}.${claims}`), publicKey, signed);
      const { scope } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { scope: string };
      return isGood
        ? { status: 200, body: { access_token: `for ${scope}`, expires_in: 3599 } }
        : { status: 400, body: { error: "invalid_grant" } };
    });
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const text = JSON.stringify({ type: "service_account", client_email: email, private_key: key });
    const file = { text, at: "Secret/a/b", isOwn: false };
    const identity = googleFileIdentity(file, clouds.services({}));
    expect(await identity("read")).toEqual({ token: "for read", lifeMs: 3_599_000 });
    for (const wrong of ["{secret", "[]", '{"type":"service_account"}', '{"type":"external_account"}'])
      expect(() => googleFileIdentity({ ...file, text: wrong }, clouds.services({}))).toThrow(
        expect.objectContaining({ code: "cloud-identity-invalid", at: "Secret/a/b" }) as Error,
      );
  });

  it("the machine's account", async () => {
    const clouds = await start(({ host, path, headers }) =>
      host === "http://metadata.google.internal" && headers["metadata-flavor"] === "Google" && path.endsWith("/token")
        ? { status: 200, body: { access_token: "machine", expires_in: 3599, token_type: "Bearer" } }
        : undefined,
    );
    expect(await googleIdentity(clouds.services({}))(cloudPlatform)).toEqual({ token: "machine", lifeMs: 3_599_000 });
  });

  it.each<[string, object, Record<string, string>]>([
    ["a file", { file: "/subject" }, { "/subject": "subject\n" }],
    [
      "a member of a file",
      { file: "/subject", format: { type: "json", subject_token_field_name: "id" } },
      { "/subject": '{"id":"subject"}' },
    ],
    ["an address", { url: "http://idp.example/token", headers: { metadata: "true" } }, {}],
  ])("an account outside, by the token in %s, which acts as a service account", async (_, source, files) => {
    const clouds = await start(
      googleTokens((form) => form.get("subject_token") === "subject" && form.get("audience") === audience, email),
      ({ host, headers }) =>
        host === "http://idp.example" && headers["metadata"] === "true" ? { status: 200, body: "subject" } : undefined,
    );
    const impersonation = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`;
    const plain = clouds.services(own, { ...files, "/adc": external(source) });
    expect(await googleIdentity(plain)(cloudPlatform)).toMatchObject({ token: "federated" });
    const acting = external(source, { service_account_impersonation_url: impersonation });
    const services = clouds.services(own, { ...files, "/adc": acting });
    expect(await googleIdentity(services)("read")).toEqual({ token: `as ${email}`, lifeMs: 3_600_000 });
  });

  it("an account of AWS, by a question to AWS that only Google asks", async () => {
    const clouds = await start(
      machineMetadata("node-role"),
      googleTokens((form) => isSignedByAws(form.get("subject_token") ?? "", "machine-secret")),
    );
    const metadata = "http://169.254.169.254/latest";
    const source = {
      environment_id: "aws1",
      region_url: `${metadata}/meta-data/placement/availability-zone`,
      url: `${metadata}/meta-data/iam/security-credentials`,
      imdsv2_session_token_url: `${metadata}/api/token`,
      regional_cred_verification_url: "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    };
    const text = external(source, { subject_token_type: "urn:ietf:params:aws:token-type:aws4_request" });
    const services = clouds.services(own, { "/adc": text });
    expect(await googleIdentity(services)(cloudPlatform)).toMatchObject({ token: "federated" });
    const subject = new URLSearchParams(clouds.asked.at(-1)?.body).get("subject_token") ?? "";
    expect(decodeURIComponent(subject)).toContain("https://sts.eu-west-1.amazonaws.com");
    expect(clouds.asked.some(({ host }) => host.includes("sts.eu-west-1"))).toBe(false);
  });

  it.each<[string, string, string]>([
    ["a program as its source", external({ executable: { command: "sh" } }), "cannot be used here"],
    ["an unknown environment", external({ environment_id: "aws2" }), "none of AWS"],
    ["no source", external({}, { credential_source: "x" }), "lacks audience"],
    ["a token that is none", external({ file: "/empty" }), "without a token"],
  ])("refused with %s", async (_, text, expected) => {
    const clouds = await start();
    const services = clouds.services(own, { "/adc": text, "/empty": " " });
    await expect(googleIdentity(services)(cloudPlatform)).rejects.toThrow(expected);
  });

  it("a ServiceAccount by its provider, or by its cluster's own on GKE", async () => {
    const metadata: Record<string, string> = {
      "/computeMetadata/v1/project/project-id": "project",
      "/computeMetadata/v1/instance/attributes/cluster-location": "europe-west1",
      "/computeMetadata/v1/instance/attributes/cluster-name": "shop",
    };
    const clouds = await start(
      googleTokens((form) => form.get("subject_token") === "of-the-account", email),
      ({ host, path }) => {
        const body = host === "http://metadata.google.internal" ? metadata[path] : undefined;
        return body === undefined ? undefined : { status: 200, body };
      },
    );
    const services = clouds.services({});
    const provider = audience.replace("//iam.googleapis.com/", "");
    const annotated = account({ "gcp.auth.fluxcd.io/workload-identity-provider": provider });
    expect(await googleIdentity(services, annotated)(cloudPlatform)).toMatchObject({ token: "federated" });
    expect(annotated.audiences).toEqual([`https:${audience}`]);
    const onGke = account({ "iam.gke.io/gcp-service-account": email });
    expect(await googleIdentity(services, onGke)("read")).toMatchObject({ token: `as ${email}` });
    expect(onGke.audiences).toEqual(["project.svc.id.goog"]);
    const exchange = clouds.asked.find(({ body }) => body.includes("identitynamespace"));
    expect(new URLSearchParams(exchange?.body).get("audience")).toBe(
      "identitynamespace:project.svc.id.goog:https://container.googleapis.com/v1/projects/project/locations/europe-west1/clusters/shop",
    );
    const wrong = account({ "gcp.auth.fluxcd.io/workload-identity-provider": "projects/x" });
    await expect(googleIdentity(services, wrong)(cloudPlatform)).rejects.toMatchObject({
      code: "cloud-identity-invalid",
    });
  });
});
