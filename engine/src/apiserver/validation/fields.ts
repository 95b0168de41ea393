// Reading of decoded objects by rules, and the errors that many of them share.

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required, subdomainErrors } from "#api/crd";
import { quantityNanos } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";

export { forbidden } from "#api/crd";

/** What is wrong with a decoded, defaulted object; `live` is what it replaces. */
export type Rule = (object: JsonObject, live?: JsonObject) => FieldError[];

export function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** Objects in a list, with the field each stands at. */
export function itemsOf(value: Json | undefined, field: string): { item: JsonObject; field: string }[] {
  if (!Array.isArray(value)) return [];
  return value.map((item, index) => ({ item: isObject(item) ? item : {}, field: `${field}[${index}]` }));
}

/** The texts of a list; what is none is an empty one, as Go decodes it. */
export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** One error when a text that is set is none of the allowed. */
export function oneOf(value: Json | undefined, field: string, allowed: readonly string[]): FieldError[] {
  const text = textOf(value);
  return text === "" || allowed.includes(text) ? [] : [notSupported(field, text, allowed)];
}

export function atLeastZero(value: Json | undefined, field: string): FieldError[] {
  return typeof value === "number" && value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
}

export function portErrors(value: Json | undefined, field: string): FieldError[] {
  if (typeof value !== "number" || (value >= 1 && value <= 65535)) return [];
  return [invalid(field, value, "must be between 1 and 65535, inclusive")];
}

/** A port by number, or by a name that IANA would take. */
export function portOrNameErrors(value: Json | undefined, field: string): FieldError[] {
  return typeof value === "string"
    ? portNameErrors(value).map((message) => invalid(field, value, message))
    : portErrors(value, field);
}

export function portNameErrors(name: string): string[] {
  const errors: string[] = [];
  if (name.length > 15) errors.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(name)) errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(name)) errors.push("must contain at least one letter (a-z)");
  if (name.includes("--")) errors.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

export function requiredTexts(object: JsonObject, field: string, names: readonly string[]): FieldError[] {
  return names.filter((name) => textOf(object[name]) === "").map((name) => required(`${field}${name}`));
}

export function nanos(value: Json | undefined): bigint {
  return (typeof value === "string" || typeof value === "number" ? quantityNanos(String(value)) : undefined) ?? 0n;
}

/** Every message about one value, at one field. */
export function invalidAll(field: string, value: Json, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message));
}

/** A network in CIDR notation. */
export function cidrErrors(value: Json | undefined, field: string): FieldError[] {
  const text = textOf(value);
  return isCidr(text) ? [] : [invalid(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  if (isIpv4(address)) return Number(bits) <= 32;
  return isIpv6(address) && Number(bits) <= 128;
}

/** An IP address, of either version. */
export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return false;
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const all = [...groups(head), ...groups(tail ?? "")];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return tail === undefined ? all.length === 8 : all.length < 8;
}

/** A number that is not negative, or a share of a hundred. */
export function countOrShareErrors(value: Json | undefined, field: string): FieldError[] {
  if (typeof value === "number") return atLeastZero(value, field);
  if (typeof value !== "string" || /^[0-9]+%$/.test(value)) return [];
  const detail =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [invalid(field, value, detail)];
}

/** A share above the whole. */
export function notMoreThanAll(value: Json | undefined, field: string): FieldError[] {
  const isMore = typeof value === "string" && /^[0-9]+%$/.test(value) && Number(value.slice(0, -1)) > 100;
  return isMore ? [invalid(field, value, "must not be greater than 100%")] : [];
}

/** A name under a domain: `example.com/controller`. */
export function domainPathErrors(text: string, field: string): FieldError[] {
  if (text === "") return [required(field)];
  const slash = text.indexOf("/");
  const [host, path] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash <= 0 || path === "")
    return [invalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = invalidAll(field, host, subdomainErrors(host));
  if (/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path)) return errors;
  const detail = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
  return [...errors, invalid(field, path, detail)];
}

const containerResources = ["cpu", "memory", "ephemeral-storage"];

/** The name of a resource that containers use: a standard one, or one of somebody's domain. */
export function containerResourceErrors(name: string, field: string): FieldError[] {
  const isKnown = name.includes("/") || containerResources.includes(name) || name.startsWith("hugepages-");
  return [
    ...invalidAll(field, name, qualifiedNameErrors(name)),
    ...(isKnown ? [] : [invalid(field, name, "must be a standard resource for containers")]),
  ];
}

/** Something that stands there twice. */
export function duplicate(field: string, value: Json): FieldError {
  return { type: "Duplicate", field, value, detail: "" };
}
