// The fleet as the server tells it: everything once, then each change in batches, put on the page once a frame.

import { batch, computed, signal } from "@preact/signals";
import { markOf } from "../words/mark.ts";
import { read, Refused } from "../wire/http.ts";
import { Stream } from "../wire/stream.ts";
import {
  apiPaths,
  type Card,
  type Change,
  type FleetState,
  type Happening,
  type ObjectChanges,
  type LogLine,
} from "../wire/types.ts";
import { announce } from "./announce.ts";
import { serverNow, setServerTime } from "./now.ts";
import { readSession, session, signedOut } from "./session.ts";

/** Happenings that the page keeps. */
const happeningsMost = 200;

export const cards = signal<ReadonlyMap<string, Card>>(new Map());
export const happenings = signal<readonly Happening[]>([]);

export type Connection =
  | { state: "opening" }
  | { state: "live" }
  /** What is shown is what was known at `sinceMs`. */
  | { state: "lost"; sinceMs: number; retryAtMs: number; why: string };

export const connection = signal<Connection>({ state: "opening" });

/** True once the whole fleet was read. */
export const isLoaded = signal(false);

/** Counts what could have been missed: pages read their own data again when it changes. */
export const epoch = signal(0);

/** All cards in no particular order. */
export const allCards = computed(() => [...cards.value.values()]);

type Listener = { objects(changes: ObjectChanges): void; log(lines: readonly LogLine[]): void };
const followers = new Map<string, Listener>();

let waiting: Change[] = [];
let isPainting = false;

/** Changes come faster than frames: they are put on the page together. */
function take(changes: readonly Change[]): void {
  // One by one: of a hundred thousand at once, spread arguments would overflow the stack.
  for (const change of changes) waiting.push(change);
  if (isPainting) return;
  isPainting = true;
  // Hidden pages get no frames, and must not gather changes without end.
  if (document.hidden) setTimeout(paint, 250);
  else requestAnimationFrame(paint);
}

function paint(): void {
  const changes = waiting;
  waiting = [];
  isPainting = false;
  const next = new Map(cards.value);
  const happened: Happening[] = [];
  for (const change of changes) {
    if ("put" in change) put(next, change.put);
    else if ("removed" in change) next.delete(change.removed);
    else happened.push(change.happened);
  }
  batch(() => {
    cards.value = next;
    if (happened.length > 0) happenings.value = withHappenings(happened);
  });
}

function put(next: Map<string, Card>, card: Card): void {
  const before = next.get(card.key);
  next.set(card.key, card);
  if (before === undefined || card.role !== "delivery") return;
  const [was, is] = [markOf(before), markOf(card)];
  if (was === is) return;
  if (is === "failed" || is === "held" || is === "drifted") announce(`${card.name} is now ${is}`);
  else if (is === "ready" && (was === "failed" || was === "drifted")) announce(`${card.name} is ready again`);
}

function withHappenings(happened: readonly Happening[]): Happening[] {
  const byKey = new Map([...happenings.value, ...happened].map((one) => [one.key, one]));
  return [...byKey.values()].sort((a, b) => b.atMs - a.atMs).slice(0, happeningsMost);
}

const stream = new Stream({
  opened({ build, nowMs }) {
    setServerTime(nowMs);
    // A newer server brings newer files: this page would speak an older protocol.
    if (session.value !== undefined && session.value.server.build !== build) location.reload();
    if (connection.value.state === "lost") {
      announce("connected again");
      epoch.value++;
    }
    connection.value = { state: "live" };
  },
  changes: take,
  objects: (changes) => followers.forEach((follower) => follower.objects(changes)),
  log: (lines) => followers.forEach((follower) => follower.log(lines)),
  reset: () => void load(),
  over: () => void load(),
  lost(retryAtMs) {
    lose(retryAtMs, "the connection broke");
    // A stream tells no status: whether somebody is still signed in must be asked.
    void readSession().catch(() => undefined);
  },
});

function lose(retryAtMs: number, why: string): void {
  const before = connection.value;
  if (before.state !== "lost") announce("connection lost; trying again");
  connection.value = { state: "lost", sinceMs: before.state === "lost" ? before.sinceMs : serverNow(), retryAtMs, why };
}

let failures = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Reads who is signed in and the whole fleet, then follows; tries again until it can. */
export async function load(): Promise<void> {
  clearTimeout(retry);
  stream.close();
  try {
    await readSession();
    const state = await read<FleetState>(apiPaths.fleet());
    failures = 0;
    setServerTime(state.nowMs);
    batch(() => {
      cards.value = new Map(state.cards.map((card) => [card.key, card]));
      happenings.value = [...state.happenings].sort((a, b) => b.atMs - a.atMs);
      isLoaded.value = true;
      epoch.value++;
    });
    stream.open(state.cursor);
  } catch (error) {
    if (signedOut.value !== undefined) return;
    const wait = Math.min(15_000, 500 * 2 ** failures++);
    lose(Date.now() + wait, error instanceof Refused ? error.message : String(error));
    retry = setTimeout(() => void load(), wait);
  }
}

/** Does not wait for the next retry. */
export function retryNow(): void {
  if (isLoaded.value) stream.retryNow();
  else void load();
}

/** Follows the objects and log lines of one delivery until the returned function is called. */
export function followDelivery(key: string, listener: Listener): () => void {
  followers.set(key, listener);
  stream.follow(key);
  return () => {
    followers.delete(key);
    if (followers.size === 0) stream.follow("");
  };
}

export function stopFollowing(): void {
  stream.close();
}
