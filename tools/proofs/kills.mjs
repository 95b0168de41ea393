// kill -9 of the control plane under load, over HTTPS: several writers and watchers, the process killed at random moments, also while it
// starts. Proves that no acknowledged write is lost, that resourceVersions never go back and none is given twice, and that watches
// resume from their last version without gap or duplicate.
// Usage: npm run proof -- kills [count] [seed]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "../control-plane.mjs";
import { leash } from "../leash.mjs";
import { openClient, seeded } from "./client.mjs";

const writers = 8;
const watchers = 4;
const keysPerWriter = 12;
const collection = "/api/v1/namespaces/default/configmaps";
const selector = "labelSelector=kills";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs it; throws at the first thing that is not as it must be. Resolves with what happened. */
export async function kills({ times = 100, seed = 20261121, tell = () => {} } = {}) {
  const next = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), "keelson-kills-"));
  const release = leash({ pids: [], folders: [folder] });
  const world = new World();
  let server = await startControlPlane(folder);
  try {
    const seats = Array.from({ length: watchers }, () => ({ since: undefined, events: [] }));
    await begin(server, seats);
    for (let time = 1; time <= times; time++) {
      await underLoad({ server, world, seats, next, forMs: 10 + next(700), afterWrite: time % 2 === 1 });
      server = await restart(folder, next);
      await world.check(server);
      if (time % 10 === 0) tell(`${time} kills: ${world.acknowledged} writes acknowledged, ${world.uncertain} cut off`);
    }
    await world.check(server);
    await catchUp(server, seats);
    for (const seat of seats) world.checkWatcher(seat);
    const { acknowledged, uncertain } = world;
    return { kills: times, acknowledged, uncertain, events: seats[0].events.length };
  } finally {
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every watcher lists once; from then on it only resumes. */
async function begin(server, seats) {
  const client = openClient(server);
  const { body } = await client.ask("GET", `${collection}?${selector}`);
  for (const seat of seats) seat.since = JSON.parse(body).metadata.resourceVersion;
  client.close();
}

/** The time until the kill runs from the start, or from the first write that was acknowledged. */
async function underLoad({ server, world, seats, next, forMs, afterWrite }) {
  const before = world.acknowledged;
  const clients = Array.from({ length: writers + watchers }, () => openClient(server));
  const state = { isOver: false };
  const running = [
    ...Array.from({ length: writers }, (_, n) => write({ client: clients[n], writer: n, world, next, state })),
    ...seats.map((seat, n) => follow(clients[writers + n], seat)),
  ];
  const limit = performance.now() + 60_000;
  while (afterWrite && world.acknowledged === before && performance.now() < limit) await sleep(1);
  await sleep(forMs);
  state.isOver = true;
  await server.stop("SIGKILL");
  for (const client of clients) client.close();
  await Promise.all(running);
}

/** Now and then the next life is killed while it starts. */
async function restart(folder, next) {
  while (next(5) === 0) {
    const starting = startControlPlane(folder, { killAfterMs: 30 + next(600) });
    const server = await starting.catch(() => undefined);
    if (server !== undefined) return server;
  }
  return startControlPlane(folder);
}

async function follow(client, seat) {
  const path = `${collection}?${selector}&watch=1&allowWatchBookmarks=true&resourceVersion=${seat.since}`;
  await client.watch(path, ({ type, object }) => {
    if (type === "ERROR") throw new Error(`a watch from ${seat.since} was refused: ${object.message}`);
    seat.since = object.metadata.resourceVersion;
    if (type === "BOOKMARK") return;
    const { name, resourceVersion } = object.metadata;
    seat.events.push({ type, name, version: Number(resourceVersion), value: object.data.value });
  });
}

/** After the last kill nothing writes any more: each watcher reads until it has seen the newest version. */
async function catchUp(server, seats) {
  const client = openClient(server);
  const mark = await client.ask("POST", collection, { body: configMap("end", "end") });
  const last = Number(JSON.parse(mark.body).metadata.resourceVersion);
  for (const seat of seats) void follow(client, seat);
  const limit = performance.now() + 60_000;
  while (seats.some((seat) => seat.events.at(-1)?.version !== last)) {
    if (performance.now() > limit) throw new Error(`a watcher has not seen version ${last} within 60 s`);
    await sleep(5);
  }
  client.close();
  for (const seat of seats) seat.events.pop();
}

function configMap(name, value) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { kills: "yes" } }, data: { value } };
}

async function write({ client, writer, world, next, state }) {
  for (let count = 0; !state.isOver; count++) {
    const name = `w${writer}-${next(keysPerWriter)}`;
    const request = requestFor(name, world.standing(name), world.newValue(), next);
    const settle = world.sent(name, request.effect);
    const answer = await client.ask(...request.call).catch(() => undefined);
    if (answer === undefined) return;
    settle(answer);
  }
}

