// Nobody gives others more than they have: who writes a role must hold its rights or may `escalate`, who binds one must hold them or may
// `bind` it (pkg/registry/rbac/*/policybased of Kubernetes 1.36).

import {
  type Admission,
  badRequest,
  forbidden,
  notFound,
  plainError,
  type Registry,
  type WriteCall,
} from "#apiserver/registry";
import type { Identity } from "#cluster";
import { asJson, equalJson, isObject, type JsonObject, type Manifest } from "#kernel";
import { singleRightsMax } from "./limits.ts";
import type { PolicyRule, Rbac } from "./rbac.ts";

const group = "rbac.authorization.k8s.io";
const roles: ReadonlySet<string> = new Set(["roles", "clusterroles"]);

const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

export function escalation(registry: Registry, rbac: Rbac): Admission {
  const parts = { registry, rbac };
  return {
    mutate: () => undefined,
    check: (draft, live, call) => {
      const { group: ownGroup } = call.served.resource;
      if (ownGroup !== group || call.identity.groups.includes("system:masters")) return [];
      if (live !== undefined && isSameButForGarbage(draft, live)) return [];
      const why = roles.has(call.served.resource.plural)
        ? ofRole(rbac, { draft, live }, call)
        : ofBinding(parts, draft, call);
      if (why !== undefined) throw forbidden(call.served.resource, draft.metadata.name ?? "", why);
      return [];
    },
    validate: () => undefined,
  };
}

type Parts = { registry: Registry; rbac: Rbac };

/** What garbage collection changes may be changed by whoever may write the object. */
function isSameButForGarbage(draft: Manifest, live: Manifest): boolean {
  const bare = (object: Manifest): JsonObject => {
    const {
      ownerReferences: _,
      finalizers: _2,
      managedFields: _3,
      ...metadata
    } = asJson(object).metadata as JsonObject;
    return { ...asJson(object), metadata };
  };
  return equalJson(bare(draft), bare(live));
}

type Change = { draft: Manifest; live: Manifest | undefined };

function ofRole(rbac: Rbac, { draft, live }: Change, call: WriteCall): string | undefined {
  const { identity, namespace, name } = call;
  const question = { verb: "escalate", group, resource: call.served.resource.plural, namespace, name };
  if (rbac.decide(identity, question).isAllowed) return undefined;
  const held = rbac.rulesFor(identity, namespace);
  const missing = missingRights(held, rulesOf(draft));
  if (missing.length > 0) return refusalText(identity, missing);
  if (!isAggregated(draft) && (live === undefined || !isAggregated(live))) return undefined;
  return missingRights(held, everything).length === 0
    ? undefined
    : "must have cluster-admin privileges to use the aggregationRule";
}

function rulesOf(role: Manifest | undefined): PolicyRule[] {
  const rules = role === undefined ? undefined : asJson(role).rules;
  return Array.isArray(rules) ? (rules.filter(isObject) as unknown as PolicyRule[]) : [];
}

function isAggregated(role: Manifest): boolean {
  const rule = asJson(role).aggregationRule;
  return isObject(rule) && Array.isArray(rule.clusterRoleSelectors) && rule.clusterRoleSelectors.length > 0;
}

function ofBinding({ registry, rbac }: Parts, draft: Manifest, call: WriteCall): string | undefined {
  const { identity, namespace, served } = call;
  const { kind = "", name = "", apiGroup = "" } = (asJson(draft).roleRef ?? {}) as Record<string, string>;
  const resource = kind === "ClusterRole" ? "clusterroles" : kind === "Role" ? "roles" : "";
  if (resource !== "" && rbac.decide(identity, { verb: "bind", group: apiGroup, resource, namespace, name }).isAllowed)
    return undefined;
  if (resource === "") throw plainError(`unsupported role reference kind: ${JSON.stringify(kind)}`);
  const role = registry.lookup(group, resource, resource === "roles" ? namespace : "", name);
  if (resource === "roles" && namespace === "") throw badRequest("Namespace parameter required.");
  // It is told as if the binding itself were missing.
  if (role === undefined) throw notFound(served.resource, name);
  const missing = missingRights(rbac.rulesFor(identity, namespace), rulesOf(role));
  return missing.length === 0 ? undefined : refusalText(identity, missing);
}

/** A rule of one verb on one resource of one name, or on one path. */
type Right = { verb: string; apiGroup?: string; resource?: string; name?: string; url?: string };

function missingRights(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Right[] {
  const missing: Right[] = [];
  let count = 0;
  for (const right of rightsOf(wanted)) {
    if (++count > singleRightsMax) throw plainError(`a role that states more than ${singleRightsMax} rights`);
    if (!held.some((rule) => covers(rule, right))) missing.push(right);
  }
  return missing;
}

function* rightsOf(rules: readonly PolicyRule[]): Iterable<Right> {
  for (const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } of rules) {
    for (const apiGroup of apiGroups)
      for (const resource of resources)
        for (const verb of verbs) {
          if (resourceNames.length === 0) yield { apiGroup, resource, verb };
          for (const name of resourceNames) yield { apiGroup, resource, verb, name };
        }
    for (const url of nonResourceURLs) for (const verb of verbs) yield { url, verb };
  }
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

function covers(rule: PolicyRule, { verb, apiGroup, resource, name, url }: Right): boolean {
  if (!has(rule.verbs, verb)) return false;
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((own) => coversUrl(own, url));
  if (!has(rule.apiGroups, apiGroup ?? "") || !coversResource(rule.resources ?? [], resource ?? "")) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function coversResource(own: readonly string[], resource: string): boolean {
  if (own.includes("*") || own.includes(resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && own.includes(`*${resource.slice(slash)}`);
}

function coversUrl(own: string, url: string): boolean {
  return own === url || (own.endsWith("*") && url.startsWith(own.replace(/\*+$/, "")));
}

function refusalText({ user, groups }: Identity, missing: readonly Right[]): string {
  const lines = new Map<string, { right: Right; verbs: string[] }>();
  for (const right of missing) {
    const { verb, ...rest } = right;
    const key = JSON.stringify(right.url === undefined ? rest : right);
    const known = lines.get(key);
    if (known === undefined) lines.set(key, { right, verbs: [verb] });
    else known.verbs.push(verb);
  }
  const texts = new Set([...lines.values()].map(({ right, verbs }) => rightText(right, verbs)));
  const sorted = [...texts].sort((a, b) => (a < b ? -1 : 1)).join("\n");
  const who = `user ${JSON.stringify(user)} (groups=${listText(groups)})`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${sorted}`;
}

function rightText({ apiGroup, resource, name, url }: Right, verbs: readonly string[]): string {
  const parts: [string, readonly string[]][] = [
    ["APIGroups", apiGroup === undefined ? [] : [apiGroup]],
    ["Resources", resource === undefined ? [] : [resource]],
    ["NonResourceURLs", url === undefined ? [] : [url]],
    ["ResourceNames", name === undefined ? [] : [name]],
    ["Verbs", verbs],
  ];
  const stated = parts.flatMap(([title, list]) => (list.length === 0 ? [] : [`${title}:${listText(list)}`]));
  return `{${stated.join(", ")}}`;
}

function listText(list: readonly string[]): string {
  return `[${list.map((one) => JSON.stringify(one)).join(" ")}]`;
}
