// IAMPolicyGenerator: a ServiceAccount that stands for one of Google's cloud.

import { isObject, type Json, type JsonObject } from "#kernel";
import { formatYaml } from "#formats/yaml";
import { invalid } from "./faults.ts";
import { readResources } from "./read.ts";
import type { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";

export function generateServiceAccount(config: JsonObject, schema: Schema): Resource {
  if (config["cloud"] !== "gke") throw invalid(`cloud provider ${textOf(config["cloud"])} not supported yet`);
  const name = textAt(config["kubernetesService"], "name");
  const namespace = textAt(config["kubernetesService"], "namespace");
  const account = textAt(config["serviceAccount"], "name");
  const project = textAt(config["serviceAccount"], "projectId") || textOf(config["projectId"]);
  const metadata: JsonObject = {
    annotations: { "iam.gke.io/gcp-service-account": `${account}@${project}.iam.gserviceaccount.com` },
    name,
  };
  if (namespace !== "") metadata["namespace"] = namespace;
  const made = readResources(formatYaml({ apiVersion: "v1", kind: "ServiceAccount", metadata }), schema)[0];
  if (made === undefined) throw invalid("an IAM policy needs a kubernetesService with a name");
  return made;
}

function textAt(value: Json | undefined, field: string): string {
  return isObject(value) ? textOf(value[field]) : "";
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
