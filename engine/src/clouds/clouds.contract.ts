// Clouds for tests: local servers that behave as the documented services do, behind the addresses that those have.

import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloudAnswer, CloudQuestion, CloudServices } from "./index.ts";

export type Asked = { method: string; host: string; path: string; headers: IncomingMessage["headers"]; body: string };
type Answer = { status: number; body: string | object };
/** Answers what is asked of the hosts that it stands for. */
export type Service = (asked: Asked) => Answer | undefined;

/** One server for all the addresses: what is asked arrives under the host that it was asked of. */
export class TestClouds {
  readonly asked: Asked[] = [];
  readonly #services: readonly Service[];
  readonly #server: Server;

  private constructor(services: readonly Service[]) {
    this.#services = services;
    this.#server = createServer((incoming, response) => {
      let body = "";
      incoming.on("data", (piece: Buffer) => (body += piece.toString("utf8")));
      incoming.on("end", () => {
        const host = String(incoming.headers["x-asked-of"]);
        const { method = "", url: path = "", headers } = incoming;
        const asked = { method, host, path, headers, body };
        this.asked.push(asked);
        const answer = this.#services.map((service) => service(asked)).find((each) => each !== undefined);
        const text = typeof answer?.body === "object" ? JSON.stringify(answer.body) : (answer?.body ?? "");
        response.writeHead(answer?.status ?? 404).end(text);
      });
    });
  }

  static async start(...services: Service[]): Promise<TestClouds> {
    const clouds = new TestClouds(services);
    await new Promise<void>((resolve) => clouds.#server.listen(0, "127.0.0.1", resolve));
    return clouds;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  ask({ method, url, headers = {}, body = "" }: CloudQuestion): Promise<CloudAnswer> {
    const asked = new URL(url);
    const { port } = this.#server.address() as AddressInfo;
    const path = `${asked.pathname}${asked.search}`;
    return new Promise((resolve, reject) => {
      const sent = { host: "127.0.0.1", port, method, path, headers: { ...headers, "x-asked-of": asked.origin } };
      const out = request(sent, (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString("utf8")));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: {}, body: text }));
      });
      out.on("error", reject);
      out.end(body);
    });
  }

  services(environment: Record<string, string>, files: Record<string, string> = {}): CloudServices {
    return {
      ask: (question) => this.ask(question),
      now: () => nowMs,
      environment,
      readFile: (path) => {
        const text = files[path];
        return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
      },
    };
  }
}

export const nowMs: number = Date.UTC(2026, 0, 2, 3, 4, 5);
const found = {
  Code: "Success",
  Type: "AWS-HMAC",
  AccessKeyId: "ASIAMACHINE",
  SecretAccessKey: "machine-secret",
  Token: "machine-session",
  Expiration: "2026-01-02T09:04:05Z",
};

/** An EC2 machine's metadata, which answers only within a session of its own (IMDSv2). */
export function machineMetadata(role: string, host = "http://169.254.169.254"): Service {
  const session = "session-of-the-machine";
  return (asked) => {
    if (asked.host !== host) return undefined;
    if (asked.path === "/latest/api/token") {
      const isGood = asked.method === "PUT" && Number(asked.headers["x-aws-ec2-metadata-token-ttl-seconds"]) > 0;
      return isGood ? { status: 200, body: session } : { status: 405, body: "" };
    }
    if (asked.headers["x-aws-ec2-metadata-token"] !== session) return { status: 401, body: "" };
    const folder = "/latest/meta-data/iam/security-credentials/";
    if (asked.path === folder) return role === "" ? { status: 404, body: "" } : { status: 200, body: `${role}\n` };
    if (asked.path === `${folder}${role}`) return { status: 200, body: found };
    if (asked.path === "/latest/meta-data/placement/availability-zone") return { status: 200, body: "eu-west-1b" };
    return undefined;
  };
}

/** The credential server of a container: of ECS by path alone, of EKS with a token. */
export function containerCredentials(host: string, path: string, authorization?: string): Service {
  const { Code: _, Type: __, ...plain } = found;
  return (asked) => {
    if (asked.host !== host || asked.path !== path) return undefined;
    if (asked.headers.authorization !== authorization) return { status: 401, body: { code: "Unauthorized" } };
    return { status: 200, body: { RoleArn: "arn:aws:iam::1:role/task", ...plain, AccessKeyId: "ASIATASK" } };
  };
}

