// Ingresses (pkg/apis/networking/validation, v1.36).

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
import { parseAddress } from "./addresses.ts";
import {
  domainPathErrors,
  forbidden,
  invalidAll,
  itemsOf,
  part,
  portErrors,
  portNameErrors,
  textOf,
  textsOf,
} from "./fields.ts";

export function ingressRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const rules = itemsOf(spec["rules"], "spec.rules");
  const fallback = spec["defaultBackend"];
  const errors: FieldError[] = [];
  if (rules.length === 0 && fallback === undefined)
    errors.push(invalid("spec", spec["rules"] ?? null, "either `defaultBackend` or `rules` must be specified"));
  if (isObject(fallback)) errors.push(...backendErrors(fallback, "spec.defaultBackend"));
  const isLax = live !== undefined && hadWrongWildcards(live);
  for (const { item, field } of rules) {
    const host = textOf(item["host"]);
    errors.push(...hostErrors(host, `${field}.host`), ...(isLax && host.includes("*") ? [] : pathsErrors(item, field)));
  }
  errors.push(...secureErrors(spec, live));
  const className = spec["ingressClassName"];
  if (typeof className === "string")
    errors.push(...invalidAll("spec.ingressClassName", className, subdomainErrors(className)));
  return [...errors, ...(live === undefined ? classErrors(object) : [])];
}

/** What stood there before may stay wrong. */
function hadWrongWildcards(live: JsonObject): boolean {
  return itemsOf(part(live, "spec")["rules"], "").some(
    ({ item }) => textOf(item["host"]).includes("*") && pathsErrors(item, "").length > 0,
  );
}

/** Hosts that are served under a certificate, and the secret that holds it. */
function secureErrors(spec: JsonObject, live: JsonObject | undefined): FieldError[] {
  const secretErrors = ({ item, field }: { item: JsonObject; field: string }): FieldError[] => {
    const name = textOf(item["secretName"]);
    return name === "" ? [] : invalidAll(`${field}.secretName`, name, subdomainErrors(name));
  };
  const before = live === undefined ? [] : itemsOf(part(live, "spec")["tls"], "");
  const isLax = before.some((one) => secretErrors(one).length > 0);
  return itemsOf(spec["tls"], "spec.tls").flatMap((one) => [
    ...textsOf(one.item["hosts"]).flatMap((host, index) => hostNameErrors(host, `${one.field}.hosts[${index}]`)),
    ...(isLax ? [] : secretErrors(one)),
  ]);
}

const classAnnotation = "kubernetes.io/ingress.class";

/** The field and the annotation from before it name the same class. */
function classErrors(object: JsonObject): FieldError[] {
  const name = part(part(object, "metadata"), "annotations")[classAnnotation];
  const wanted = part(object, "spec")["ingressClassName"];
  if (name === undefined || wanted === undefined || name === wanted) return [];
  return [invalid(`annotations.${classAnnotation}`, name, "must match `ingressClassName` when both are specified")];
}

function hostErrors(host: string, field: string): FieldError[] {
  if (host === "") return [];
  if (parseAddress(host) !== undefined)
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

const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

function pathErrors(path: JsonObject, field: string): FieldError[] {
  const type = textOf(path["pathType"]);
  if ((path["pathType"] ?? null) === null) return [required(`${field}.pathType`, "pathType must be specified")];
  const text = textOf(path["path"]);
  const errors: FieldError[] = pathTypes.includes(type) ? [] : [notSupported(`${field}.pathType`, type, pathTypes)];
  const isKnown = pathTypes.includes(type);
  const isStrict = type === "Exact" || type === "Prefix";
  if (isKnown && !text.startsWith("/") && (isStrict || text !== ""))
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
  if (isObject(resource)) return referenceErrors(resource, `${field}.resource`);
  if (!isObject(service)) return [invalid(field, "", "resource or service backend is required")];
  const name = textOf(service["name"]);
  const port = part(service, "port");
  return [
    ...(name === ""
      ? [required(`${field}.service.name`)]
      : invalidAll(`${field}.service.name`, name, labelErrors(name))),
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
export function ingressClassRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const controller = textOf(spec["controller"]);
  const field = "spec.controller";
  const detail = `may not be more than ${controllerBytesMost} bytes`;
  return [
    ...(Buffer.byteLength(controller) > controllerBytesMost ? [{ type: "TooLong" as const, field, detail }] : []),
    ...domainPathErrors(controller, field),
    ...parametersErrors(spec["parameters"], "spec.parameters"),
  ];
}

/** Another object, by its group, kind and name. */
function referenceErrors(reference: JsonObject, field: string): FieldError[] {
  const { apiGroup } = reference;
  const group = textOf(apiGroup);
  const errors = (apiGroup ?? null) === null ? [] : invalidAll(`${field}.apiGroup`, group, subdomainErrors(group));
  for (const name of ["kind", "name"]) {
    const text = textOf(reference[name]);
    errors.push(
      ...(text === "" ? [required(`${field}.${name}`)] : invalidAll(`${field}.${name}`, text, pathSegmentErrors(text))),
    );
  }
  return errors;
}

function parametersErrors(parameters: Json | undefined, field: string): FieldError[] {
  if (!isObject(parameters)) return [];
  const { namespace, scope } = parameters;
  const errors = referenceErrors(parameters, field);
  const at = `${field}.namespace`;
  if (scope === undefined) errors.push(required(`${field}.scope`));
  else if (scope === "Namespace" && namespace === undefined)
    errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  else if (scope === "Namespace") errors.push(...invalidAll(at, textOf(namespace), labelErrors(textOf(namespace))));
  else if (scope !== "Cluster") errors.push(notSupported(`${field}.scope`, textOf(scope), ["Cluster", "Namespace"]));
  else if (namespace !== undefined) errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}
