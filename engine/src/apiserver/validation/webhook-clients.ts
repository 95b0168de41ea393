// How a webhook may be reached, for conversions and admission alike (apiserver pkg/util/webhook/validation.go, v1.36).

import { type FieldError, invalid, required, subdomainErrors } from "#api/crd";
import { goUserinfoText, parseGoUrl } from "#formats/go-urls";
import { isObject, type JsonObject } from "#kernel";
import { textOf } from "./fields.ts";

/** What is wrong with the one way that a configuration states: a URL or a Service. */
export function webhookClientErrors(client: JsonObject, field: string): FieldError[] {
  const { url, service } = client;
  if ((url === undefined) === (service === undefined))
    return [required(field, "exactly one of url or service is required")];
  if (typeof url === "string") return urlErrors(url, `${field}.url`);
  return isObject(service) ? serviceErrors(service, `${field}.service`) : [];
}

const form = "; desired format: https://host[/path]";

function urlErrors(text: string, field: string): FieldError[] {
  const parsed = parseGoUrl(text);
  if (!parsed.ok) return [required(field, `url must be a valid URL: ${parsed.problem}${form}`)];
  const { scheme, user, host, query, fragment } = parsed.url;
  const errors: FieldError[] = [];
  if (scheme !== "https") errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === "") errors.push(invalid(field, host, `host must be specified${form}`));
  if (user !== undefined)
    errors.push(invalid(field, goUserinfoText(user), "user information is not permitted in the URL"));
  if (fragment !== "") errors.push(invalid(field, fragment, "fragments are not permitted in the URL"));
  if (query !== "") errors.push(invalid(field, query, "query parameters are not permitted in the URL"));
  return errors;
}

const portMax = 65_535;

/** The Service's port is defaulted already. Go takes its name and namespace for each other. */
function serviceErrors(service: JsonObject, field: string): FieldError[] {
  const { port = 0, path } = service;
  const errors = textOf(service["namespace"]) === "" ? [required(`${field}.name`)] : [];
  if (textOf(service["name"]) === "") errors.push(required(`${field}.namespace`));
  if (typeof port === "number" && (port < 1 || port > portMax))
    errors.push(invalid(`${field}.port`, port, `port is not valid: must be between 1 and ${portMax}, inclusive`));
  return [...errors, ...(typeof path === "string" ? pathErrors(path, `${field}.path`) : [])];
}

function pathErrors(path: string, field: string): FieldError[] {
  if (path === "" || path === "/") return [];
  if (path === "//") return [invalid(field, path, "segment[0] may not be empty")];
  const errors = path.startsWith("/") ? [] : [invalid(field, path, "must start with a '/'")];
  // The first character is taken for a slash, whatever it is.
  const steps = path.slice(1).replace(/\/$/, "").split("/");
  return [
    ...errors,
    ...steps.flatMap((step, index) =>
      step === ""
        ? [invalid(field, path, `segment[${index}] may not be empty`)]
        : subdomainErrors(step).map((message) => invalid(field, path, `segment[${index}]: ${message}`)),
    ),
  ];
}
