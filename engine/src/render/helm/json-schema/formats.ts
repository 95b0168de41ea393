// The formats of strings that count where a draft has them checked, and what is wrong with a text that has none of them, in the
// words of the library that Helm uses. https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3

import { byteLength, GoError, quote } from "#formats/gotemplate";
import { parseLayout } from "../functions/layout-parse.ts";
import { compilePattern } from "../functions/regex.ts";

/** What is wrong with the text; undefined where nothing is. */
type Check = (text: string) => string | undefined;

const digits = /^\d+$/;

/** The first character that is none of those allowed, as Go quotes it. */
function otherThan(allowed: RegExp, text: string): string | undefined {
  const found = Array.from(text).find((character) => !allowed.test(character));
  return found === undefined
    ? undefined
    : `'${found === "'" ? "\\'" : quote(found).slice(1, -1).replaceAll('\\"', '"')}'`;
}

function jsonPointer(text: string): string | undefined {
  if (text === "") return undefined;
  if (!text.startsWith("/")) return "not starting with /";
  return /~(?![01])/.test(text) ? "~ must be followed by 0 or 1" : undefined;
}

function relativePointer(text: string): string | undefined {
  const number = /^\d*/.exec(text)?.[0] ?? "";
  if (number === "") return "must start with non-negative integer";
  if (number.length > 1 && number.startsWith("0")) return "starts with zero";
  const rest = text.slice(number.length);
  return rest === "#" ? undefined : jsonPointer(rest);
}

function uuid(text: string): string | undefined {
  const lengths = [8, 4, 4, 4, 12];
  const groups = text.split("-");
  if (groups.length !== lengths.length) return "must have 5 elements";
  for (const [i, group] of groups.entries()) {
    if (byteLength(group) !== lengths[i]) return `element ${i + 1} must be ${lengths[i]} characters long`;
    const other = otherThan(/^[0-9a-fA-F]$/, group);
    if (other !== undefined) return `non-hex character ${other}`;
  }
  return undefined;
}

