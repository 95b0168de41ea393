// Which requests a policy or a webhook is about: operations, resources, names and labels, with other versions of the same resource
// where `matchPolicy` is Equivalent (apiserver/pkg/admission/plugin/{policy/matching,webhook/predicates}).

import { fieldOf, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import type { Registry, Served } from "#apiserver/registry";
import { type AdmissionRequest, labelsOf, nameOf, namespaceObject } from "./request.ts";

/** Configuration of admission is never subject to it: a bad one could not be mended. */
const exempt: ReadonlySet<string> = new Set([
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

export function isExempt({ call }: AdmissionRequest): boolean {
  const { group, plural } = call.served.resource;
  return group === "admissionregistration.k8s.io" && exempt.has(plural);
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The served resource that a rule names: the request's own, or an equivalent one; undefined when nothing matches. */
export function matchResources(
  registry: Registry,
  criteria: JsonObject,
  request: AdmissionRequest,
): Served | undefined {
  if (!selectsNamespace(registry, criteria.namespaceSelector, request)) return undefined;
  if (!selectsObject(criteria.objectSelector, request)) return undefined;
  const isEquivalent = criteria.matchPolicy !== "Exact";
  if (matchRules(registry, list(criteria.excludeResourceRules), request, isEquivalent) !== undefined) return undefined;
  const rules = list(criteria.resourceRules);
  return rules.length === 0 ? request.call.served : matchRules(registry, rules, request, isEquivalent);
}

/** The resource by which one of the rules matches. */
export function matchRules(
  registry: Registry,
  rules: readonly Json[],
  request: AdmissionRequest,
  isEquivalent: boolean,
): Served | undefined {
  const own = request.call.served;
  if (rules.some((rule) => matchesRule(rule, own, request))) return own;
  if (!isEquivalent) return undefined;
  return registry.table
    .values()
    .filter(
      ({ storage, resource }) =>
        resource !== own.resource && storage.group === own.storage.group && storage.plural === own.storage.plural,
    )
    .find((other) => rules.some((rule) => matchesRule(rule, other, request)));
}

function matchesRule(rule: Json, served: Served, request: AdmissionRequest): boolean {
  if (!isObject(rule)) return false;
  const { group, version, plural, isNamespaced } = served.resource;
  const has = (name: string, value: string): boolean => {
    const values = list(rule[name]);
    return values.includes("*") || values.includes(value);
  };
  if (!has("operations", request.operation) || !has("apiGroups", group) || !has("apiVersions", version)) return false;
  const { scope } = rule;
  if ((scope === "Namespaced" && !isNamespaced) || (scope === "Cluster" && isNamespaced)) return false;
  const names = list(rule.resourceNames);
  if (names.length > 0 && !names.includes(nameOf(request))) return false;
  return list(rule.resources).some((pattern) =>
    matchesResource(String(pattern as string), plural, request.call.subresource),
  );
}

function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource = "", part = ""] = pattern.split("/");
  return (resource === "*" || resource === plural) && (part === "*" || part === subresource);
}

export function selectsNamespace(registry: Registry, selector: Json | undefined, request: AdmissionRequest): boolean {
  if (isOpen(selector)) return true;
  const namespace = namespaceObject(registry, request);
  // What stands in no namespace is never left out for one.
  return namespace === undefined ? request.call.namespace === "" : selectsLabels(selector, labelsOf(namespace));
}

export function selectsObject(selector: Json | undefined, { object, old }: AdmissionRequest): boolean {
  if (isOpen(selector)) return true;
  return [object, old].some((one: Manifest | undefined) => one !== undefined && selectsLabels(selector, labelsOf(one)));
}

function isOpen(selector: Json | undefined): boolean {
  if (!isObject(selector)) return true;
  const labels = fieldOf(selector, "matchLabels");
  return (!isObject(labels) || Object.keys(labels).length === 0) && list(selector.matchExpressions).length === 0;
}

/** True when a metav1.LabelSelector chooses the labels. */
export function selectsLabels(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return true;
  const wanted = isObject(selector.matchLabels) ? Object.entries(selector.matchLabels) : [];
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    list(selector.matchExpressions).every((one) => !isObject(one) || holds(one, labels))
  );
}

function holds({ key, operator, values }: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const value = typeof key === "string" && Object.hasOwn(labels, key) ? labels[key] : undefined;
  const isAmong = value !== undefined && list(values).includes(value);
  if (operator === "In") return isAmong;
  if (operator === "NotIn") return !isAmong;
  return operator === "Exists" ? value !== undefined : value === undefined;
}
