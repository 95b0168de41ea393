// Who may ask: only names of this machine (against DNS rebinding), and only with the token where something is shown or
// changed. A browser gets the token once in the address and keeps it in a cookie that no script can read.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Cookies are shared by all ports of a name: two servers on one machine would sign each other's pages out. */
function cookieName({ headers }: IncomingMessage): string {
  const port = /:(\d+)$/.exec(headers.host ?? "")?.[1];
  return port === undefined ? "keelson" : `keelson-${port}`;
}

/** True for a Host header that names this machine, or one of the names allowed beside. */
export function isHostAllowed(request: IncomingMessage, allowed: readonly string[]): boolean {
  const host = (request.headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host) || allowed.includes(host);
}

/** True when a page of another site sent it. Programs send neither header; browsers cannot leave them out. */
export function isForeign(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (typeof site === "string" && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin !== `http://${host ?? ""}` && origin !== `https://${host ?? ""}`;
}

/** True when the request carries the token: as a bearer or as our cookie. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return isSame(bearer, token);
  const name = cookieName(request);
  const cookie = (request.headers.cookie ?? "")
    .split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return cookie !== undefined && isSame(cookie.slice(name.length + 1), token);
}

/** The cookie that keeps a browser signed in until it closes; other sites' pages cannot make it be sent. */
export function tokenCookie(request: IncomingMessage, token: string): string {
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
}

/** In constant time, whatever the lengths. */
export function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