/** AWS's security token service: a web identity's token for a role's credentials. */
export function securityTokens(host: string, token: string): Service {
  return (asked) => {
    if (asked.host !== host) return undefined;
    const form = new URLSearchParams(asked.body);
    if (form.get("Action") !== "AssumeRoleWithWebIdentity" || form.get("Version") !== "2011-06-15") return undefined;
    if (form.get("WebIdentityToken") !== token)
      return {
        status: 400,
        body: "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>no</Message></Error></ErrorResponse>",
      };
    const credentials =
      "<Credentials><SessionToken>st</SessionToken><SecretAccessKey>sk</SecretAccessKey>" +
      "<Expiration>2026-01-02T04:04:05Z</Expiration><AccessKeyId>ASIAROLE</AccessKeyId></Credentials>";
    const result = `<AssumeRoleWithWebIdentityResult>${credentials}</AssumeRoleWithWebIdentityResult>`;
    return {
      status: 200,
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleWithWebIdentityResponse>`,
    };
  };
}

/** Entra's token endpoint for one client; `isProof` judges what the form proves it with. */
export function entra(tenant: string, isProof: (form: URLSearchParams) => boolean): Service {
  return (asked) => {
    if (asked.host !== "https://login.microsoftonline.com") return undefined;
    if (asked.path !== `/${tenant}/oauth2/v2.0/token` || asked.method !== "POST") return undefined;
    const form = new URLSearchParams(asked.body);
    const isAsked = form.get("grant_type") === "client_credentials" && form.get("scope")?.endsWith("/.default");
    if (isAsked !== true) return { status: 400, body: { error: "invalid_scope", error_description: "AADSTS70011" } };
    if (!isProof(form)) return { status: 401, body: { error: "invalid_client", error_description: "AADSTS7000215" } };
    return { status: 200, body: { token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599, access_token: "eyA" } };
  };
}

/** Google's token exchange and its service that acts as accounts. */
export function googleTokens(isSubject: (form: URLSearchParams) => boolean, email?: string): Service {
  return (asked) => {
    if (asked.host === "https://sts.googleapis.com" && asked.path === "/v1/token") {
      const form = new URLSearchParams(asked.body);
      const isExchange = form.get("grant_type") === "urn:ietf:params:oauth:grant-type:token-exchange";
      if (!isExchange || !isSubject(form)) return { status: 400, body: { error: "invalid_grant" } };
      const issued = "urn:ietf:params:oauth:token-type:access_token";
      return {
        status: 200,
        body: { access_token: "federated", issued_token_type: issued, token_type: "Bearer", expires_in: 3599 },
      };
    }
    if (asked.host !== "https://iamcredentials.googleapis.com" || email === undefined) return undefined;
    if (asked.path !== `/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`)
      return undefined;
    const { scope = [] } = JSON.parse(asked.body) as { scope?: string[] };
    if (asked.headers.authorization !== "Bearer federated" || scope.length === 0)
      return { status: 403, body: { error: { code: 403, status: "PERMISSION_DENIED" } } };
    return { status: 200, body: { accessToken: `as ${email}`, expireTime: "2026-01-02T04:04:05Z" } };
  };
}

/** What Google does with the signed question to AWS: computes the signature again. */
export function isSignedByAws(subject: string, secret: string): boolean {
  const { url, method, headers } = JSON.parse(decodeURIComponent(subject)) as {
    url: string;
    method: string;
    headers: { key: string; value: string }[];
  };
  const all = new Map(headers.map(({ key, value }) => [key.toLowerCase(), value]));
  const match = /Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(all.get("authorization") ?? "");
  const [, scope = "", names = "", signature] = match ?? [];
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  const { pathname, searchParams, host } = new URL(url);
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).sort();
  const lines = names.split(";").map((name) => `${name}:${name === "host" ? host : (all.get(name) ?? "")}`);
  const canonical = [method, pathname, query.join("&"), ...lines, "", names, sha("")].join("\n");
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const text = `AWS4-HMAC-SHA256\n${all.get("x-amz-date") ?? ""}\n${scope}\n${sha(canonical)}`;
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}
