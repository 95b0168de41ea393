// How a webhook may be reached, for conversions and admission alike (apiserver pkg/util/webhook/validation.go, v1.36).

import type { JsonObject } from "#kernel";
import { type FieldError, invalid, required } from "./field-error.ts";
import { subdomainErrors } from "./names.ts";
import { textOf } from "./schema-members.ts";

const form = "; desired format: https://host[/path]";

type Parts = { scheme: string; user: string | undefined; host: string; query: string; fragment: string };

/** The parts of a URL, or why it is none, in the words of Go's net/url. */
function parse(url: string): Parts | { problem: string } {
  const [before = "", ...after] = url.split("#");
  const problem = (why: string): { problem: string } => ({ problem: `parse ${JSON.stringify(before)}: ${why}` });
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(url)) return problem("net/url: invalid control character in URL");
  if (before.startsWith(":")) return problem("missing protocol scheme");
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(before.split("?")[0] ?? "");
  if (escape !== null) return problem(`invalid URL escape ${JSON.stringify(escape[0])}`);
  const [, scheme = "", rest = ""] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s.exec(before) ?? [];
  const [path = "", ...queries] = rest.split("?");
  const authority = path.startsWith("//") ? (path.slice(2).split("/")[0] ?? "") : "";
  if (scheme === "" && !path.startsWith("/") && (path.split("/")[0] ?? "").includes(":"))
    return problem("first path segment in URL cannot contain colon");
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const port = /(?:^\[.*\]|^[^:]*|^.*)(:[^:\]]*)$/.exec(host)?.[1];
  if (port !== undefined && !/^:\d*$/.test(port)) return problem(`invalid port ${JSON.stringify(port)} after host`);
  const bad = /[\s^`{|}\\]/.exec(host);
  if (bad !== null) return problem(`invalid character ${JSON.stringify(bad[0])} in host name`);
  return {
    scheme: scheme.toLowerCase(),
    user: at < 0 ? undefined : authority.slice(0, at),
    host,
    query: queries.join("?"),
    fragment: after.join("#"),
  };
}

/** What is wrong with the URL of a webhook. */
export function webhookUrlErrors(url: string, field: string): FieldError[] {
  const parts = parse(url);
  if ("problem" in parts) return [required(field, `url must be a valid URL: ${parts.problem}${form}`)];
  const { scheme, user, host, query, fragment } = parts;
  const errors: FieldError[] = [];
  if (scheme !== "https") errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === "") errors.push(invalid(field, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalid(field, user, "user information is not permitted in the URL"));
  if (fragment !== "") errors.push(invalid(field, fragment, "fragments are not permitted in the URL"));
  if (query !== "") errors.push(invalid(field, query, "query parameters are not permitted in the URL"));
  return errors;
}

const portMax = 65_535;

/** What is wrong with the Service that a webhook stands behind; its port is defaulted already. Go takes its name and namespace for each other. */
export function webhookServiceErrors(service: JsonObject, field: string): FieldError[] {
  const { port = 0, path } = service;
  const errors = textOf(service, "namespace") === "" ? [required(`${field}.name`)] : [];
  if (textOf(service, "name") === "") errors.push(required(`${field}.namespace`));
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
