// urlParse and urlJoin: net/url's parts and their joining.

import {
  bytesOf,
  define,
  type FunctionTable,
  GoError,
  type GoMap,
  kindOf,
  quote,
  stringOf,
  type Value,
} from "#formats/gotemplate";

type Url = {
  scheme: string;
  opaque: string;
  userinfo: string | undefined;
  host: string;
  path: string;
  rawPath: string;
  query: string;
  fragment: string;
  forceQuery: boolean;
};

function unescape(text: string, isPlusBlank = false): string {
  const bad = /%(?![0-9a-fA-F]{2})[\s\S]{0,2}/.exec(text);
  if (bad !== null) throw new GoError(`invalid URL escape ${quote(bad[0])}`);
  if (!text.includes("%") && !(isPlusBlank && text.includes("+"))) return text;
  const bytes: number[] = [];
  const source = bytesOf(text);
  for (let i = 0; i < source.length; i++) {
    if (source[i] === 37) {
      bytes.push(Number.parseInt(String.fromCharCode(source[i + 1] as number, source[i + 2] as number), 16));
      i += 2;
    } else bytes.push(source[i] as number);
  }
  return stringOf(Uint8Array.from(bytes));
}

function escape(text: string, safe: RegExp): string {
  let out = "";
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte);
    out += byte < 128 && safe.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

const pathSafe = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
const userSafe = /[A-Za-z0-9\-_.~$&+,;=]/;
const hostSafe = /[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/;
const fragmentSafe = /[A-Za-z0-9\-_.~!$&'()*+,/:;=?@]/;

/** url.Parse. Throws a GoError in its words. */
function parseUrl(text: string): Url {
  try {
    return parseParts(text);
  } catch (error) {
    // What stands behind the sign of a fragment is not shown, unless that is what is wrong.
    if (error instanceof GoError) throw new GoError(`parse ${quote(shownUrl(text))}: ${error.message}`);
    throw error;
  }
}

function shownUrl(text: string): string {
  const [before = "", ...fragment] = text.split("#");
  try {
    unescape(fragment.join("#"));
    return before;
  } catch {
    return controls.test(before) ? before : text;
  }
}

// oxlint-disable-next-line no-control-regex
const controls = /[\x00-\x1f\x7f]/;

function parseParts(text: string): Url {
  if (controls.test(text)) throw new GoError("net/url: invalid control character in URL");
  const hash = text.indexOf("#");
  const fragment = hash < 0 ? "" : unescape(text.slice(hash + 1));
  let rest = hash < 0 ? text : text.slice(0, hash);
  const url: Url = {
    scheme: "",
    opaque: "",
    userinfo: undefined,
    host: "",
    path: "",
    rawPath: "",
    query: "",
    fragment,
    forceQuery: false,
  };
  if (rest === "*") return { ...url, path: "*" };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(rest);
  if (scheme !== null) {
    url.scheme = (scheme[1] as string).toLowerCase();
    rest = rest.slice(scheme[0].length);
  } else if (rest.startsWith(":")) throw new GoError("missing protocol scheme");
  const question = rest.indexOf("?");
  if (question >= 0) {
    url.query = rest.slice(question + 1);
    url.forceQuery = url.query === "";
    rest = rest.slice(0, question);
  }
  return finish(url, rest);
}

function finish(url: Url, text: string): Url {
  let rest = text;
  if (!rest.startsWith("/")) {
    if (url.scheme !== "") return { ...url, opaque: rest };
    if ((rest.split("/")[0] ?? "").includes(":")) throw new GoError("first path segment in URL cannot contain colon");
  }
  if ((url.scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = rest.slice(2, slash < 0 ? undefined : slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    Object.assign(url, parseAuthority(authority));
  }
  return { ...url, path: unescape(rest), rawPath: rest };
}

function parseAuthority(authority: string): { userinfo: string | undefined; host: string } {
  const at = authority.lastIndexOf("@");
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { userinfo: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new GoError("net/url: invalid userinfo");
  const colon = userinfo.indexOf(":");
  if (colon < 0) return { userinfo: escape(unescape(userinfo), userSafe), host };
  const [name, password] = [userinfo.slice(0, colon), userinfo.slice(colon + 1)];
  return { userinfo: `${escape(unescape(name), userSafe)}:${escape(unescape(password), userSafe)}`, host };
}

function parseHost(host: string): string {
  const portText = host.startsWith("[")
    ? host.slice(host.lastIndexOf("]") + 1)
    : (/:.*$/.exec(host.slice(host.lastIndexOf(":") < 0 ? host.length : host.lastIndexOf(":")))?.[0] ?? "");
  if (portText !== "" && !/^:\d*$/.test(portText)) throw new GoError(`invalid port ${quote(portText)} after host`);
  const bad = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host);
  if (bad !== null) throw new GoError(`invalid character ${quote(bad[0])} in host name`);
  return unescape(host);
}

function hostname(host: string): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
  return host.replace(/:\d*$/, "");
}

function urlParse(text: string): Value {
  let url: Url;
  try {
    url = parseUrl(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`unable to parse url: ${error.message}`);
    throw error;
  }
  return {
    scheme: url.scheme,
    host: url.host,
    hostname: hostname(url.host),
    path: url.path,
    query: url.query,
    opaque: url.opaque,
    fragment: url.fragment,
    userinfo: url.userinfo ?? "",
  };
}

function part(map: GoMap, key: string): string {
  if (map === null || !Object.hasOwn(map, key)) return "";
  const value = map[key];
  if (typeof value === "string") return value;
  if (value === null || value === undefined)
    throw new GoError("runtime error: invalid memory address or nil pointer dereference");
  throw new GoError(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
}

function urlJoin(map: GoMap): Value {
  const [scheme, host, path, query, opaque, fragment] = ["scheme", "host", "path", "query", "opaque", "fragment"].map(
    (key) => part(map, key),
  ) as [string, string, string, string, string, string];
  const userinfo = part(map, "userinfo");
  const user = userinfo === "" ? undefined : parseUserinfo(userinfo);
  let out = scheme === "" ? "" : `${scheme}:`;
  if (opaque !== "") out += opaque;
  else {
    if (scheme !== "" || host !== "" || user !== undefined) {
      if (host !== "" || path !== "" || user !== undefined) out += "//";
      if (user !== undefined) out += `${user}@`;
      out += escape(host, hostSafe);
    }
    const escaped = escape(path, pathSafe);
    if (escaped !== "" && !escaped.startsWith("/") && host !== "") out += "/";
    if (out === "" && (escaped.split("/")[0] ?? "").includes(":")) out += "./";
    out += escaped;
  }
  if (query !== "") out += `?${query}`;
  return fragment === "" ? out : `${out}#${escape(fragment, fragmentSafe)}`;
}

function parseUserinfo(userinfo: string): string | undefined {
  try {
    return parseUrl(`proto://${userinfo}@host`).userinfo;
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`unable to parse userinfo in dict: ${error.message}`);
    throw error;
  }
}

export const urlFunctions: FunctionTable = {
  urlParse: define("string", urlParse),
  urlJoin: define("map", urlJoin),
};
