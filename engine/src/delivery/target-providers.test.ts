// Clusters of clouds, by fakes of their documented calls.

import { describe, expect, it } from "vitest";
import type { AccountTokens, HttpAnswer, HttpQuestion } from "#secrets/keys";
import { providedConnection } from "./target-providers.ts";

const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const encoded = Buffer.from(pem).toString("base64");
const arn = "arn:aws:eks:eu-west-1:111122223333:cluster/shop";
const aks = "/subscriptions/0a1b/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/shop";
const gke = "projects/p/locations/europe-west1/clusters/shop";
const kubeconfig = `clusters:\n- cluster:\n    certificate-authority-data: ${encoded}\n    server: https://aks.example:443\n`;

function answer(question: HttpQuestion): HttpAnswer {
  const { host, pathname } = new URL(question.url);
  const good = (value: unknown): HttpAnswer => ({ status: 200, headers: {}, body: JSON.stringify(value) });
  if (host.startsWith("eks.")) {
    return good({ cluster: { endpoint: "https://eks.example", certificateAuthority: { data: encoded } } });
  }
  if (host === "management.azure.com")
    return good({ kubeconfigs: [{ value: Buffer.from(kubeconfig).toString("base64") }] });
  if (host === "container.googleapis.com") {
    return good({ endpoint: "34.0.0.1", masterAuth: { clusterCaCertificate: encoded } });
  }
  const isToken = /token$|oauth2/.test(pathname);
  return isToken
    ? good({ access_token: `token of ${host}`, expires_in: 3600 })
    : { status: 404, headers: {}, body: "" };
}

function ask(data: { [key: string]: string }, account?: AccountTokens) {
  const asked: string[] = [];
  const environment = {
    AWS_ACCESS_KEY_ID: "AKID",
    AWS_SECRET_ACCESS_KEY: "secret",
    AZURE_TENANT_ID: "t",
    AZURE_CLIENT_ID: "c",
    AZURE_CLIENT_SECRET: "s",
  };
  const services = {
    ask: (question: HttpQuestion): Promise<HttpAnswer> => {
      asked.push(new URL(question.url).host);
      return Promise.resolve(answer(question));
    },
    now: () => Date.UTC(2026, 0, 1),
    environment,
    readFile: () => Promise.reject(new Error("no such file")),
  };
  return { asked, provided: providedConnection(data, { services, account }) };
}

const account: AccountTokens = {
  namespace: "apps",
  name: "deployer",
  annotations: {},
  token: (...audiences) => Promise.resolve(`for ${audiences.join(" and ")}`),
};

describe("a cluster named by a ConfigMap", () => {
  it("generic: its own address, a token of the ServiceAccount for it or for the audiences named", async () => {
    const data = { provider: "generic", address: "https://other.example:6443", "ca.crt": pem };
    const provided = await ask(data, account).provided;
    expect(provided).toMatchObject({ address: "https://other.example:6443", authority: pem });
    expect(await provided.token()).toBe("for https://other.example:6443");
    const named = await ask({ ...data, audiences: "\n sts.example \nother.example" }, account).provided;
    expect(await named.token()).toBe("for sts.example and other.example");
  });

  it.each([
    ["aws", arn, "https://eks.example"],
    ["azure", aks, "https://aks.example:443"],
    ["gcp", gke, "https://34.0.0.1"],
  ])("%s: address and authority are asked of the cloud", async (provider, cluster, address) => {
    const provided = await ask({ provider, cluster }).provided;
    expect(provided).toMatchObject({ address, authority: pem });
    expect(await provided.token()).not.toBe("");
  });

  it("aws: the token is a presigned question that names the cluster", async () => {
    const { token } = await ask({ provider: "aws", cluster: arn }).provided;
    const text = Buffer.from((await token()).replace("k8s-aws-v1.", ""), "base64url").toString();
    const url = new URL(text);
    expect(url.host).toBe("sts.eu-west-1.amazonaws.com");
    expect(url.searchParams.get("Action")).toBe("GetCallerIdentity");
    expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("host;x-k8s-aws-id");
    expect(url.searchParams.get("X-Amz-Signature")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("what is given is not asked for", async () => {
    const { asked, provided } = ask({ provider: "gcp", cluster: gke, address: "https://10.0.0.1", "ca.crt": pem });
    expect(await provided).toMatchObject({ address: "https://10.0.0.1", authority: pem });
    expect(asked).toEqual([]);
  });

  it.each<[string, { [key: string]: string }, string]>([
    ["a provider that is none", { provider: "CANARY" }, "provider"],
    [
      "a region that would become a host",
      { provider: "aws", cluster: "arn:aws:eks:evil.example/:1:cluster/x" },
      "cluster",
    ],
    ["an id that leads elsewhere", { provider: "azure", cluster: "/subscriptions/0a/../../x" }, "cluster"],
    ["a name that leads elsewhere", { provider: "gcp", cluster: "projects/p/locations/l/clusters/x?y=" }, "cluster"],
    ["an address without TLS", { provider: "generic", address: "http://other.example" }, "address"],
    ["an address with a user", { provider: "generic", address: "https://u@other.example" }, "address"],
    ["no address", { provider: "generic" }, "address"],
    ["no ServiceAccount", { provider: "generic", address: "https://other.example" }, "serviceAccountName"],
  ])("%s is refused", async (_what, data, at) => {
    const tried = Promise.resolve().then(() => ask(data).provided);
    await expect(tried).rejects.toMatchObject({ code: "target-unusable", at });
  });
});
