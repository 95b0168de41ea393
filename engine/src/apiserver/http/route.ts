// What a request path is about.

import type { Served, ResourceTable } from "#apiserver/registry";

export type Route =
  | { what: "resource"; served: Served; namespace: string; name: string; subresource: string }
  /** A path under a served version that names nothing served. */
  | { what: "nothing" }
  /** A path under a version that is not served at all. */
  | { what: "unknown" }
  | { what: "document"; path: string };

/** The route of a decoded path without query. */
export function routeOf(table: ResourceTable, path: string): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return { what: "document", path };
  const [group, version, rest] = isCore ? ["", parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if (group === undefined || version === undefined || rest.length === 0) return { what: "document", path };
  const place = placeOf(rest);
  const served = table.find(group, version, place.plural);
  if (served === undefined && !table.hasVersion(group, version)) return { what: "unknown" };
  if (served === undefined || place.extra) return { what: "nothing" };
  if (place.namespace !== "" && !served.resource.isNamespaced) return { what: "nothing" };
  if (place.name !== "" && place.namespace === "" && served.resource.isNamespaced) return { what: "nothing" };
  if (place.subresource !== "" && served.subresources[place.subresource] === undefined) return { what: "nothing" };
  const { namespace, name, subresource } = place;
  return { what: "resource", served, namespace, name, subresource };
}

type Place = { namespace: string; plural: string; name: string; subresource: string; extra: boolean };

function placeOf(rest: readonly string[]): Place {
  const isOwnPart = rest.length === 3 && (rest[2] === "status" || rest[2] === "finalize");
  // namespaces/NAME/status is a part of the namespace itself; namespaces/NAME/PLURAL is what is in it.
  const [namespace, tail] =
    rest[0] === "namespaces" && rest.length >= 3 && !isOwnPart ? [rest[1] as string, rest.slice(2)] : ["", rest];
  const [plural = "", name = "", subresource = "", ...more] = tail;
  // A proxy's path may go on; nothing else may.
  return { namespace, plural, name, subresource, extra: more.length > 0 && subresource !== "proxy" };
}
