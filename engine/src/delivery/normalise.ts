// Equal intents as equal data, by Flux's own list (fluxcd/pkg/ssa/normalize): no status, the text data of Secrets encoded,
// the default protocol of ports written out, and members that a built-in kind does not have left out, as a typed client
// leaves them out.

import { decodeBuiltin, schemaFor } from "#api/kubernetes";
import {
  asJson,
  asManifest,
  encodeUtf8,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  setOwn,
  splitApiVersion,
} from "#kernel";

/** The manifest in the form in which it is applied. */
export function normalise(manifest: Manifest): Manifest {
  // Their rules are kept as they are written, as in Flux.
  if (manifest.apiVersion === "rbac.authorization.k8s.io/v1" && /^(Cluster)?Role$/.test(manifest.kind)) return manifest;
  const next: Manifest = withoutUnknown({ ...manifest });
  if (manifest.kind !== "CustomResourceDefinition") delete next["status"];
  const { creationTimestamp: _c, ...metadata } = next.metadata;
  next.metadata = metadata;
  const { group } = splitApiVersion(manifest.apiVersion);
  if (manifest.apiVersion === "v1" && manifest.kind === "Secret") return withEncodedData(next);
  if (group === "apiextensions.k8s.io") return withoutBrokenAuthority(next);
  return hasPorts(group, manifest.kind) ? asManifest(withProtocols(asJson(next), "")) : next;
}

function withoutUnknown(manifest: Manifest): Manifest {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const schema = schemaFor(group, version, manifest.kind);
  if (schema === undefined) return manifest;
  const { unknown, error } = decodeBuiltin(asJson(manifest), schema, { withDefaults: false });
  // What does not decode at all is the server's to refuse.
  if (error !== undefined || unknown.length === 0) return manifest;
  return asManifest(unknown.reduce<Json>((value, path) => withoutPath(value, path), asJson(manifest)));
}

/** Removes the member that a path such as `spec.containers[0].imagee` names; names may hold dots themselves. */
function withoutPath(value: Json, path: string): Json {
  const index = /^\[(\d+)\]\.?/.exec(path);
  if (Array.isArray(value) && index !== null) {
    const rest = path.slice(index[0].length);
    return value.map((item, at) => (at === Number(index[1]) ? withoutPath(item, rest) : item));
  }
  if (!isObject(value)) return value;
  const names = Object.keys(value).filter((name) => path === name || /^[.[]/.test(path.slice(name.length)));
  const name = names.filter((each) => path.startsWith(each)).sort((a, b) => b.length - a.length)[0];
  if (name === undefined) return value;
  const { [name]: member, ...others } = value;
  if (path === name) return others;
  const kept: JsonObject = { ...value };
  setOwn(kept, name, withoutPath(member as Json, path.slice(name.length).replace(/^\./, "")));
  return kept;
}

const workloads: ReadonlySet<string> = new Set([
  "/Pod",
  "/Service",
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
  "batch/Job",
  "batch/CronJob",
]);

function hasPorts(group: string, kind: string): boolean {
  return workloads.has(`${group}/${kind}`);
}

/** Where ports are not looked at, in Flux either. */
const portless: ReadonlySet<string> = new Set(["metadata", "selector", "initContainers", "ephemeralContainers"]);

/** `protocol` is part of a port's key: written out, so that two ways to say the same are the same. */
function withProtocols(value: Json, key: string): Json {
  if (Array.isArray(value) && !portless.has(key)) {
    if (key !== "ports") return value.map((item) => withProtocols(item, ""));
    return value.map((port) => (isObject(port) && !port["protocol"] ? { ...port, protocol: "TCP" } : port));
  }
  if (!isObject(value) || portless.has(key)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withProtocols(member, name)]));
}

function withEncodedData(secret: Manifest): Manifest {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return secret;
  const data: JsonObject = { ...(isObject(secret["data"]) ? secret["data"] : {}) };
  for (const [key, value] of Object.entries(stringData)) setOwn(data, key, toBase64(String(value as string)));
  return { ...rest, metadata: secret.metadata, apiVersion: "v1", kind: "Secret", data };
}

function toBase64(text: string): string {
  return Buffer.from(encodeUtf8(text)).toString("base64");
}

/** A placeholder that an injector replaces later is refused by the API server, so it is not applied. */
function withoutBrokenAuthority(definition: Manifest): Manifest {
  const conversion = (definition["spec"] as JsonObject | undefined)?.["conversion"];
  const webhook = isObject(conversion) ? conversion["webhook"] : undefined;
  const client = isObject(webhook) ? webhook["clientConfig"] : undefined;
  if (!isObject(client) || typeof client["caBundle"] !== "string" || isAuthority(client["caBundle"])) return definition;
  return asManifest(withoutPath(asJson(definition), "spec.conversion.webhook.clientConfig.caBundle"));
}

function isAuthority(encoded: string): boolean {
  return Buffer.from(encoded, "base64").toString("latin1").includes("-----BEGIN CERTIFICATE-----");
}
