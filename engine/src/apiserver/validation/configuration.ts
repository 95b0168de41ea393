// ConfigMaps and Secrets (pkg/apis/core/validation, v1.36).

import { configKeyErrors, type FieldError, invalid, required } from "#api/crd";
import { decodeJson, isObject, type JsonObject } from "#kernel";
import { part, textOf } from "./fields.ts";

function keyErrors(object: JsonObject, name: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in part(object, name))
    for (const message of configKeyErrors(key)) errors.push(invalid(`${name}[${key}]`, key, message));
  return errors;
}

export function configMapRules(object: JsonObject): FieldError[] {
  const binary = part(object, "binaryData");
  const shared = Object.keys(part(object, "data")).filter((key) => Object.hasOwn(binary, key));
  return [
    ...keyErrors(object, "data"),
    ...shared.map((key) => invalid(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...keyErrors(object, "binaryData"),
  ];
}

const secretKeys: { readonly [type: string]: readonly string[] } = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

export function secretRules(object: JsonObject): FieldError[] {
  const type = textOf(object["type"]);
  const wanted = Object.hasOwn(secretKeys, type) ? (secretKeys[type] ?? []) : [];
  const missing = wanted.filter((key) => !Object.hasOwn(part(object, "data"), key));
  const account = "kubernetes.io/service-account.name";
  const isTokenOfNone =
    type === "kubernetes.io/service-account-token" &&
    textOf(part(part(object, "metadata"), "annotations")[account]) === "";
  return [
    ...(isTokenOfNone ? [required(`metadata.annotations[${account}]`)] : []),
    ...keyErrors(object, "data"),
    ...missing.map((key) => required(`data[${key}]`)),
    ...loginErrors(type, part(object, "data")),
  ];
}

/** Names and passwords, and what Docker keeps of them. */
function loginErrors(type: string, data: JsonObject): FieldError[] {
  if (type === "kubernetes.io/basic-auth")
    return ["username", "password"].some((key) => Object.hasOwn(data, key))
      ? []
      : [required("data[username]"), required("data[password]")];
  const key = { "kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg" }[type];
  if (key === undefined || !Object.hasOwn(data, key)) return [];
  const message = jsonObjectError(textOf(data[key]));
  return message === undefined ? [] : [invalid(`data[${key}]`, "<secret contents redacted>", message)];
}

/** Go's words for a text that is no JSON object; undefined: it is one. */
function jsonObjectError(base64: string): string | undefined {
  const text = Buffer.from(base64, "base64").toString("utf8");
  try {
    const value = decodeJson(text);
    if (isObject(value) || value === null) return undefined;
    const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch {
    return syntaxError(text);
  }
}

/** The beginning of a text decides in nearly all that was never meant to be JSON. */
function syntaxError(text: string): string {
  const start = text.trimStart();
  if (start === "") return "unexpected end of JSON input";
  for (const word of ["null", "true", "false"]) {
    if (start[0] !== word[0]) continue;
    for (let at = 1; at < word.length; at++) {
      if (at >= start.length) return "unexpected end of JSON input";
      if (start[at] !== word[at])
        return `invalid character '${start[at]}' in literal ${word} (expecting '${word[at]}')`;
    }
    return `invalid character '${start[word.length]}' after top-level value`;
  }
  if (!/^["[{0-9-]/.test(start)) return `invalid character '${start[0]}' looking for beginning of value`;
  return "unexpected end of JSON input";
}
