// Several at once on the same objects: two writers of one object, patches of what is being deleted, finalizers taken away while the
// collector works, and watches over restarts. Proves that each acknowledged write is there once and in its place, that who was late is told
// so, that what is deleted goes and stays gone, and that watches resume without gap or duplicate.
// Usage: npm run proof -- races [writes] [rounds] [restarts]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "../control-plane.mjs";
import { leash } from "../leash.mjs";
import { openClient, seeded } from "./client.mjs";

const collection = "/api/v1/namespaces/default/configmaps";
const merge = "application/merge-patch+json";
const watchesOpen = 100;
const waitMs = 60_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs all of them; throws at the first thing that is not as it must be. Resolves with what happened. */
export async function races({ writes = 10_000, rounds = 200, restarts = 6, seed = 20261122, tell = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "keelson-races-"));
  const next = seeded(seed);
  let server = await startControlPlane(folder);
  const release = leash({ pids: server.pids, folders: [folder] });
  try {
    const counted = await twoWriters(server, writes);
    tell(`${counted.acknowledged} writes of one object acknowledged, ${counted.conflicts} refused as conflicts`);
    const deleted = await deletions(server, rounds, next);
    tell(
      `${rounds} objects deleted while they were patched: ${deleted.patched} patches came in time, ${deleted.late} late`,
    );
    await finalizers(server, Math.ceil(rounds / 4), next);
    tell(`${Math.ceil(rounds / 4)} owners gone after their dependents`);
    const resumed = await restarted(folder, server, restarts, next);
    server = resumed.server;
    tell(`${watchesOpen} watches over ${restarts} restarts: ${resumed.events} events each`);
    return { ...counted, ...deleted, restarts, events: resumed.events };
  } finally {
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

function must(isTrue, text) {
  if (!isTrue) throw new Error(text());
}

async function until(isTrue, what) {
  const limit = performance.now() + waitMs;
  while (!(await isTrue())) {
    must(performance.now() < limit, () => `within ${waitMs} ms it was not so that ${what()}`);
    await sleep(5);
  }
}

function configMap(name, { data = {}, metadata = {} } = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

async function expectCode(codes, answer, what) {
  const { code, body } = await answer;
  must(codes.includes(code), () => `${what}: ${code} ${body}`);
  return { code, object: JSON.parse(body) };
}

/** Two writers raise one number in turn with whoever is faster, each from the version that it has read. */
async function twoWriters(server, writes) {
  const clients = [openClient(server), openClient(server), openClient(server)];
  const [first, , third] = clients;
  const path = `${collection}/counter`;
  const made = await expectCode(
    [201],
    first.ask("POST", collection, { body: configMap("counter", { data: { n: "0" } }) }),
  );
  const seen = [];
  const since = made.object.metadata.resourceVersion;
  void third.watch(`${collection}?watch=1&fieldSelector=metadata.name=counter&resourceVersion=${since}`, (event) =>
    seen.push(`${event.object.metadata.resourceVersion} ${event.object.data.n}`),
  );
  const acknowledged = new Map();
  let conflicts = 0;
  const writer = async (client, isPatch) => {
    while (acknowledged.size < writes) {
      const { object } = await expectCode([200], client.ask("GET", path), "reading");
      const n = Number(object.data.n) + 1;
      const { resourceVersion } = object.metadata;
      const body = isPatch
        ? { metadata: { resourceVersion }, data: { n: `${n}` } }
        : { ...object, data: { n: `${n}` } };
      const sent = isPatch
        ? client.ask("PATCH", path, { body, contentType: merge })
        : client.ask("PUT", path, { body });
      const written = await expectCode([200, 409], sent, "writing");
      if (written.code === 409) {
        conflicts++;
        continue;
      }
      must(!acknowledged.has(n), () => `${n} was acknowledged twice`);
      must(written.object.data.n === `${n}`, () => `${n} was written, ${written.object.data.n} was answered`);
      acknowledged.set(n, written.object.metadata.resourceVersion);
    }
  };
  await Promise.all([writer(clients[0], false), writer(clients[1], true)]);
  const { object } = await expectCode([200], first.ask("GET", path), "reading");
  must(object.data.n === `${acknowledged.size}`, () => `${acknowledged.size} acknowledged, ${object.data.n} there`);
  await until(
    () => seen.length >= acknowledged.size,
    () => `a watch saw all: ${seen.length} of ${acknowledged.size}`,
  );
  const wanted = Array.from({ length: acknowledged.size }, (_, at) => `${acknowledged.get(at + 1)} ${at + 1}`);
  must(seen.join() === wanted.join(), () => "a watch saw other writes than were acknowledged");
  for (const client of clients) client.close();
  return { acknowledged: acknowledged.size, conflicts };
}

/** Each object is deleted while others patch and apply it. */
async function deletions(server, rounds, next) {
  const clients = Array.from({ length: 4 }, () => openClient(server));
  const watcher = openClient(server);
  const history = new Map();
  const { object: list } = await expectCode([200], watcher.ask("GET", collection), "listing");
  void watcher.watch(`${collection}?watch=1&resourceVersion=${list.metadata.resourceVersion}`, ({ type, object }) => {
    const { name, uid, resourceVersion } = object.metadata;
    history.set(name, [...(history.get(name) ?? []), { type, uid, version: Number(resourceVersion) }]);
  });
  let [patched, late] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const name = `doomed-${round}`;
    const path = `${collection}/${name}`;
    const { object: made } = await expectCode(
      [201],
      clients[0].ask("POST", collection, { body: configMap(name) }),
      name,
    );
    const patches = clients
      .slice(1)
      .flatMap((client, n) =>
        Array.from({ length: 3 }, (_, count) => ({ client, body: { data: { [`w${n}`]: `${count}` } } })),
      );
    const asked = patches.map(({ client, body }) =>
      // A patch is tried again over a newer object, but not for ever.
      expectCode([200, 404, 409], client.ask("PATCH", path, { body, contentType: merge }), `patching ${name}`),
    );
    for (let pause = next(8); pause > 0; pause--) await sleep(1);
    await expectCode([200], clients[0].ask("DELETE", path), `deleting ${name}`);
    const applied = { contentType: "application/apply-patch+yaml", body: configMap(name, { data: { again: "yes" } }) };
    const again = clients[1].ask("PATCH", `${path}?fieldManager=races`, applied);
    const { object: second } = await expectCode([201, 200], again, `applying ${name}`);
    must(second.metadata.uid !== made.metadata.uid, () => `${name} came back as it was`);
    for (const { code, object } of await Promise.all(asked)) {
      if (code === 200) patched++;
      else late++;
      must(code !== 200 || object.metadata.name === name, () => `a patch of ${name} answered with another object`);
    }
    await expectCode([200], clients[2].ask("DELETE", path), `deleting ${name} again`);
  }
  const lives = ["ADDED", "DELETED", "ADDED", "DELETED"];
  const turns = (name) => (history.get(name) ?? []).filter(({ type }) => type !== "MODIFIED");
  for (let round = 0; round < rounds; round++) {
    const name = `doomed-${round}`;
    await until(
      () => turns(name).length >= lives.length,
      () => `${name} was seen to come and go twice`,
    );
    must(
      turns(name)
        .map(({ type }) => type)
        .join() === lives.join(),
      () => `${name}: ${JSON.stringify(turns(name))}`,
    );
    const all = history.get(name);
    must(
      all.every(({ version }, at) => at === 0 || version > all[at - 1].version),
      () => `${name}: versions went back`,
    );
    must(new Set(all.map(({ uid }) => uid)).size === 2, () => `${name} had not two lives`);
    const gone = all.findIndex(({ type }) => type === "DELETED");
    const { uid } = all[gone];
    must(
      all.slice(gone + 1).every((event) => event.uid !== uid),
      () => `${name} changed after it was gone`,
    );
  }
  for (const client of [...clients, watcher]) client.close();
  return { patched, late };
}

/** Owners that wait for their dependents, whose finalizers are taken away while the collector deletes them. */
async function finalizers(server, rounds, next) {
  const [client, watcher] = [openClient(server), openClient(server)];
  const gone = new Map();
  const { object: list } = await expectCode([200], watcher.ask("GET", collection), "listing");
  void watcher.watch(`${collection}?watch=1&resourceVersion=${list.metadata.resourceVersion}`, ({ type, object }) => {
    if (type === "DELETED") gone.set(object.metadata.name, Number(object.metadata.resourceVersion));
  });
  for (let round = 0; round < rounds; round++) {
    const name = `owner-${round}`;
    const { object: owner } = await expectCode([201], client.ask("POST", collection, { body: configMap(name) }), name);
    const reference = { apiVersion: "v1", kind: "ConfigMap", name, uid: owner.metadata.uid, blockOwnerDeletion: true };
    const metadata = { ownerReferences: [reference], finalizers: ["races.example/hold"] };
    const names = Array.from({ length: 4 }, (_, n) => `${name}-${n}`);
    for (const each of names)
      await expectCode([201], client.ask("POST", collection, { body: configMap(each, { metadata }) }), each);
    const foreground = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground" };
    const freed = names.map(async (each) => {
      await sleep(next(20));
      const body = { metadata: { finalizers: null } };
      // One that the collector had no time to hold may be gone with its finalizer.
      await expectCode([200, 404], client.ask("PATCH", `${collection}/${each}`, { body, contentType: merge }), each);
    });
    await expectCode([200, 202], client.ask("DELETE", `${collection}/${name}`, { body: foreground }), name);
    await Promise.all(freed);
    await until(
      () => gone.has(name),
      () => `${name} has gone`,
    );
    for (const each of names) must(gone.get(each) < gone.get(name), () => `${each} did not go before ${name}`);
  }
  for (const one of [client, watcher]) one.close();
}

/** A hundred watches, each resumed from its last version whenever the server goes, gently or not. */
async function restarted(folder, first, restarts, next) {
  let server = first;
  const state = { isOver: false, written: new Map() };
  const { since } = await mark(server, "begin");
  const seats = Array.from({ length: watchesOpen }, () => ({ since, events: [] }));
  for (let life = 0; life <= restarts; life++) {
    const clients = Array.from({ length: 5 }, () => openClient(server));
    const following = seats.map((seat, n) => follow(clients[n % 4], seat));
    const writing = write(clients[4], state, life);
    if (life === restarts) {
      await until(
        () => state.written.size > 0,
        () => "something was written",
      );
      state.isOver = true;
      await writing;
      const end = await mark(server, "end");
      await until(
        () => seats.every((seat) => Number(seat.since) >= Number(end.since)),
        () => "all watches saw the end",
      );
      for (const client of clients) client.close();
      await Promise.all(following);
      break;
    }
    const enough = state.written.size + 10 + next(30);
    await until(
      () => state.written.size >= enough,
      () => "a life of the server had its writes",
    );
    await server.stop(life % 2 === 0 ? "SIGTERM" : "SIGKILL");
    for (const client of clients) client.close();
    await Promise.all([writing, ...following]);
    server = await startControlPlane(folder);
  }
  const [one] = seats;
  const text = one.events.join();
  must(new Set(one.events).size === one.events.length, () => "a watch was told of a write twice");
  for (const version of state.written.keys())
    must(one.events.includes(version), () => `a watch was not told of version ${version}`);
  for (const seat of seats) must(seat.events.join() === text, () => "two watches were told of different writes");
  return { server, events: one.events.length };
}

/** Writes something and gives its version. */
async function mark(server, name) {
  const client = openClient(server);
  const { object } = await expectCode([201], client.ask("POST", collection, { body: configMap(name) }), name);
  client.close();
  return { since: object.metadata.resourceVersion };
}

function follow(client, seat) {
  const path = `${collection}?watch=1&allowWatchBookmarks=true&resourceVersion=${seat.since}`;
  return client.watch(path, ({ type, object }) => {
    must(type !== "ERROR", () => `a watch from ${seat.since} was refused: ${object.message}`);
    seat.since = object.metadata.resourceVersion;
    if (type !== "BOOKMARK") seat.events.push(seat.since);
  });
}

/** Writes until the server goes or all is over. */
async function write(client, state, life) {
  for (let count = 0; !state.isOver; count++) {
    const body = configMap(`life-${life}-${count % 20}`, { data: { count: `${count}` } });
    const path = `${collection}/${body.metadata.name}?fieldManager=races&force=true`;
    const answer = await client
      .ask("PATCH", path, { body, contentType: "application/apply-patch+yaml" })
      .catch(() => undefined);
    if (answer === undefined) return;
    const { object } = await expectCode([200, 201], answer, "writing");
    state.written.set(object.metadata.resourceVersion, body.metadata.name);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [writes = 10_000, rounds = 200, restarts = 6] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await races({ writes, rounds, restarts, tell: (text) => console.error(text) })));
  process.exit(0);
}
