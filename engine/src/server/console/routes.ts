// The console's API: which address answers what. Everything is read and done as the viewer.

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  type ActionAsk,
  type Card,
  type Link,
  linkKey,
  parseLinkKey,
  type ServerFacts,
  type Session,
} from "#api/console";
import { isObject, type Json } from "#kernel";
import { carryOut, planAction } from "./actions.ts";
import type { ActionWorld } from "./intent.ts";
import { readPage } from "./delivery-page.ts";
import { bodyMost, compressLeast, entriesMost, hitsMost } from "./limits.ts";
import { readMoment } from "./moment.ts";
import { readObject } from "./object-page.ts";
import { readPlan } from "./plans.ts";
import { Refused } from "./refusals.ts";
import { search } from "./search.ts";
import { wishFor } from "./shown-kinds.ts";
import type { Streams } from "./streams.ts";
import { readTree } from "./tree.ts";
import { readTimeline, type TimelineAsk } from "./timeline.ts";
import type { Viewer } from "./viewer.ts";

export type Asked = {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  viewer: Viewer;
  /** False once the session has ended. */
  isSignedIn: () => boolean;
  canSignOut: boolean;
};

export type RoutesOptions = ActionWorld & { streams: Streams; facts: () => ServerFacts };

/** Answers below `/api/`. Throws Refused. */
export async function answerApi(world: RoutesOptions, asked: Asked): Promise<void> {
  const { request, url } = asked;
  const [, , what = "", ...rest] = url.pathname.split("/").map(decodePart);
  if (what === "actions") return answerAction(world, asked, rest);
  if (request.method !== "GET") throw new Refused("malformed", "GET reads; only /api/actions changes anything");
  switch (what) {
    case "session":
      return send(asked, sessionOf(world, asked));
    case "fleet":
      return send(asked, await readFleet(world, asked.viewer));
    case "stream":
      return openStream(world, asked);
    case "search":
      return send(asked, await answerSearch(world, asked));
    case "deliveries":
      return send(asked, await answerDelivery(world, asked, rest));
    case "object":
      return send(asked, await readObject(world, objectIn(url), asked.viewer));
    case "timeline":
      return send(asked, await readTimeline(world, timelineIn(url), asked.viewer));
    case "moment":
      return send(asked, await readMoment(world, momentIn(url), asked.viewer));
    default:
      throw new Refused("absent", `there is no ${url.pathname}`);
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refused("malformed", "the address is not one that can be read");
  }
}

function sessionOf({ facts, readOnlyReason, clock }: RoutesOptions, { viewer, canSignOut }: Asked): Session {
  const { user, groups, how } = viewer;
  const isReadOnly = readOnlyReason !== "";
  return { user, groups, how, canSignOut, isReadOnly, readOnlyReason, server: facts(), nowMs: clock.now() };
}

async function readFleet({ fleet, rights, clock }: RoutesOptions, viewer: Viewer): Promise<Json> {
  const cursor = fleet.log.cursor();
  const cards = await rights.sieve(viewer, fleet.cards(), (card: Card) => wishFor(card));
  const happenings = await rights.sieve(viewer, fleet.happenings(), ({ about }) => wishFor(about));
  return { cursor, nowMs: clock.now(), cards, happenings } as unknown as Json;
}

function openStream({ streams }: RoutesOptions, { request, response, url, viewer, isSignedIn }: Asked): void {
  const last = request.headers["last-event-id"];
  const after = (typeof last === "string" && last !== "" ? last : url.searchParams.get("after")) ?? "";
  const of = url.searchParams.get("of") ?? "";
  if (of !== "" && parseLinkKey(of) === undefined) throw new Refused("malformed", "`of` names no delivery");
  streams.add({ viewer, response, after, of, isSignedIn });
}

async function answerSearch(world: RoutesOptions, { url, viewer }: Asked): Promise<unknown> {
  const startedMs = performance.now();
  const asked = {
    text: url.searchParams.get("q") ?? "",
    limit: numberIn(url, "limit", hitsMost),
    offset: numberIn(url, "offset", 0),
  };
  const answer = await search(world, asked, viewer);
  return { ...answer, tookMs: Math.round((performance.now() - startedMs) * 10) / 10 };
}

/** A whole number from 0; the default where there is none. */
export function numberIn(url: URL, name: string, otherwise: number): number {
  const text = url.searchParams.get(name);
  if (text === null || text === "") return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw new Refused("malformed", `\`${name}\` takes a whole number`);
  return Number(text);
}

