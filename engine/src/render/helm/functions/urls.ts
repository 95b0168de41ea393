// urlParse and urlJoin: net/url's parts and their joining.

import { type GoUrl, goHostname, goUrlText, goUserinfoText, parseGoUrl } from "#formats/go-urls";
import { define, type FunctionTable, GoError, type GoMap, kindOf, type Value } from "#formats/gotemplate";

function urlParse(text: string): Value {
  const parsed = parseGoUrl(text);
  if (!parsed.ok) throw new GoError(`unable to parse url: ${parsed.problem}`);
  const { scheme, host, path, query, opaque, fragment, user } = parsed.url;
  return { scheme, host, hostname: goHostname(host), path, query, opaque, fragment, userinfo: goUserinfoText(user) };
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
  const user = userinfo === "" ? undefined : userOf(userinfo);
  return goUrlText({ scheme, host, path, query, opaque, fragment, user });
}

function userOf(userinfo: string): GoUrl["user"] {
  const parsed = parseGoUrl(`proto://${userinfo}@host`);
  if (!parsed.ok) throw new GoError(`unable to parse userinfo in dict: ${parsed.problem}`);
  return parsed.url.user;
}

export const urlFunctions: FunctionTable = {
  urlParse: define("string", urlParse),
  urlJoin: define("map", urlJoin),
};
