// The addresses of signing in: `/auth/sign-in` sends the browser to the issuer, `/auth/callback` takes it back, and
// `/auth/sign-out` ends the session. Cookies are HttpOnly; the session's is sent to this site's own pages alone.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, faultFrom, formatFault } from "#kernel";
import type { Viewer } from "#server/console";
import { pendingMost, pendingMs } from "./limits.ts";
import { Oidc, type OidcOptions, type Pending } from "./oidc.ts";
import { Sessions } from "./sessions.ts";

type Begun = Pending & { returnTo: string; untilMs: number };

export class SignIn {
  readonly #oidc: Oidc;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #begun = new Map<string, Begun>();
  /** Browsers send cookies of that name back only over https, and to no subdomain. */
  readonly #prefix: string;
  readonly #secure: string;
  readonly #failed: (message: string) => void;

  constructor(options: OidcOptions, clock: Clock, failed: (message: string) => void) {
    this.#oidc = new Oidc(options);
    this.#clock = clock;
    this.#sessions = new Sessions(clock);
    const isSecure = options.address.startsWith("https:");
    this.#prefix = isSecure ? "__Host-keelson" : "keelson";
    this.#secure = isSecure ? "; Secure" : "";
    this.#failed = failed;
  }

  /** Who sends a request; undefined: nobody who is signed in. */
  viewerOf(request: IncomingMessage): Viewer | undefined {
    const key = cookieOf(request, `${this.#prefix}-session`);
    return key === undefined ? undefined : this.#sessions.find(key);
  }

  /** Answers below `/auth/`. */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const what = `${request.method ?? ""} ${url.pathname}`;
    if (what === "GET /auth/sign-in") return this.#begin(response, url);
    if (what === "GET /auth/callback") return this.#callback(request, response, url);
    if (what === "POST /auth/sign-out") return this.#end(request, response);
    page(response, 404, "There is no such page.");
  }

  async #begin(response: ServerResponse, url: URL): Promise<void> {
    try {
      const { location, pending } = await this.#oidc.begin();
      const begun = {
        ...pending,
        returnTo: localPath(url.searchParams.get("return")),
        untilMs: this.#clock.now() + pendingMs,
      };
      this.#begun.set(pending.state, begun);
      for (const oldest of this.#begun.keys()) {
        if (this.#begun.size <= pendingMost) break;
        this.#begun.delete(oldest);
      }
      // Lax: it must come back with the browser from the issuer's site.
      this.#cookie(response, "state", pending.state, `Path=/; Max-Age=${pendingMs / 1000}; SameSite=Lax`);
      response.writeHead(303, { location, "cache-control": "no-store" }).end();
    } catch (thrown) {
      this.#fail(response, thrown);
    }
  }

  async #callback(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const state = url.searchParams.get("state") ?? "";
    const begun = this.#begun.get(state);
    this.#begun.delete(state);
    this.#cookie(response, "state", "", "Path=/; Max-Age=0; SameSite=Lax");
    const isOwn = state !== "" && cookieOf(request, `${this.#prefix}-state`) === state;
    if (begun === undefined || !isOwn || begun.untilMs < this.#clock.now()) {
      page(response, 400, "This sign-in was not begun here, or too long ago.", {
        to: "/auth/sign-in",
        words: "Sign in again",
      });
      return;
    }
    try {
      const person = await this.#oidc.complete(url.searchParams, begun);
      const { key, forMs } = this.#sessions.open(person);
      this.#cookie(response, "session", key, `Path=/; Max-Age=${forMs / 1000}; SameSite=Strict`);
      // A page of ours goes on, since a Strict cookie is not sent while the browser still follows the issuer.
      response.setHeader("refresh", `0; url=${begun.returnTo}`);
      page(response, 200, "You are signed in.", { to: begun.returnTo, words: "Go on" });
    } catch (thrown) {
      this.#fail(response, thrown);
    }
  }

  #end(request: IncomingMessage, response: ServerResponse): void {
    const key = cookieOf(request, `${this.#prefix}-session`);
    if (key !== undefined) this.#sessions.close(key);
    this.#cookie(response, "session", "", "Path=/; Max-Age=0; SameSite=Strict");
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end("{}");
  }

  #cookie(response: ServerResponse, name: string, value: string, attributes: string): void {
    response.appendHeader("set-cookie", `${this.#prefix}-${name}=${value}; ${attributes}; HttpOnly${this.#secure}`);
  }

  #fail(response: ServerResponse, thrown: unknown): void {
    const message = formatFault(faultFrom(thrown));
    this.#failed(`sign-in: ${message}`);
    page(response, 403, `You could not be signed in: ${message}`, { to: "/auth/sign-in", words: "Try again" });
  }
}

/** The value of a cookie; undefined where it was not sent. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const pair = (request.headers.cookie ?? "")
    .split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

/** A path of this site; whatever else is asked for, the front page. */
function localPath(text: string | null): string {
  return text !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.startsWith("/auth/") ? text : "/";
}

function page(response: ServerResponse, status: number, words: string, link?: { to: string; words: string }): void {
  const further = link === undefined ? "" : `<p><a href="${escaped(link.to)}">${escaped(link.words)}</a></p>`;
  response
    .writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" })
    .end(`<!doctype html><html lang="en"><title>Keelson</title><p>${escaped(words)}</p>${further}</html>\n`);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