async function answerDelivery(
  world: RoutesOptions,
  { url, viewer }: Asked,
  parts: readonly string[],
): Promise<unknown> {
  const [kind, namespace, name, below] = parts;
  if (kind === undefined || namespace === undefined || name === undefined || parts.length > 4)
    throw new Refused("absent", `there is no ${url.pathname}`);
  const link: Link = { kind, namespace, name };
  if (below === undefined) return readPage(world, link, viewer);
  const verdict = await world.rights.may(viewer, wishFor(link));
  if (!verdict.ok) throw new Refused("denied", verdict.reason);
  if (world.fleet.card(linkKey(link)) === undefined) throw new Refused("absent", `there is no ${linkKey(link)}`);
  if (below === "objects") return readTree(world, link, viewer);
  if (below !== "plan") throw new Refused("absent", `there is no ${url.pathname}`);
  const which = url.searchParams.get("which") ?? "pending";
  if (which !== "pending" && which !== "last") throw new Refused("malformed", "`which` is pending or last");
  return readPlan(world, link, { which, revision: url.searchParams.get("revision") ?? "", viewer });
}

function objectIn(url: URL): { group: string; kind: string; namespace: string; name: string; cluster?: string } {
  const text = (name: string): string => url.searchParams.get(name) ?? "";
  const [kind, name, cluster] = [text("kind"), text("name"), text("cluster")];
  if (kind === "" || name === "")
    throw new Refused("malformed", "an object is named by `kind`, `name`, and what else it needs");
  const link = { group: text("group"), kind, namespace: text("namespace"), name };
  return cluster === "" ? link : { ...link, cluster };
}

function timelineIn(url: URL): TimelineAsk {
  const limit = Math.min(entriesMost, numberIn(url, "limit", 100));
  return {
    before: numberIn(url, "before", Number.MAX_SAFE_INTEGER),
    limit,
    delivery: url.searchParams.get("delivery") ?? "",
  };
}

function momentIn(url: URL): { atMs: number; delivery: string } {
  const atMs = numberIn(url, "at", -1);
  if (atMs < 0) throw new Refused("malformed", "which moment? `at` takes milliseconds since 1970");
  return { atMs, delivery: url.searchParams.get("delivery") ?? "" };
}

async function answerAction(world: RoutesOptions, asked: Asked, [below]: readonly string[]): Promise<void> {
  const { request, viewer } = asked;
  if (request.method !== "POST") throw new Refused("malformed", "an action is asked for with POST");
  // A form of another site cannot send this type.
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw new Refused("malformed", "the body must be application/json");
  const ask = askIn(await readJson(request));
  if (below === "plan") return send(asked, await planAction(world, ask, viewer));
  if (below !== undefined) throw new Refused("absent", "there is no such address below /api/actions");
  return send(asked, await carryOut(world, ask, viewer));
}

const actions: ReadonlySet<string> = new Set([
  "reconcile",
  "suspend",
  "resume",
  "approve",
  "heal",
  "accept",
  "roll-back",
]);

/** What was sent, member by member: nothing else of it is looked at. */
function askIn(body: Json): ActionAsk {
  const text = (value: Json | undefined): value is string => typeof value === "string" && value.length <= 1024;
  const link = isObject(body) ? body["link"] : undefined;
  if (!isObject(body) || !isObject(link) || !text(body["action"]) || !actions.has(body["action"]))
    throw new Refused("malformed", "the body names no action on a delivery or source");
  const { object, how } = body;
  return {
    action: body["action"] as ActionAsk["action"],
    link: linkIn(link),
    ...(text(body["reason"]) ? { reason: body["reason"] } : {}),
    ...(text(body["revision"]) ? { revision: body["revision"] } : {}),
    ...(text(body["plan"]) ? { plan: body["plan"] } : {}),
    ...(how === "commit" || how === "pin" ? { how } : {}),
    ...(isObject(object) ? { object: { group: text(object["group"]) ? object["group"] : "", ...linkIn(object) } } : {}),
  };
}

function linkIn({ kind, namespace, name }: { [member: string]: Json }): Link {
  const isLink = [kind, namespace, name].every((part) => typeof part === "string" && part.length <= 253);
  if (!isLink) throw new Refused("malformed", "a thing is named by kind, namespace and name");
  return { kind, namespace, name } as Link;
}

async function readJson(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyMost) throw new Refused("too-large", "the body is too large");
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Json;
  } catch {
    throw new Refused("malformed", "the body is no JSON");
  }
}

const compress = promisify(gzip);

/** Sends JSON, compressed where that is worth it. */
export async function send({ request, response }: Pick<Asked, "request" | "response">, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-store");
  response.setHeader("vary", "accept-encoding");
  const isWorthIt = text.length >= compressLeast && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  if (!isWorthIt) {
    response.end(text);
    return;
  }
  response.setHeader("content-encoding", "gzip");
  response.end(await compress(text, { level: 5 }));
}