/** A write that the object as it stands allows, by any of the verbs. */
function requestFor(name, standing, value, next) {
  const path = `${collection}/${name}`;
  const put = { value };
  const applied = { contentType: "application/apply-patch+yaml", body: configMap(name, value) };
  const apply = ["PATCH", `${path}?fieldManager=kills&force=true`, applied];
  if (standing === undefined)
    return next(2) === 0
      ? { effect: put, call: ["POST", collection, { body: configMap(name, value) }] }
      : { effect: put, call: apply };
  switch (next(5)) {
    case 0:
      return { effect: { value: undefined }, call: ["DELETE", path] };
    case 1: {
      const object = configMap(name, value);
      object.metadata.resourceVersion = String(standing.version);
      return { effect: put, call: ["PUT", path, { body: object }] };
    }
    case 2:
      return {
        effect: put,
        call: ["PATCH", path, { contentType: "application/merge-patch+json", body: { data: { value } } }],
      };
    default:
      return { effect: put, call: apply };
  }
}

/** What the writers know: what was acknowledged, and what was on its way when the server died. */
class World {
  acknowledged = 0;
  uncertain = 0;
  #values = 0;
  /** By name: `{ value, version }` as acknowledged; absent when it does not exist. */
  #standing = new Map();
  /** By name: the effect of a write that nobody answered. */
  #cutOff = new Map();
  /** By version: what was written with it; a version is given once. */
  #written = new Map();
  #newest = 0;

  newValue() {
    return `value-${++this.#values}`;
  }

  standing(name) {
    return this.#standing.get(name);
  }

  /** Gives the function that takes the answer. */
  sent(name, effect) {
    this.#cutOff.set(name, effect);
    return ({ code, body }) => {
      if (code >= 300) throw new Error(`${name}: ${code} ${body}`);
      this.#cutOff.delete(name);
      this.acknowledged++;
      if (effect.value === undefined) this.#standing.delete(name);
      else this.#settle(name, effect.value, Number(JSON.parse(body).metadata.resourceVersion));
    };
  }

  #settle(name, value, version) {
    const known = this.#written.get(version);
    if (known !== undefined && known !== `${name} ${value}`)
      throw new Error(`version ${version} was given twice: to ${known} and to ${name} ${value}`);
    this.#written.set(version, `${name} ${value}`);
    const before = this.#standing.get(name);
    if (before !== undefined && before.value !== value && before.version >= version)
      throw new Error(`${name} went from version ${before.version} back to ${version}`);
    this.#standing.set(name, { value, version });
    this.#newest = Math.max(this.#newest, version);
  }

  /** The server, started again, shows every acknowledged write, and of those cut off the whole or nothing. */
  async check(server) {
    const client = openClient(server);
    const answer = await client.ask("GET", `${collection}?${selector}`);
    client.close();
    const list = JSON.parse(answer.body);
    if (Number(list.metadata.resourceVersion) < this.#newest)
      throw new Error(`the newest version went from ${this.#newest} back to ${list.metadata.resourceVersion}`);
    const found = new Map(list.items.map((item) => [item.metadata.name, item]));
    for (const name of new Set([...this.#standing.keys(), ...found.keys(), ...this.#cutOff.keys()]))
      this.#checkOne(name, found.get(name));
    this.uncertain += this.#cutOff.size;
    this.#cutOff.clear();
  }

  #checkOne(name, item) {
    const known = this.#standing.get(name);
    const value = item?.data.value;
    const version = Number(item?.metadata.resourceVersion);
    if (value === known?.value && (known === undefined || version === known.version)) return;
    const cutOff = this.#cutOff.get(name);
    if (cutOff === undefined || cutOff.value !== value)
      throw new Error(
        `${name} is ${value} at ${version}; ${known?.value} at ${known?.version} was acknowledged, ${cutOff?.value} on its way`,
      );
    if (value === undefined) this.#standing.delete(name);
    else this.#settle(name, value, version);
  }

  /** A watcher saw every version of every object once, in order, and ends with what stands. */
  checkWatcher({ events }) {
    const seen = new Map();
    const shown = new Map();
    let last = 0;
    for (const { type, name, version, value } of events) {
      if (version <= last) throw new Error(`a watcher got version ${version} after ${last}`);
      last = version;
      if ((type === "ADDED") === shown.has(name)) throw new Error(`${type} ${name}, which was ${shown.get(name)}`);
      if (type === "DELETED") shown.delete(name);
      else {
        shown.set(name, value);
        seen.set(version, `${name} ${value}`);
      }
    }
    for (const [version, written] of this.#written)
      if (seen.get(version) !== written) throw new Error(`a watcher has not seen ${written} at version ${version}`);
    for (const [name, { value }] of this.#standing)
      if (shown.get(name) !== value) throw new Error(`a watcher ends with ${name} ${shown.get(name)}, not ${value}`);
    if (shown.size !== this.#standing.size) throw new Error("a watcher ends with objects that are gone");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [times = 100, seed = 20261121] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await kills({ times, seed, tell: (text) => console.error(text) })));
  process.exit(0);
}
