// Which requests a webhook or a policy is asked about: rules over resources and operations, selectors, and the objects that parametrise
// a policy (pkg/apis/admissionregistration/validation, v1.36).

import {
  dns1035Errors,
  type FieldError,
  invalid,
  notSupported,
  pathSegmentErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { duplicate, forbidden, invalidAll, itemsOf, textOf, textsOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const mutable = ["*", "CONNECT", "CREATE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];
const matchPolicies = ["Equivalent", "Exact"];

/** A text that Go holds by a pointer: absent it is fine, empty it is none of the allowed. */
export function oneOfStated(value: Json | undefined, field: string, allowed: readonly string[]): FieldError[] {
  if ((value ?? null) === null || allowed.includes(textOf(value))) return [];
  return [notSupported(field, textOf(value), allowed)];
}

/** `*` stands alone. */
function aloneErrors(list: Json | undefined, field: string, what: string): FieldError[] {
  const texts = textsOf(list);
  if (texts.length === 0) return [required(field)];
  if (texts.length === 1 || !texts.includes("*")) return [];
  return [invalid(field, texts, `if '*' is present, must not specify other ${what}`)];
}

export function operationRuleErrors(rule: JsonObject, field: string): FieldError[] {
  return [
    ...aloneErrors(rule["operations"], `${field}.operations`, "operations"),
    ...textsOf(rule["operations"]).flatMap((operation, index) =>
      oneOfStated(operation, `${field}.operations[${index}]`, operations),
    ),
    ...aloneErrors(rule["apiGroups"], `${field}.apiGroups`, "API groups"),
    ...aloneErrors(rule["apiVersions"], `${field}.apiVersions`, "API versions"),
    ...textsOf(rule["apiVersions"]).flatMap((version, index) =>
      version === "" ? [required(`${field}.apiVersions[${index}]`)] : [],
    ),
    ...resourceErrors(textsOf(rule["resources"]), `${field}.resources`),
    ...oneOfStated(rule["scope"], `${field}.scope`, scopes),
  ];
}

/** Resources and their subresources: what a wildcard says already is not said again. */
function resourceErrors(resources: readonly string[], field: string): FieldError[] {
  if (resources.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  const [wholes, parts] = [new Set<string>(), new Set<string>()];
  let isLastPlain = false;
  for (const [index, resource] of resources.entries()) {
    const [at, slash] = [`${field}[${index}]`, resource.indexOf("/")];
    if (resource === "") errors.push(required(at));
    else if (slash < 0) isLastPlain = resource !== "*";
    if (slash < 0) continue;
    const [name, part] = [resource.slice(0, slash), resource.slice(slash + 1)];
    const tell = (wild: string): FieldError =>
      invalid(at, resource, `if '${wild}' is present, must not specify ${resource}`);
    if (wholes.has(name)) errors.push(tell(`${name}/*`));
    if (parts.has(part)) errors.push(tell(`*/${part}`));
    if (part === "*") wholes.add(name);
    if (name === "*") parts.add(part);
  }
  const all = [...resources];
  if (resources.length > 1 && resources.includes("*/*"))
    errors.push(invalid(field, all, "if '*/*' is present, must not specify other resources"));
  if (resources.includes("*") && isLastPlain)
    errors.push(invalid(field, all, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

function namedRuleErrors(rule: JsonObject, field: string): FieldError[] {
  const names = textsOf(rule["resourceNames"]);
  return [
    ...names.flatMap((name, index) => [
      ...invalidAll(`${field}.resourceNames[${index}]`, name, pathSegmentErrors(name)),
      ...(names.indexOf(name) < index ? [duplicate(`${field}.resourceNames[${index}]`, name)] : []),
    ]),
    ...operationRuleErrors(rule, field),
  ];
}

/** What a policy or a binding of one is about. `isMutating`: what is deleted cannot be changed. */
export function matchResourcesErrors(match: Json | undefined, field: string, isMutating: boolean): FieldError[] {
  if (!isObject(match)) return [];
  const rules = (name: string): FieldError[] =>
    itemsOf(match[name], `${field}.${name}`).flatMap((rule) => namedRuleErrors(rule.item, rule.field));
  const unfit = isMutating
    ? itemsOf(match["resourceRules"], "").flatMap(({ item }) =>
        textsOf(item["operations"]).flatMap((one) => oneOfStated(one, `${field}.resourceRules.operations`, mutable)),
      )
    : [];
  return [
    ...oneOfStated(match["matchPolicy"], `${field}.matchPolicy`, matchPolicies),
    ...selectorErrors(match["namespaceSelector"], `${field}.namespaceSelector`),
    ...selectorErrors(match["objectSelector"], `${field}.objectSelector`),
    ...rules("resourceRules"),
    ...rules("excludeResourceRules"),
    ...unfit,
  ];
}

/** The kind whose objects parametrise a policy. */
export function parameterKindErrors(kind: Json | undefined, field: string): FieldError[] {
  if (!isObject(kind)) return [];
  const [version, name] = [textOf(kind["apiVersion"]), textOf(kind["kind"])];
  const words = dns1035Errors(name.toLowerCase()).join(",");
  return [
    ...apiVersionErrors(version, `${field}.apiVersion`),
    ...(name === "" ? [required(`${field}.kind`)] : []),
    ...(name === "" || words === ""
      ? []
      : [invalid(`${field}.kind`, name, `may have mixed case, but should otherwise match: ${words}`)]),
  ];
}

function apiVersionErrors(text: string, field: string): FieldError[] {
  if (text === "") return [required(field)];
  const parts = text.split("/");
  if (parts.length > 2) return [invalid(field, text, `unexpected GroupVersion string: ${text}`)];
  const [version = "", group = ""] = parts.toReversed();
  const ofGroup = group === "" ? "" : subdomainErrors(group).join(",");
  const errors = ofGroup === "" ? [] : [invalid(field, group, ofGroup)];
  if (version === "") return [...errors, invalid(field, text, "version must be specified")];
  const ofVersion = dns1035Errors(version).join(",");
  return ofVersion === "" ? errors : [...errors, invalid(field, version, ofVersion)];
}

/** The objects that parametrise a policy where it is bound: by name or by labels. */
export function parameterErrors(parameters: Json | undefined, field: string): FieldError[] {
  if (!isObject(parameters)) return [];
  const [name, { selector }] = [textOf(parameters["name"]), parameters];
  const hasBoth = name !== "" && isObject(selector);
  const both = hasBoth
    ? ["name", "selector"].map((one) => forbidden(`${field}.${one}`, "name and selector are mutually exclusive"))
    : [];
  const action = textOf(parameters["parameterNotFoundAction"]);
  const at = `${field}.parameterNotFoundAction`;
  return [
    ...(name === "" ? [] : invalidAll(`${field}.name`, name, pathSegmentErrors(name))),
    ...selectorErrors(selector, `${field}.selector`),
    ...both,
    ...(name === "" && !isObject(selector) ? [required(field, "one of name or selector must be specified")] : []),
    ...(action === "" ? [required(at)] : oneOfStated(action, at, ["Deny", "Allow"])),
  ];
}
