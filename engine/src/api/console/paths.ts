// The addresses of the server's API, in one place for both sides.

import type { Link, ObjectLink } from "./words.ts";

/** `Kustomization/flux-system/apps` */
export function linkKey({ kind, namespace, name }: Link): string {
  return `${kind}/${namespace}/${name}`;
}

/** The link that a key names. */
export function parseLinkKey(key: string): Link | undefined {
  const [kind, namespace, name, ...rest] = key.split("/");
  if (kind === undefined || namespace === undefined || name === undefined || rest.length > 0) return undefined;
  return { kind, namespace, name };
}

type Query = Readonly<Record<string, string | number | undefined>>;

function withQuery(path: string, query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
}

function deliveryPath(link: Link, below = ""): string {
  return `/api/deliveries/${[link.kind, link.namespace, link.name].map(encodeURIComponent).join("/")}${below}`;
}

/** Every request that the console makes. */
export const apiPaths = {
  session: (): string => "/api/session",
  fleet: (): string => "/api/fleet",
  stream: (query: { after?: string; of?: string }): string => withQuery("/api/stream", query),
  search: (query: { q: string; limit?: number; offset?: number }): string => withQuery("/api/search", query),
  delivery: (link: Link): string => deliveryPath(link),
  objects: (link: Link): string => deliveryPath(link, "/objects"),
  plan: (link: Link, query: { which: "pending" | "last"; revision?: string }): string =>
    withQuery(deliveryPath(link, "/plan"), query),
  object: ({ group, kind, namespace, name, cluster }: ObjectLink): string =>
    withQuery("/api/object", { group, kind, namespace, name, cluster }),
  timeline: (query: { before?: number; limit?: number; delivery?: string }): string =>
    withQuery("/api/timeline", query),
  moment: (query: { at: number; delivery?: string }): string => withQuery("/api/moment", query),
  actionPlan: (): string => "/api/actions/plan",
  action: (): string => "/api/actions",
  signIn: (query: { return?: string }): string => withQuery("/auth/sign-in", query),
  /** POST. */
  signOut: (): string => "/auth/sign-out",
} as const;
