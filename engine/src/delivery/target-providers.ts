// Clusters that are named by a ConfigMap: `provider` says whose identity opens them, `cluster` and `address` which they are,
// `ca.crt` whom to trust (fluxcd/pkg auth, NewRESTConfig).

import {
  type AccountTokens,
  askForJson,
  awsIdentity,
  azureIdentity,
  cloudPlatform,
  type CloudServices,
  googleIdentity,
  presignV4,
  signV4,
} from "#clouds";
import { fieldOf, textOf } from "#kernel";
import { DeliveryFault } from "./faults.ts";

export type ProviderServices = CloudServices;

export type Provided = { address: string; authority: string; token: () => Promise<string> };

type Who = { services: CloudServices; account: AccountTokens | undefined };

/** How the cluster of a ConfigMap is reached. */
export function providedConnection(data: { readonly [key: string]: string }, who: Who): Promise<Provided> {
  switch (data["provider"] ?? "") {
    case "generic":
      return Promise.resolve(generic(data, who));
    case "aws":
      return aws(data, who);
    case "azure":
      return azure(data, who);
    case "gcp":
      return gcp(data, who);
    default:
      throw invalid("provider", "is none of generic, aws, azure and gcp");
  }
}

/** A token of a ServiceAccount, which the other cluster trusts. */
function generic(data: { readonly [key: string]: string }, { account }: Who): Provided {
  const address = addressOf(data);
  if (address === "") throw invalid("address", "is missing");
  if (account === undefined) throw invalid("serviceAccountName", "is missing");
  const named = (data["audiences"] ?? "").split("\n").map((line) => line.trim());
  const audiences = named.some(Boolean) ? named.filter(Boolean) : [address];
  return { address, authority: data["ca.crt"] ?? "", token: () => account.token(...audiences) };
}

/** A cluster takes such a question as a token for so long. */
const presignedSeconds = 60;

const eksArn = /^arn:aws[\w-]*:eks:([a-z0-9-]+):[0-9]+:cluster\/([A-Za-z0-9_-]+)$/;

/** https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html: a presigned question. */
async function aws(data: { readonly [key: string]: string }, { services, account }: Who): Promise<Provided> {
  const [, region, name] = eksArn.exec(data["cluster"] ?? "") ?? [];
  if (region === undefined || name === undefined) throw invalid("cluster", "is no ARN of an EKS cluster");
  const identity = awsIdentity(services, account);
  const host = `amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const described = await describe(data, async () => {
    const url = new URL(`https://eks.${region}.${host}/clusters/${name}`);
    const request = { method: "GET", url, service: "eks", region, nowMs: services.now() };
    const headers = signV4(request, await identity(region));
    const value = await askForJson({ method: "GET", url: url.href, headers }, "EKS", services.ask);
    return {
      address: textOf(value, "cluster", "endpoint"),
      authority: decoded(textOf(value, "cluster", "certificateAuthority", "data")),
    };
  });
  const token = async (): Promise<string> => {
    const url = new URL(`https://sts.${region}.${host}/?Action=GetCallerIdentity&Version=2011-06-15`);
    const request = { url, headers: { "x-k8s-aws-id": name }, service: "sts", region, nowMs: services.now() };
    const presigned = presignV4(request, await identity(region), presignedSeconds);
    return `k8s-aws-v1.${Buffer.from(presigned).toString("base64url")}`;
  };
  return { ...described, token };
}

/** The server application of every AKS cluster with Entra ID. */
const aksServer = "6dae42f8-4368-4678-94ff-3960e28e3630";
const aksId =
  /^\/subscriptions\/[0-9a-f-]+\/resourceGroups\/[^/?#\s]+\/providers\/Microsoft\.ContainerService\/managedClusters\/[^/?#\s]+$/i;

async function azure(data: { readonly [key: string]: string }, { services, account }: Who): Promise<Provided> {
  const identity = azureIdentity(services, account);
  const described = await describe(data, async () => {
    const id = data["cluster"] ?? "";
    if (!aksId.test(id)) throw invalid("cluster", "is no resource id of an AKS cluster");
    const { token } = await identity("https://management.azure.com/.default");
    const base = `https://management.azure.com${id}/listClusterUserCredential?api-version=2024-09-01`;
    const headers = { authorization: `Bearer ${token}` };
    const value = await askForJson({ method: "POST", url: base, headers }, "AKS", services.ask);
    const encoded = fieldOf(value, "kubeconfigs");
    const first = Array.isArray(encoded) ? textOf(encoded[0], "value") : "";
    const text = decoded(first);
    const member = (name: string): string => new RegExp(`^\\s*${name}: (\\S+)`, "m").exec(text)?.[1] ?? "";
    return { address: member("server"), authority: decoded(member("certificate-authority-data")) };
  });
  return { ...described, token: async () => (await identity(`${aksServer}/.default`)).token };
}

const gkeName = /^projects\/[^/?#\s]+\/locations\/[^/?#\s]+\/clusters\/[^/?#\s]+$/;

async function gcp(data: { readonly [key: string]: string }, { services, account }: Who): Promise<Provided> {
  const identity = googleIdentity(services, account);
  const described = await describe(data, async () => {
    const name = data["cluster"] ?? "";
    if (!gkeName.test(name)) throw invalid("cluster", "is no name of a GKE cluster");
    const headers = { authorization: `Bearer ${(await identity(cloudPlatform)).token}` };
    const url = `https://container.googleapis.com/v1/${name}`;
    const value = await askForJson({ method: "GET", url, headers }, "GKE", services.ask);
    const endpoint = textOf(value, "endpoint");
    return {
      address: endpoint === "" ? "" : `https://${endpoint}`,
      authority: decoded(textOf(value, "masterAuth", "clusterCaCertificate")),
    };
  });
  return { ...described, token: async () => (await identity(cloudPlatform)).token };
}

type Place = { address: string; authority: string };

/** Address and authority as given; what is missing is asked of the cloud. */
async function describe(data: { readonly [key: string]: string }, ask: () => Promise<Place>): Promise<Place> {
  const given = { address: addressOf(data), authority: data["ca.crt"] ?? "" };
  if (given.address !== "" && given.authority !== "") return given;
  const asked = await ask();
  if (asked.address === "") throw invalid("cluster", "has no address that its cloud would tell");
  return { address: given.address || asked.address, authority: given.authority || asked.authority };
}

function addressOf(data: { readonly [key: string]: string }): string {
  const address = data["address"] ?? "";
  if (address === "") return "";
  const text = address.includes("://") ? address : `https://${address}`;
  if (!/^https:\/\/[^\s/?#@]+\/?$/.test(text) || !URL.canParse(text)) throw invalid("address", "is no https address");
  return new URL(text).href.replace(/\/+$/, "");
}

function decoded(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function invalid(key: string, message: string): DeliveryFault {
  return new DeliveryFault({
    code: "target-unusable",
    disposition: "retry",
    at: key,
    message,
    hint: "docs/secrets.md says what such a ConfigMap holds",
  });
}
