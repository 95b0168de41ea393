// String formats that a CustomResourceDefinition may ask for, as kube-openapi's strfmt checks them. Unknown formats pass.

const name = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const hex4 = "[0-9a-f]{4}";

function uuid(version: string, variant = "[0-9a-f]"): RegExp {
  return new RegExp(`^[0-9a-f]{8}-?${hex4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, "i");
}

const patterns: { readonly [format: string]: RegExp } = {
  bsonobjectid: /^[0-9a-f]{24}$/i,
  email: /^(?:[^\s<>@"]+|"[^"]*")@[^\s<>@]+$|^[^<>]*<[^\s<>@]+@[^\s<>@]+>$/,
  // One label, or several and a top one of letters alone.
  hostname:
    /^(?:[a-z0-9\p{S}\p{L}](?:-?[a-z0-9\p{S}\p{L}]{0,62})?|(?:[a-z0-9\p{S}\p{L}](?:[-a-z0-9\p{S}\p{L}]{0,61}[a-z0-9\p{S}\p{L}])?\.)+[a-z\p{L}]{2,63})$/iu,
  mac: /^([0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}(?:(?:\2[0-9a-f]{2}){2})?$|^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i,
  uuid: uuid("[0-9a-f]"),
  uuid3: uuid("3"),
  uuid4: uuid("4", "[89ab]"),
  uuid5: uuid("5", "[89ab]"),
  creditcard:
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/,
  ssn: /^\d{3}[- ]?\d{2}[- ]?\d{4}$/,
  hexcolor: /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i,
  rgbcolor:
    /^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  duration:
    /^\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)\s*(?:ns|us|µs|μs|ms|s|m|h|d|w|nano(?:second)?s?|micro(?:second)?s?|milli(?:second)?s?|sec(?:ond)?s?|min(?:ute)?s?|hrs?|hours?|days?|weeks?|wk)(?:\s*(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*\s*$|^0$/,
  k8sshortname: new RegExp(`^(?=.{1,63}$)${name}$`),
  k8slongname: new RegExp(`^(?=.{1,253}$)${name}(\\.${name})*$`),
};

function isIpv4(text: string): boolean {
  return (
    /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text) && text.split(".").every((part) => Number(part) <= 255)
  );
}

export function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const hasIpv4 = tail.includes(".");
  if (hasIpv4 && !isIpv4(tail)) return false;
  const whole = hasIpv4 ? `${text.slice(0, text.length - tail.length)}0:0` : text;
  const groups = whole.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const count = groups.reduce((sum, half) => sum + half.length, 0);
  if (!groups.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? count <= 7 : count === 8;
}

function isCidr(text: string): boolean {
  const match = /^(.*)\/(\d{1,3})$/.exec(text);
  if (match === null) return false;
  const bits = Number(match[2]);
  const address = match[1] as string;
  return (isIpv4(address) && bits <= 32) || (address.includes(":") && isIpv6(address) && bits <= 128);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return date.getUTCMonth() === Number(match[2]) - 1 && date.getUTCDate() === Number(match[3]);
}

function isDateTime(text: string): boolean {
  const match =
    /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/.exec(
      text,
    );
  return match !== null && isDate(match[1] as string);
}

/** As url.ParseRequestURI: an absolute URI, or a path from the root. */
function isUri(text: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:[^\s]+|\/[^\s]*)$/i.test(text);
}

function isIsbn(text: string, length: 10 | 13): boolean {
  const digits = text.replace(/[\s-]/g, "");
  if (length === 13) {
    if (!/^\d{13}$/.test(digits)) return false;
    return (
      Array.from(digits).reduce((sum, digit, index) => sum + Number(digit) * (index % 2 === 0 ? 1 : 3), 0) % 10 === 0
    );
  }
  if (!/^\d{9}[\dXx]$/.test(digits)) return false;
  return (
    Array.from(digits).reduce((sum, digit, index) => sum + (/x/i.test(digit) ? 10 : Number(digit)) * (10 - index), 0) %
      11 ===
    0
  );
}

const checks: { readonly [format: string]: (text: string) => boolean } = {
  ipv4: isIpv4,
  ipv6: (text) => text.includes(":") && isIpv6(text),
  cidr: isCidr,
  date: isDate,
  datetime: isDateTime,
  uri: isUri,
  isbn: (text) => isIsbn(text, 10) || isIsbn(text, 13),
  isbn10: (text) => isIsbn(text, 10),
  isbn13: (text) => isIsbn(text, 13),
};

/** False when the text is not of the format; true for formats that nobody checks. */
export function hasFormat(text: string, format: string): boolean {
  const normal = format.replaceAll("-", "");
  if (Object.hasOwn(checks, normal)) return checks[normal]?.(text) ?? true;
  const digits = normal === "creditcard" ? text.replace(/\D/g, "") : text;
  return Object.hasOwn(patterns, normal) ? (patterns[normal]?.test(digits) ?? true) : true;
}

/** Type of a schema → the formats that are checked, or at least known, for its values; texts are looked up without dashes. */
const known: Readonly<Record<string, ReadonlySet<string>>> = {
  integer: new Set(["int32", "int64"]),
  number: new Set(["float", "double"]),
};
const knownTexts: ReadonlySet<string> = new Set([...Object.keys(checks), ...Object.keys(patterns), "password"]);

/** False for a format that means nothing for values of this type. */
export function isKnownFormat(format: string, type: string): boolean {
  if (type === "" || type === "string") return knownTexts.has(format.replaceAll("-", ""));
  return known[type]?.has(format) ?? false;
}
