// IAMPolicyGenerator: a ServiceAccount that stands for one of Google's cloud. kustomize puts the names into text as they are
// and reads that, so what they look like counts (api/filters/iampolicygenerator).

import { isObject, type Json, type JsonObject } from "#kernel";
import { invalid } from "./faults.ts";
import { readNode } from "./read.ts";
import { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";

export function generateServiceAccount(config: JsonObject, schema: Schema): Resource {
  const service = textsOf(config, "kubernetesService", ["name", "namespace"]);
  const account = textsOf(config, "serviceAccount", ["name", "projectId"]);
  if (config["cloud"] !== "gke") throw invalid("this cloud provider is not supported", { at: "cloud", hint: "gke is" });
  const lines = [
    "",
    "apiVersion: v1",
    "kind: ServiceAccount",
    "metadata:",
    "  annotations:",
    `    iam.gke.io/gcp-service-account: ${account["name"]}@${account["projectId"]}.iam.gserviceaccount.com`,
    `  name: ${service["name"]}`,
    "",
  ];
  if (service["namespace"] !== "") lines.push(`  namespace: ${service["namespace"]}`);
  const node = readNode(lines.join("\n"));
  if (node === undefined) throw invalid("an IAM policy needs the name of a service account");
  return new Resource(node, schema);
}

/** Fields of a map, each a text; numbers and words are not taken for text here. */
function textsOf(config: JsonObject, at: string, names: readonly string[]): { [name: string]: string } {
  const value: Json | undefined = config[at];
  if (value !== undefined && value !== null && !isObject(value)) throw invalid("expected a map", { at });
  const entries = names.map((name) => {
    const text = isObject(value) ? (value[name] ?? "") : "";
    if (typeof text !== "string") throw invalid("expected text", { at: `${at}.${name}`, hint: "write it in quotes" });
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}
