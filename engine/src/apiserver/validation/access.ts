// Roles, their bindings and certificate requests (pkg/apis/rbac and certificates validation, v1.36).

import {
  type FieldError,
  invalid,
  labelErrors,
  notSupported,
  pathSegmentErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { duplicate, invalidAll, itemsOf, part, type Rule, textOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

/** Rules of a Role, or of a ClusterRole, which may name paths and gather other roles as well. */
export function roleRules(isNamespaced: boolean): Rule {
  return (object) => [
    ...itemsOf(object["rules"], "rules").flatMap(({ item, field }) => policyRuleErrors(item, field, isNamespaced)),
    ...aggregationErrors(object["aggregationRule"]),
  ];
}

function policyRuleErrors(rule: JsonObject, field: string, isNamespaced: boolean): FieldError[] {
  const has = (name: string): boolean => Array.isArray(rule[name]) && rule[name].length > 0;
  const errors = has("verbs") ? [] : [required(`${field}.verbs`, "verbs must contain at least one value")];
  if (has("nonResourceURLs")) {
    const at = `${field}.nonResourceURLs`;
    const paths = rule["nonResourceURLs"];
    if (isNamespaced) errors.push(invalid(at, paths, "namespaced rules cannot apply to non-resource URLs"));
    if (["apiGroups", "resources", "resourceNames"].some(has))
      errors.push(invalid(at, paths, "rules cannot apply to both regular resources and non-resource URLs"));
    return errors;
  }
  if (!has("apiGroups"))
    errors.push(required(`${field}.apiGroups`, "resource rules must supply at least one api group"));
  if (!has("resources"))
    errors.push(required(`${field}.resources`, "resource rules must supply at least one resource"));
  return errors;
}

function aggregationErrors(rule: Json | undefined): FieldError[] {
  if (!isObject(rule)) return [];
  const at = "aggregationRule.clusterRoleSelectors";
  const selectors = itemsOf(rule["clusterRoleSelectors"], at);
  if (selectors.length === 0)
    return [required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap(({ item, field }) => {
    const errors = selectorErrors(item, field);
    return errors.length === 0 ? [] : [...errors, invalid(field, null, "invalid label selector.")];
  });
}

export function bindingRules(kinds: readonly string[]): Rule {
  const isClusterWide = !kinds.includes("Role");
  return (object) => {
    const role = part(object, "roleRef");
    const errors = kinds.includes(textOf(role["kind"]))
      ? []
      : [notSupported("roleRef.kind", textOf(role["kind"]), kinds)];
    const group = textOf(role["apiGroup"]);
    if (group !== rbacGroup) errors.push(notSupported("roleRef.apiGroup", group, [rbacGroup]));
    const name = textOf(role["name"]);
    errors.push(
      ...(name === "" ? [required("roleRef.name")] : invalidAll("roleRef.name", name, pathSegmentErrors(name))),
    );
    for (const { item, field } of itemsOf(object["subjects"], "subjects")) {
      const subject = textOf(item["name"]);
      if (subject === "") errors.push(required(`${field}.name`));
      const kind = textOf(item["kind"]);
      if (!["ServiceAccount", "User", "Group"].includes(kind))
        errors.push(notSupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"]));
      if (kind === "ServiceAccount" && subject !== "")
        errors.push(...invalidAll(`${field}.name`, subject, subdomainErrors(subject)));
      errors.push(...subjectGroupErrors(item, kind, `${field}.apiGroup`));
      if (kind === "ServiceAccount" && isClusterWide && textOf(item["namespace"]) === "")
        errors.push(required(`${field}.namespace`));
    }
    return errors;
  };
}

/** Users and groups belong to RBAC's own group, accounts to the core one. */
function subjectGroupErrors({ apiGroup }: JsonObject, kind: string, field: string): FieldError[] {
  const group = textOf(apiGroup);
  const own = { User: rbacGroup, Group: rbacGroup, ServiceAccount: "" }[kind];
  return own === undefined || group === own ? [] : [notSupported(field, group, [own])];
}

const rbacGroup = "rbac.authorization.k8s.io";

const keyUsages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

export function certificateRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const usages = Array.isArray(spec["usages"]) ? spec["usages"] : [];
  const errors: FieldError[] = usages.length === 0 ? [required("spec.usages")] : [];
  errors.push(...requestErrors(spec["request"]), ...signerErrors(textOf(spec["signerName"])));
  for (const [index, usage] of usages.entries())
    if (!keyUsages.includes(textOf(usage))) errors.push(notSupported(`spec.usages[${index}]`, usage, keyUsages));
    else if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage));
  const seconds = spec["expirationSeconds"];
  if (typeof seconds === "number" && seconds < 600)
    errors.push(
      invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)"),
    );
  return errors;
}

function requestErrors(request: Json | undefined): FieldError[] {
  const pem = Buffer.from(textOf(request), "base64").toString("utf8");
  return /-----BEGIN CERTIFICATE REQUEST-----/.test(pem)
    ? []
    : [invalid("spec.request", request ?? null, "PEM block type must be CERTIFICATE REQUEST")];
}

function signerErrors(name: string): FieldError[] {
  const field = "spec.signerName";
  if (name === "") return [required(field)];
  const [domain = "", path = "", ...more] = name.split("/");
  if (!name.includes("/") || more.length > 0)
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors = domain.split(".").flatMap((label) =>
    invalidAll(
      field,
      domain,
      labelErrors(label).map((text) => `validating label ${JSON.stringify(label)}: ${text}`),
    ),
  );
  if (!domain.includes("."))
    errors.push(invalid(field, domain, "should be a domain with at least two segments separated by dots"));
  return [...errors, ...path.split(".").flatMap((part) => invalidAll(field, part, subdomainErrors(part)))];
}
