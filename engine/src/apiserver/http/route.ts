// What a request path is about.

import type { Served, ResourceTable } from "#apiserver/registry";

export type Route =
  | { what: "resource"; served: Served; namespace: string; name: string; subresource: string }
  /** A path that names nothing served; `isKnown`: its group and version are known. */
  | { what: "nothing"; isKnown: boolean; place: Place & { group: string } }
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
  const isKnown = served !== undefined || table.isKnown(group, version);
  if (served === undefined || !fits(served, place)) return { what: "nothing", isKnown, place: { ...place, group } };
  const { namespace, name, subresource } = place;
  return { what: "resource", served, namespace, name, subresource };
}

/** True when the resource has what the path names. */
function fits({ resource, subresources }: Served, place: Place): boolean {
  if (place.extra || (place.namespace !== "" && !resource.isNamespaced)) return false;
  if (place.name !== "" && place.namespace === "" && resource.isNamespaced) return false;
  return place.subresource === "" || subresources[place.subresource] !== undefined;
}

export type Place = { namespace: string; plural: string; name: string; subresource: string; extra: boolean };

function placeOf(rest: readonly string[]): Place {
  const isOwnPart = rest.length === 3 && (rest[2] === "status" || rest[2] === "finalize");
  // namespaces/NAME/status is a part of the namespace itself; namespaces/NAME/PLURAL is what is in it.
  const [namespace, tail] =
    rest[0] === "namespaces" && rest.length >= 3 && !isOwnPart ? [rest[1] as string, rest.slice(2)] : ["", rest];
  const [plural = "", name = "", subresource = "", ...more] = tail;
  // A proxy's path may go on; nothing else may.
  return { namespace, plural, name, subresource, extra: more.length > 0 && subresource !== "proxy" };
}