function duration(text: string): string | undefined {
  if (!text.startsWith("P")) return "must start with P";
  const rest = text.slice(1);
  if (rest === "") return "nothing after P";
  if (rest.endsWith("W")) {
    const weeks = rest.slice(0, -1);
    return weeks === "" ? "no number in week" : digits.test(weeks) ? undefined : "invalid week";
  }
  for (const [i, part] of rest.split("T").entries()) {
    if (i > 0 && part === "") return "no time elements";
    if (i > 1) return "more than one T";
    const problem = unitsProblem(part, i === 0 ? "YMD" : "HMS");
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function unitsProblem(part: string, all: string): string | undefined {
  let units = all;
  for (let rest = part; rest !== ""; ) {
    const number = /^\d*/.exec(rest)?.[0] ?? "";
    if (number === "") return "missing number";
    const unit = rest.charAt(number.length);
    if (unit === "") return "missing unit";
    const place = units.indexOf(unit);
    if (place < 0) return all.includes(unit) ? `unit '${unit}' out of order` : `invalid unit '${unit}'`;
    units = units.slice(place + 1);
    rest = rest.slice(number.length + 1);
  }
  return undefined;
}

function ipv4(text: string): string | undefined {
  const groups = text.split(".");
  if (groups.length !== 4) return "expected four decimals";
  for (const group of groups) {
    if (group.length > 1 && group.startsWith("0")) return "leading zeros";
    if (!/^[-+]?\d+$/.test(group)) return `strconv.Atoi: parsing ${quote(group)}: invalid syntax`;
    if (Number(group) < 0 || Number(group) > 255) return "decimal must be between 0 and 255";
  }
  return undefined;
}

function ipv6(text: string): string | undefined {
  if (!text.includes(":")) return "missing colon";
  const zone = text.indexOf("%");
  const address = zone < 0 ? text : text.slice(0, zone);
  if (!isIpv6(address)) return `ParseAddr(${quote(text)}): unable to parse IP`;
  return zone < 0 ? undefined : "zone id is not a part of ipv6 address";
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  const hasFour = last.includes(".");
  if (hasFour && ipv4(last) !== undefined) return false;
  const size = groups.length + (hasFour ? 1 : 0);
  const areHex = (hasFour ? groups.slice(0, -1) : groups).every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
  return areHex && (halves.length === 2 ? size < 8 : size === 8);
}

function hostname(text: string): string | undefined {
  const name = text.replace(/\.$/, "");
  if (byteLength(name) > 253) return "more than 253 characters long";
  for (const label of name.split(".")) {
    if (label === "" || byteLength(label) > 63) return "label must be 1 to 63 characters long";
    if (label.startsWith("-")) return "label starts with hyphen";
    if (label.endsWith("-")) return "label ends with hyphen";
    const other = otherThan(/^[a-zA-Z0-9-]$/, label);
    if (other !== undefined) return `invalid character ${other}`;
  }
  return undefined;
}

function email(text: string): string | undefined {
  if (byteLength(text) > 254) return "more than 255 characters long";
  const at = text.lastIndexOf("@");
  if (at < 0) return "missing @";
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (byteLength(local) > 64) return "local part more than 64 characters long";
  const problem = localProblem(local);
  if (problem !== undefined) return problem;
  if (domain.startsWith("[") && domain.endsWith("]") && domain.length > 1) {
    const address = domain.slice(1, -1);
    if (address.startsWith("IPv6:")) return below("invalid ipv6 address", ipv6(address.slice(5)));
    return below("invalid ipv4 address", ipv4(address));
  }
  return below("invalid domain", hostname(domain));
}

function localProblem(local: string): string | undefined {
  if (local.length > 1 && local.startsWith('"') && local.endsWith('"'))
    return /[\\"]/.test(local.slice(1, -1))
      ? "backslash and quote are not allowed within quoted local part"
      : undefined;
  if (local.startsWith(".")) return "starts with dot";
  if (local.endsWith(".")) return "ends with dot";
  if (local.includes("..")) return "consecutive dots";
  const other = otherThan(/^[a-zA-Z0-9.!#$%&'*+\-/=?^_`{|}~]$/, local);
  return other === undefined ? undefined : `invalid character ${other}`;
}

function below(what: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${what}: ${problem}`;
}

function date(text: string): string | undefined {
  try {
    parseLayout("2006-01-02", text);
    return undefined;
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
}

function time(text: string): string | undefined {
  if (byteLength(text) < 9) return "less than 9 characters long";
  if (text.charAt(2) !== ":" || text.charAt(5) !== ":") return "missing colon in correct place";
  const parts = text.slice(0, 8).split(":");
  if (parts.some((part) => !/^[-+]?\d+$/.test(part))) return "invalid hour/min/sec";
  const [hour, minute, second] = parts.map(Number) as [number, number, number];
  if (hour < 0 || minute < 0 || second < 0) return "non-positive hour/min/sec";
  if (hour > 23 || minute > 59 || second > 60) return "hour/min/sec out of range";
  let rest = text.slice(8);
  if (rest.startsWith(".")) {
    const fraction = /^\.(\d*)/.exec(rest)?.[1] ?? "";
    if (fraction === "") return "no digits in second fraction";
    rest = rest.slice(fraction.length + 1);
  }
  const offset = rest === "z" || rest === "Z" ? 0 : offsetOf(rest);
  if (typeof offset === "string") return offset;
  const minutes = (((hour * 60 + minute - offset) % 1_440) + 1_440) % 1_440;
  return second >= 60 && minutes !== 1_439 ? "invalid leap second" : undefined;
}

/** The minutes of an offset from UTC, or what is wrong with it. */
function offsetOf(text: string): number | string {
  if (byteLength(text) !== 6) return "offset must be 6 characters long";
  if (!/^[-+]/.test(text)) return "offset must begin with plus/minus";
  if (text.charAt(3) !== ":") return "missing colon in offset in correct place";
  const parts = [text.slice(1, 3), text.slice(4)];
  if (parts.some((part) => !/^[-+]?\d+$/.test(part))) return "invalid hour/min in offset";
  const [hours, minutes] = parts.map(Number) as [number, number];
  if (hours < 0 || minutes < 0) return "non-positive hour/min in offset";
  if (hours > 23 || minutes > 59) return "hour/min in offset out of range";
  return (hours * 60 + minutes) * (text.startsWith("+") ? 1 : -1);
}

function dateTime(text: string): string | undefined {
  if (byteLength(text) < 20) return "less than 20 characters long";
  if (!/^[tT]$/.test(text.charAt(10))) return "11th character must be t or T";
  return below("invalid date element", date(text.slice(0, 10))) ?? below("invalid time element", time(text.slice(11)));
}

function period(text: string): string | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return "missing slash";
  const [start, end] = [text.slice(0, slash), text.slice(slash + 1)];
  if (start.startsWith("P"))
    return below("invalid start duration", duration(start)) ?? below("invalid end date-time", dateTime(end));
  const problem = below("invalid start date-time", dateTime(start));
  if (problem !== undefined) return problem;
  return end.startsWith("P")
    ? below("invalid end duration", duration(end))
    : below("invalid end date-time", dateTime(end));
}

function urlProblem(text: string): string | undefined {
  const failed = (reason: string): string => `parse ${quote(text)}: ${reason}`;
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) return failed("net/url: invalid control character in URL");
  if (text.startsWith(":")) return failed("missing protocol scheme");
  const path = text.split(/[?#]/, 1)[0] as string;
  const first = path.split("/", 1)[0] as string;
  if (first.includes(":") && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text))
    return failed("first path segment in URL cannot contain colon");
  const escape = /%(?![0-9a-fA-F]{2})/.exec(text.replace(/\?[^#]*/, ""));
  if (escape !== null)
    return failed(`invalid URL escape ${quote(text.replace(/\?[^#]*/, "").slice(escape.index, escape.index + 3))}`);
  const host = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/([^/?#]*)/.exec(text)?.[1]?.replace(/^.*@/, "");
  if (host === undefined) return undefined;
  const bad = /[ "<>\\^`{|}]/.exec(host);
  if (bad !== null) return failed(`invalid character ${quote(bad[0])} in host name`);
  const port = /^(?:\[.*\]|[^:]*)(:.*)$/.exec(host)?.[1];
  if (port !== undefined && !/^:\d*$/.test(port)) return failed(`invalid port ${quote(port)} after host`);
  return undefined;
}

function uri(text: string): string | undefined {
  return urlProblem(text) ?? (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) ? undefined : "relative url");
}

function uriReference(text: string): string | undefined {
  return text.includes("\\") ? "contains \\" : urlProblem(text);
}

function uriTemplate(text: string): string | undefined {
  const problem = urlProblem(text);
  if (problem !== undefined) return problem;
  // Braces count where Go keeps the path as it was written, which it does when its own writing would differ.
  const path = text
    .replace(/^[A-Za-z][A-Za-z0-9+.-]*:/, "")
    .replace(/^\/\/[^/?#]*/, "")
    .split(/[?#]/, 1)[0] as string;
  for (const part of path.split("/")) {
    let isOpen = false;
    for (const [brace] of part.matchAll(/[{}]/g)) {
      if ((brace === "{") === isOpen) return "nested curly braces";
      isOpen = !isOpen;
    }
    if (isOpen) return "no matching closing brace";
  }
  return undefined;
}

function semver(text: string): string | undefined {
  const [, core = "", pre, build] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(text) ?? [];
  if (build !== undefined) {
    if (build === "") return "build is empty";
    for (const part of build.split(".")) {
      const other = otherThan(/^[0-9A-Za-z-]$/, part);
      if (part === "") return "build identifier is empty";
      if (other !== undefined) return `invalid character ${other} in build identifier`;
    }
  }
  for (const part of pre?.split(".") ?? []) {
    if (part === "") return "pre-release identifier is empty";
    const other = otherThan(/^[0-9A-Za-z-]$/, part);
    if (other !== undefined) return `invalid character ${other} in pre-release identifier`;
    if (/^0\d+$/.test(part)) return "pre-release numeric identifier starts with zero";
  }
  const numbers = core.split(".");
  if (numbers.length !== 3) return "versionCore must have 3 numbers separated by dot";
  for (const [i, number] of numbers.entries()) {
    const name = ["major", "minor", "patch"][i];
    if (number === "") return `${name} is empty`;
    if (number.length > 1 && number.startsWith("0")) return `${name} starts with zero`;
    if (!digits.test(number)) return `${name} contains non-digit`;
  }
  return undefined;
}

function regex(text: string): string | undefined {
  try {
    compilePattern(text);
    return undefined;
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
}

/** What is wrong with a text, by the format's name. */
export const formatChecks: ReadonlyMap<string, Check> = new Map([
  ["json-pointer", jsonPointer],
  ["relative-json-pointer", relativePointer],
  ["uuid", uuid],
  ["duration", duration],
  ["period", period],
  ["ipv4", ipv4],
  ["ipv6", ipv6],
  ["hostname", hostname],
  ["email", email],
  ["date", date],
  ["time", time],
  ["date-time", dateTime],
  ["uri", uri],
  ["iri", uri],
  ["uri-reference", uriReference],
  ["iri-reference", uriReference],
  ["uri-template", uriTemplate],
  ["semver", semver],
  ["regex", regex],
]);
