// The console's own addresses: which page a path opens, and the path of each page. Everything a reader sees is in the address.

import type { Link, ObjectLink } from "../wire/types.ts";

export type Place =
  | { page: "fleet" }
  | { page: "timeline" }
  | { page: "wall" }
  | { page: "delivery"; link: Link }
  | { page: "object"; link: ObjectLink }
  | { page: "nowhere" };

/** Stands where an object has no namespace, and where it has no group. */
const none = "-";

/** The page that a path opens. */
export function placeOf(path: string): Place {
  const parts = partsOf(path);
  if (parts === undefined) return { page: "nowhere" };
  if (parts.length === 0) return { page: "fleet" };
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = parts;
  if (parts.length === 1 && (first === "timeline" || first === "wall")) return { page: first };
  if (parts.length === 3) return { page: "delivery", link: { kind: first, namespace: second, name: third } };
  if (parts.length === 5 && first === "object")
    return { page: "object", link: { group: orNone(second), kind: third, namespace: orNone(fourth), name: fifth } };
  return { page: "nowhere" };
}

function partsOf(path: string): string[] | undefined {
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    // A stray % is no address of ours.
    return undefined;
  }
}

const orNone = (part: string): string => (part === none ? "" : part);

/** The page of a delivery or a source. */
export function hrefOf({ kind, namespace, name }: Link): string {
  return `/${[kind, namespace, name].map(encodeURIComponent).join("/")}`;
}

/** The page of any object; of another cluster, or as of a moment, by the query. */
export function hrefOfObject(link: ObjectLink, query: { cluster?: string; at?: string; from?: string } = {}): string {
  const parts = [link.group || none, link.kind, link.namespace || none, link.name];
  const asked = new URLSearchParams();
  const cluster = query.cluster ?? link.cluster ?? "";
  if (cluster !== "") asked.set("cluster", cluster);
  if (query.from !== undefined && query.from !== "") asked.set("from", query.from);
  if (query.at !== undefined && query.at !== "") asked.set("at", query.at);
  const tail = asked.size === 0 ? "" : `?${asked}`;
  return `/object/${parts.map(encodeURIComponent).join("/")}${tail}`;
}
