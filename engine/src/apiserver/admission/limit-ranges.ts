// LimitRanges: what containers get when they say nothing, and the bounds of what they and claims may ask for
// (plugin/pkg/admission/limitranger of Kubernetes 1.36).

import { asJson, copyJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { type Admission, forbidden, type Registry, type WriteCall } from "#apiserver/registry";
import { type Amounts, amountsOf, containersOf, nanosOf, podAmounts } from "./amounts.ts";

const annotation = "kubernetes.io/limit-ranger";

export function limitRanges(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      if (live !== undefined || kindOf(call) !== "pods") return;
      for (const range of rangesIn(registry, call.namespace)) giveDefaults(draft, range);
    },
    validate: (draft, live, call) => {
      const kind = kindOf(call);
      // A pod's amounts do not change; a claim may grow.
      if (draft === undefined || kind === undefined || (live !== undefined && kind === "pods")) return;
      for (const range of rangesIn(registry, call.namespace)) {
        const errors = kind === "pods" ? podErrors(draft, range) : claimErrors(draft, range);
        if (errors.length === 0) continue;
        const why = errors.length === 1 ? (errors[0] as string) : `[${[...new Set(errors)].join(", ")}]`;
        throw forbidden(call.served.resource, draft.metadata.name, why);
      }
    },
  };
}

function kindOf({ served: { resource }, subresource }: WriteCall): "pods" | "persistentvolumeclaims" | undefined {
  if (resource.group !== "" || subresource !== "") return undefined;
  return resource.plural === "pods" || resource.plural === "persistentvolumeclaims" ? resource.plural : undefined;
}

function rangesIn(registry: Registry, namespace: string): Manifest[] {
  const served = registry.table.find("", "v1", "limitranges");
  if (served === undefined) return [];
  const collection = registry.collection(served.storage);
  if (collection.size === 0) return [];
  return [...collection.range(`core/limitranges/${namespace}/`)].map(({ object }) => object);
}

function limitsOf(range: Manifest): JsonObject[] {
  const limits = fieldOf(range, "spec", "limits");
  return Array.isArray(limits) ? limits.filter(isObject) : [];
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function giveDefaults(pod: Manifest, range: Manifest): void {
  const own = limitsOf(range).filter(({ type }) => type === "Container");
  const requests: JsonObject = Object.assign({}, ...own.map((limit) => part(limit, "defaultRequest")));
  const limits: JsonObject = Object.assign({}, ...own.map((limit) => part(limit, "default")));
  const notes: string[] = [];
  for (const [list, word] of [
    ["containers", "container"],
    ["initContainers", "init container"],
  ] as const)
    for (const { name, container } of containersOf(pod, list)) {
      const resources = isObject(container.resources) ? { ...container.resources } : {};
      for (const [field, what, defaults] of [
        ["requests", "request", requests],
        ["limits", "limit", limits],
      ] as const) {
        const given = part(resources, field);
        const missing = Object.keys(defaults).filter((one) => given[one] === undefined);
        if (missing.length === 0) continue;
        resources[field] = {
          ...given,
          ...Object.fromEntries(missing.map((one) => [one, copyJson(defaults[one] as Json)])),
        };
        notes.push(`${missing.sort().join(", ")} ${what} for ${word} ${name}`);
      }
      container.resources = resources;
    }
  if (notes.length > 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [annotation]: `LimitRanger plugin set: ${notes.join("; ")}`,
    };
}

type Asked = { requests: Amounts; limits: Amounts; shown: (part: "requests" | "limits", name: string) => string };

function podErrors(pod: Manifest, range: Manifest): string[] {
  return limitsOf(range).flatMap((limit) => {
    if (limit.type === "Pod") {
      const requests = podAmounts(pod, "requests");
      const limits = podAmounts(pod, "limits");
      const shown = (from: "requests" | "limits", name: string): string =>
        String((from === "requests" ? requests : limits).get(name) ?? "");
      return boundErrors(limit, { requests, limits, shown });
    }
    if (limit.type !== "Container") return [];
    return (["containers", "initContainers"] as const)
      .flatMap((list) => containersOf(pod, list))
      .flatMap(({ container, requests, limits }) => {
        const shown = (from: string, name: string): string => textOf(container, "resources", from, name);
        return boundErrors(limit, { requests, limits, shown });
      });
  });
}

function boundErrors(limit: JsonObject, { requests, limits, shown }: Asked): string[] {
  const type = textOf(limit, "type");
  const errors: string[] = [];
  for (const [name, bound] of Object.entries(part(limit, "min"))) {
    const [request, most] = [requests.get(name), limits.get(name)];
    const head = `minimum ${name} usage per ${type} is ${textOf(limit, "min", name)}`;
    if (request === undefined) errors.push(`${head}.  No request is specified`);
    else if (request < nanosOf(bound)) errors.push(`${head}, but request is ${shown("requests", name)}`);
    else if (most !== undefined && most < nanosOf(bound)) errors.push(`${head}, but limit is ${shown("limits", name)}`);
  }
  for (const [name, bound] of Object.entries(part(limit, "max"))) {
    const [request, most] = [requests.get(name), limits.get(name)];
    const head = `maximum ${name} usage per ${type} is ${textOf(limit, "max", name)}`;
    if (most === undefined) errors.push(`${head}.  No limit is specified`);
    else if (most > nanosOf(bound)) errors.push(`${head}, but limit is ${shown("limits", name)}`);
    else if (request !== undefined && request > nanosOf(bound))
      errors.push(`${head}, but request is ${shown("requests", name)}`);
  }
  return errors;
}

function claimErrors(claim: Manifest, range: Manifest): string[] {
  const requests = fieldOf(claim, "spec", "resources", "requests");
  const asked = amountsOf(requests);
  return limitsOf(range)
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap((limit) => [
      ...storageErrors(part(limit, "min"), asked, requests, (amount, bound) => amount < bound, "minimum"),
      ...storageErrors(part(limit, "max"), asked, requests, (amount, bound) => amount > bound, "maximum"),
    ]);
}

// oxlint-disable-next-line max-params -- one bound and what is held against it
function storageErrors(
  bounds: JsonObject,
  asked: Amounts,
  requests: Json | undefined,
  isBeyond: (amount: bigint, bound: bigint) => boolean,
  word: string,
): string[] {
  return Object.entries(bounds).flatMap(([name, bound]) => {
    const head = `${word} ${name} usage per PersistentVolumeClaim is ${textOf(bounds, name)}`;
    const amount = asked.get(name);
    if (amount === undefined) return [`${head}.  No request is specified`];
    const shown = textOf(isObject(requests) ? requests : asJson({} as Manifest), name);
    return isBeyond(amount, nanosOf(bound)) ? [`${head}, but request is ${shown}`] : [];
  });
}
