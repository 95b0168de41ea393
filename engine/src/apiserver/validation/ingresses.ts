// Ingresses (pkg/apis/networking/validation, v1.36).

import {
  dns1035Errors,
  type FieldError,
  invalid,
  labelErrors,
  notSupported,
  pathSegmentErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import {
  domainPathErrors,
  forbidden,
  invalidAll,
  isAddress,
  itemsOf,
  oneOf,
  part,
  portErrors,
  portNameErrors,
  requiredTexts,
  textOf,
} from "./fields.ts";

export function ingressRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const rules = itemsOf(spec["rules"], "spec.rules");
  const fallback = spec["defaultBackend"];
  const errors: FieldError[] = [];
  if (rules.length === 0 && fallback === undefined)
    errors.push(invalid("spec", null, "either `defaultBackend` or `rules` must be specified"));
  if (isObject(fallback)) errors.push(...backendErrors(fallback, "spec.defaultBackend"));
  for (const { item, field } of rules)
    errors.push(...hostErrors(textOf(item["host"]), `${field}.host`), ...pathsErrors(item, field));
  for (const { item, field } of itemsOf(spec["tls"], "spec.tls"))
    for (const [index, host] of (Array.isArray(item["hosts"]) ? item["hosts"] : []).entries())
      errors.push(...hostNameErrors(textOf(host), `${field}.hosts[${index}]`));
  const className = spec["ingressClassName"];
  if (typeof className === "string")
    errors.push(...invalidAll("spec.ingressClassName", className, subdomainErrors(className)));
  return errors;
}

function hostErrors(host: string, field: string): FieldError[] {
  if (host === "") return [];
  if (isAddress(host))
    return [invalid(field, host, "must be a DNS name, not an IP address"), ...hostNameErrors(host, field)];
  return hostNameErrors(host, field);
}

const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function hostNameErrors(host: string, field: string): FieldError[] {
  if (!host.includes("*")) return invalidAll(field, host, subdomainErrors(host));
  const isWildcard = host.startsWith("*.") && subdomainErrors(host.slice(2)).length === 0;
  return isWildcard ? [] : [invalid(field, host, wildcardText)];
}

function pathsErrors(rule: JsonObject, field: string): FieldError[] {
  const http = rule["http"];
  if (!isObject(http)) return [];
  const at = `${field}.http.paths`;
  const paths = itemsOf(http["paths"], at);
  return paths.length === 0 ? [required(at)] : paths.flatMap((path) => pathErrors(path.item, path.field));
}

/** What a path that is matched part by part may not hold, and may not end with. */
const oddParts = ["//", "/./", "/../", "%2f", "%2F"];
const oddEnds = ["/..", "/."];

function pathErrors(path: JsonObject, field: string): FieldError[] {
  const type = textOf(path["pathType"]);
  if (type === "") return [required(`${field}.pathType`, "pathType must be specified")];
  const text = textOf(path["path"]);
  const errors: FieldError[] = oneOf(type, `${field}.pathType`, ["Exact", "ImplementationSpecific", "Prefix"]);
  const isStrict = type === "Exact" || type === "Prefix";
  if (!text.startsWith("/") && (isStrict || text !== ""))
    errors.push(invalid(`${field}.path`, text, "must be an absolute path"));
  if (isStrict) {
    for (const odd of oddParts)
      if (text.includes(odd)) errors.push(invalid(`${field}.path`, text, `must not contain '${odd}'`));
    for (const odd of oddEnds)
      if (text.endsWith(odd)) errors.push(invalid(`${field}.path`, text, `cannot end with '${odd}'`));
  }
  return [...errors, ...backendErrors(part(path, "backend"), `${field}.backend`)];
}

function backendErrors({ resource, service }: JsonObject, field: string): FieldError[] {
  if (isObject(resource) && isObject(service))
    return [invalid(field, "", "cannot set both resource and service backends")];
  if (isObject(resource)) return requiredTexts(resource, `${field}.resource.`, ["kind", "name"]);
  if (!isObject(service)) return [invalid(field, "", "resource or service backend is required")];
  const name = textOf(service["name"]);
  const port = part(service, "port");
  return [
    ...(name === ""
      ? [required(`${field}.service.name`)]
      : invalidAll(`${field}.service.name`, name, dns1035Errors(name))),
    ...servicePortErrors(port, field),
  ];
}

function servicePortErrors(port: JsonObject, field: string): FieldError[] {
  const name = textOf(port["name"]);
  const number = typeof port["number"] === "number" ? port["number"] : 0;
  if (name !== "" && number !== 0) return [invalid(field, "", "cannot set both port name & port number")];
  if (name !== "") return invalidAll(`${field}.service.port.name`, name, portNameErrors(name));
  if (number !== 0) return portErrors(number, `${field}.service.port.number`);
  return [required(field, "port name or number is required")];
}

const controllerBytesMost = 250;

/** Whose class it is, and where that one keeps more about it. */
export function ingressClassRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const controller = textOf(spec["controller"]);
  const field = "spec.controller";
  const detail = `may not be more than ${controllerBytesMost} bytes`;
  return [
    ...(live === undefined && Buffer.byteLength(controller) > controllerBytesMost
      ? [{ type: "TooLong" as const, field, detail }]
      : []),
    ...(live === undefined ? domainPathErrors(controller, field) : []),
    ...parametersErrors(spec["parameters"], "spec.parameters"),
  ];
}

function parametersErrors(parameters: Json | undefined, field: string): FieldError[] {
  if (!isObject(parameters)) return [];
  const { apiGroup, namespace, scope } = parameters;
  const group = textOf(apiGroup);
  const errors = apiGroup === undefined ? [] : invalidAll(`${field}.apiGroup`, group, subdomainErrors(group));
  for (const name of ["kind", "name"]) {
    const text = textOf(parameters[name]);
    errors.push(
      ...(text === "" ? [required(`${field}.${name}`)] : invalidAll(`${field}.${name}`, text, pathSegmentErrors(text))),
    );
  }
  const at = `${field}.namespace`;
  if (scope === undefined) errors.push(required(`${field}.scope`));
  else if (scope === "Namespace" && namespace === undefined)
    errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  else if (scope === "Namespace") errors.push(...invalidAll(at, textOf(namespace), labelErrors(textOf(namespace))));
  else if (scope !== "Cluster") errors.push(notSupported(`${field}.scope`, textOf(scope), ["Cluster", "Namespace"]));
  else if (namespace !== undefined) errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}
