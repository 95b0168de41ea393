// What Go's net/url makes of a text, in the words of its errors, and the text that it writes of the parts (Go 1.26). Inside, a text is a
// string of bytes, as Go has it: an escape or a quotation may end within a character.

import { bytesOf, quote, stringOf } from "#formats/gotemplate";
import { addressProblem } from "./address.ts";

export type GoUrl = {
  scheme: string;
  /** What follows a scheme without a slash. */
  opaque: string;
  user: { name: string; password: string | undefined } | undefined;
  host: string;
  path: string;
  /** The path as it was written, where the writing of `path` differs; "" elsewhere. */
  rawPath: string;
  query: string;
  fragment: string;
  rawFragment: string;
  /** A question mark without a query. */
  hasEmptyQuery: boolean;
  /** A scheme and a path, and nothing between them. */
  isWithoutHost: boolean;
};

const none: GoUrl = {
  scheme: "",
  opaque: "",
  user: undefined,
  host: "",
  path: "",
  rawPath: "",
  query: "",
  fragment: "",
  rawFragment: "",
  hasEmptyQuery: false,
  isWithoutHost: false,
};

/** Why a part is wrong; it never leaves this file. */
class Problem extends Error {}

/** The parts of a URL, or what Go's url.Parse says is wrong with it. */
export function parseGoUrl(text: string): { ok: true; url: GoUrl } | { ok: false; problem: string } {
  const whole = toBytes(text);
  const hash = whole.indexOf("#");
  const front = hash < 0 ? whole : whole.slice(0, hash);
  let shown = front;
  try {
    const url = parseFront(front);
    shown = whole;
    return { ok: true, url: asText(hash < 0 ? url : { ...url, ...fragmentOf(whole.slice(hash + 1)) }) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: `parse ${quoted(shown)}: ${error.message}` };
    throw error;
  }
}

/** One character a byte. */
function toBytes(text: string): string {
  return Array.from(bytesOf(text), (byte) => String.fromCharCode(byte)).join("");
}

