// What a server serves: asked in one piece where it can answer so (aggregated discovery, v2 or v2beta1), else group by
// group. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery

import { isObject, type Json, type JsonObject, splitApiVersion } from "#kernel";
import type { Answer, Discovery, Resource } from "./contract.ts";
import { discoveryOf } from "./discovery.ts";

/** Asks for a path, JSON answers only. */
export type Ask = (path: string, accept: string) => Promise<Answer<Json>>;

const aggregated = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");

/** Everything served. A group whose own server is down is left out, as kubectl does. */
export async function askDiscovery(ask: Ask): Promise<Answer<Discovery>> {
  const [version, core, groups] = await Promise.all([
    ask("/version", "application/json"),
    ask("/api", aggregated),
    ask("/apis", aggregated),
  ]);
  if (!version.ok) return version;
  if (!core.ok) return core;
  if (!groups.ok) return groups;
  const parts = [await resourcesOf(core.value, ask), await resourcesOf(groups.value, ask)];
  const serverVersion = textOf(version.value, "gitVersion");
  return { ok: true, value: discoveryOf(parts.flat(), serverVersion), warnings: [] };
}

function resourcesOf(answer: Json, ask: Ask): Promise<Resource[]> | Resource[] {
  if (textOf(answer, "kind") === "APIGroupDiscoveryList") return aggregatedResources(answer);
  return plainResources(answer, ask);
}

function aggregatedResources(list: Json): Resource[] {
  const resources: Resource[] = [];
  for (const group of objectsOf(list, "items")) {
    const name = textOf(group["metadata"], "name");
    for (const version of objectsOf(group, "versions")) {
      for (const item of objectsOf(version, "resources"))
        resources.push({
          group: name,
          version: textOf(version, "version"),
          plural: textOf(item, "resource"),
          singular: textOf(item, "singularResource"),
          kind: textOf(item["responseKind"], "kind"),
          isNamespaced: textOf(item, "scope") === "Namespaced",
          verbs: textsOf(item, "verbs"),
          shortNames: textsOf(item, "shortNames"),
          categories: textsOf(item, "categories"),
          subresources: objectsOf(item, "subresources").map((sub) => textOf(sub, "subresource")),
          subresourceKinds: objectsOf(item, "subresources").map((sub) => textOf(sub["responseKind"], "kind")),
        });
    }
  }
  return resources;
}

async function plainResources(answer: Json, ask: Ask): Promise<Resource[]> {
  const versions = textOf(answer, "kind") === "APIVersions" ? textsOf(answer, "versions") : groupVersions(answer);
  const lists = await Promise.all(
    versions.map((version) => ask(version.includes("/") ? `/apis/${version}` : `/api/${version}`, "application/json")),
  );
  return lists.flatMap((list, i) => (list.ok ? listedResources(list.value, versions[i] ?? "") : []));
}

/** `group/version` of each group, the preferred version first. */
function groupVersions(answer: Json): string[] {
  return objectsOf(answer, "groups").flatMap((group) => {
    const preferred = textOf(group["preferredVersion"], "groupVersion");
    const all = objectsOf(group, "versions").map((version) => textOf(version, "groupVersion"));
    return [preferred, ...all.filter((version) => version !== preferred)];
  });
}

function listedResources(list: Json, groupVersion: string): Resource[] {
  const { group, version } = splitApiVersion(groupVersion);
  const items = objectsOf(list, "resources");
  return items
    .filter((item) => !textOf(item, "name").includes("/"))
    .map((item) => {
      const plural = textOf(item, "name");
      const parts = items.filter((other) => textOf(other, "name").startsWith(`${plural}/`));
      return {
        group,
        version,
        plural,
        singular: textOf(item, "singularName"),
        kind: textOf(item, "kind"),
        isNamespaced: item["namespaced"] === true,
        verbs: textsOf(item, "verbs"),
        shortNames: textsOf(item, "shortNames"),
        categories: textsOf(item, "categories"),
        subresources: parts.map((part) => textOf(part, "name").slice(plural.length + 1)),
        subresourceKinds: parts.map((part) => textOf(part, "kind")),
      };
    });
}

function textOf(value: Json | undefined, member: string): string {
  const text = isObject(value) ? value[member] : undefined;
  return typeof text === "string" ? text : "";
}

function textsOf(value: Json, member: string): string[] {
  const list = isObject(value) ? value[member] : undefined;
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

function objectsOf(value: Json, member: string): JsonObject[] {
  const list = isObject(value) ? value[member] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}