function toText(bytes: string): string {
  return stringOf(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
}

function quoted(bytes: string): string {
  return quote(toText(bytes));
}

function asText(url: GoUrl): GoUrl {
  const texts = Object.entries(url).map(([name, value]) => [name, typeof value === "string" ? toText(value) : value]);
  const { user } = url;
  const named = user && { name: toText(user.name), password: user.password && toText(user.password) };
  return { ...(Object.fromEntries(texts) as GoUrl), user: named };
}

// oxlint-disable-next-line no-control-regex
const controls = /[\x00-\x1f\x7f]/;

/** All but the fragment. */
function parseFront(text: string): GoUrl {
  if (controls.test(text)) throw new Problem("net/url: invalid control character in URL");
  if (text === "*") return { ...none, path: "*" };
  if (text.startsWith(":")) throw new Problem("missing protocol scheme");
  const scheme = (/^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? "").toLowerCase();
  const rest = scheme === "" ? text : text.slice(scheme.length + 1);
  const question = rest.indexOf("?");
  const before = question < 0 ? rest : rest.slice(0, question);
  const query = question < 0 ? "" : rest.slice(question + 1);
  const url = { ...none, scheme, query, hasEmptyQuery: question >= 0 && query === "" };
  if (!before.startsWith("/")) {
    if (scheme !== "") return { ...url, opaque: before };
    if (firstSegment(before).includes(":")) throw new Problem("first path segment in URL cannot contain colon");
  }
  const hasAuthority = before.startsWith("//") && (scheme !== "" || !before.startsWith("///"));
  if (!hasAuthority) return { ...url, isWithoutHost: scheme !== "", ...pathOf(before) };
  const authority = firstSegment(before.slice(2));
  return { ...url, ...authorityOf(authority, scheme), ...pathOf(before.slice(2 + authority.length)) };
}

function firstSegment(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

function pathOf(text: string): Pick<GoUrl, "path" | "rawPath"> {
  const path = unescape(text, "path");
  return { path, rawPath: escape(path, "path") === text ? "" : text };
}

function fragmentOf(text: string): Pick<GoUrl, "fragment" | "rawFragment"> {
  const fragment = unescape(text, "fragment");
  return { fragment, rawFragment: escape(fragment, "fragment") === text ? "" : text };
}

function authorityOf(authority: string, scheme: string): Pick<GoUrl, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = hostOf(authority.slice(at + 1), scheme);
  if (at < 0) return { user: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new Problem("net/url: invalid userinfo");
  const colon = userinfo.indexOf(":");
  const name = unescape(colon < 0 ? userinfo : userinfo.slice(0, colon), "user");
  return { user: { name, password: colon < 0 ? undefined : unescape(userinfo.slice(colon + 1), "user") }, host };
}

function hostOf(host: string, scheme: string): string {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) throw new Problem("invalid IP-literal");
  if (bracket === 0) return literalOf(host);
  // What the web is reached by has one colon, before its port; others may have more.
  const colon = /^https?$/.test(scheme) ? host.indexOf(":") : host.lastIndexOf(":");
  if (colon >= 0) checkPort(host.slice(colon));
  return unescape(host, "host");
}

function checkPort(port: string): void {
  if (!isPort(port)) throw new Problem(`invalid port ${quoted(port)} after host`);
}

/** With its colon; also nothing. */
function isPort(text: string): boolean {
  return text === "" || /^:[0-9]*$/.test(text);
}

/** An address in brackets, with the name of a zone behind `%25`. */
function literalOf(host: string): string {
  const end = host.lastIndexOf("]");
  if (end < 0) throw new Problem("missing ']' in host");
  checkPort(host.slice(end + 1));
  const written = host.slice(1, end);
  const zone = written.indexOf("%25");
  const name =
    zone < 0
      ? unescape(written, "host")
      : unescape(written.slice(0, zone), "host") + unescape(written.slice(zone), "zone");
  const problem = addressProblem(name);
  if (problem !== undefined) {
    const { message, at } = problem;
    throw new Problem(`invalid host: ParseAddr(${quoted(name)}): ${message}${at === "" ? "" : ` (at ${quoted(at)})`}`);
  }
  if (!name.includes(":")) throw new Problem("invalid IP-literal");
  return `[${name}]${host.slice(end + 1)}`;
}

type Part = "path" | "host" | "zone" | "user" | "fragment";

/** What stands as it is in each part; all else is escaped. */
const plain: Readonly<Record<Part, RegExp>> = {
  path: /[A-Za-z0-9\-_.~$&+,/:;=@]/,
  host: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  zone: /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/,
  user: /[A-Za-z0-9\-_.~$&+,;=]/,
  fragment: /[A-Za-z0-9\-_.~!()*$&+,/:;=?@]/,
};

function unescape(text: string, part: Part): string {
  const isHost = part === "host" || part === "zone";
  // Of a host also what is not escaped is looked at, in the order in which it comes.
  return text.replace(isHost ? /%[0-9a-fA-F]{2}|[^\x80-\xff]/g : /%[0-9a-fA-F]{2}|%/g, (one, at: number) => {
    if (one === "%") throw new Problem(`invalid URL escape ${quoted(text.slice(at, at + 3))}`);
    if (one.length === 1) {
      if (!plain[part].test(one)) throw new Problem(`invalid character ${quoted(one)} in host name`);
      return one;
    }
    const byte = String.fromCharCode(Number.parseInt(one.slice(1), 16));
    const isRefused = part === "host" ? byte < "\x80" : part === "zone" && byte !== " " && !plain.host.test(byte);
    if (isRefused && one !== "%25") throw new Problem(`invalid URL escape ${quoted(one)}`);
    return byte;
  });
}

function escape(bytes: string, part: Part): string {
  return bytes.replace(/[^]/g, (one) =>
    plain[part].test(one) ? one : `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** The host without its port, and without brackets. */
export function goHostname(host: string): string {
  const colon = host.lastIndexOf(":");
  const name = colon >= 0 && isPort(host.slice(colon)) ? host.slice(0, colon) : host;
  return name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
}

export function goUserinfoText(user: GoUrl["user"]): string {
  if (user === undefined) return "";
  const [name, password] = [user.name, user.password].map((one) => one && escape(toBytes(one), "user"));
  return user.password === undefined ? (name ?? "") : `${name}:${password}`;
}

/** As it was written, where that means the same; else escaped. */
function written(text: string, raw: string, part: "path" | "fragment"): string {
  const bytes = toBytes(raw);
  const isValid = /^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/?]*$/.test(bytes) && (part === "fragment" || !bytes.includes("?"));
  if (raw === "" || !isValid) return escape(toBytes(text), part);
  try {
    return toText(unescape(bytes, part)) === text ? raw : escape(toBytes(text), part);
  } catch {
    return escape(toBytes(text), part);
  }
}

/** The text of a URL of these parts. */
export function goUrlText(parts: Partial<GoUrl>): string {
  const url: GoUrl = { ...none, ...parts };
  const front = url.scheme === "" ? "" : `${url.scheme}:`;
  const body = url.opaque === "" ? hierarchyText(url, front) : url.opaque;
  const query = url.hasEmptyQuery || url.query !== "" ? `?${url.query}` : "";
  const fragment = url.fragment === "" ? "" : `#${written(url.fragment, url.rawFragment, "fragment")}`;
  return front + body + query + fragment;
}

function hierarchyText(url: GoUrl, front: string): string {
  const { host, user } = url;
  const hasHost = host !== "" || user !== undefined;
  const isMarked = hasHost || (url.scheme !== "" && !url.isWithoutHost && url.path !== "");
  const who = user === undefined ? "" : `${goUserinfoText(user)}@`;
  const authority = isMarked ? `//${who}${escape(toBytes(host), "host")}` : "";
  const isStar = url.path === "*" && url.rawPath === "";
  const path = isStar ? "*" : written(url.path, url.rawPath, "path");
  if (path !== "" && !path.startsWith("/") && host !== "") return `${authority}/${path}`;
  const isScheme = front === "" && authority === "" && firstSegment(path).includes(":");
  return `${authority}${isScheme ? "./" : ""}${path}`;
}
