// A control plane that has no room left to write: what it acknowledged stays, writes are refused in words that say why, reads and watches
// go on, /readyz says so, and with room again it goes on as if nothing had been. The room is that of a limit on the size of its files
// (prlimit), which fails writes in the same place as a full disk.
// Usage: npm run proof -- full-disk

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "../control-plane.mjs";
import { leash } from "../leash.mjs";
import { openClient } from "./client.mjs";

const collection = "/api/v1/namespaces/default/configmaps";
const room = 3 * 1024 * 1024;
const objectBytes = 60_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** True where the size of another process's files can be limited. */
export function canLimit() {
  return spawnSync("prlimit", ["--version"]).status === 0;
}

function limit(pid, bytes) {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`], { encoding: "utf8" });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

function largestFile(folder) {
  const sizes = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)));
  return Math.max(...sizes.filter((one) => one.isFile()).map(({ size }) => size));
}

/** Runs it; throws at the first thing that is not as it must be. Resolves with what happened. */
export async function fullDisk() {
  const folder = mkdtempSync(join(tmpdir(), "keelson-full-"));
  const release = leash({ pids: [], folders: [folder] });
  let server = await startControlPlane(folder);
  let client = openClient(server);
  try {
    const seen = new Set();
    const watched = client.watch(`${collection}?watch=1`, ({ type, object }) => {
      if (type === "ADDED") seen.add(object.metadata.name);
    });
    limit(server.pids[0], largestFile(folder) + room);
    const filled = await fill(client);
    await checkRefusals(client, filled);
    limit(server.pids[0], "unlimited");
    await goOn(client, filled.kept);
    for (let tries = 0; tries < 600 && !filled.kept.every((name) => seen.has(name)); tries++) await sleep(50);
    for (const name of filled.kept) check(seen.has(name), `the watch missed ${name}`);
    // What breaks with the server is not to be told by a connection that nobody asks any more.
    client.close();
    await watched;
    await server.stop("SIGKILL");
    server = await startControlPlane(folder);
    client = openClient(server);
    await checkKept(client, filled.kept);
    return { kept: filled.kept.length, refused: filled.refused };
  } finally {
    client.close();
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(client, name) {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { of: "x".repeat(objectBytes) } };
  return client.ask("POST", collection, { body });
}

/** Several writers at once, whose writes are one group, until ten writes were refused; then one alone, until it is refused too. */
async function fill(client) {
  const kept = [];
  let refused = 0;
  let next = 0;
  const step = async () => {
    const name = `full-${next++}`;
    check(next < 2000, "the room was never used up");
    const { code, body } = await write(client, name);
    if (code === 201) return kept.push(name) > 0;
    refused++;
    const { message } = JSON.parse(body.toString());
    check(code === 500, `a write without room was answered with ${code}`);
    check(/could not be written: \S/.test(message), `a write without room was refused with: ${message}`);
    return false;
  };
  const writer = async () => {
    while (refused < 10) await step();
  };
  await Promise.all(Array.from({ length: 4 }, writer));
  for (let inARow = 0; inARow < 3; ) inARow = (await step()) ? 0 : inARow + 1;
  check(kept.length > 0, "nothing was written before the room was used up");
  return { kept, refused };
}

async function checkRefusals(client, { kept }) {
  const ready = await client.ask("GET", "/readyz");
  check(ready.code === 500 && /store failed: /.test(ready.body.toString()), `/readyz said ${ready.code} ${ready.body}`);
  check((await client.ask("GET", "/livez")).code === 200, "/livez no longer said that the server lives");
  await checkKept(client, kept);
  const again = await write(client, "without-room");
  check(again.code === 500, `a write without room was answered with ${again.code}`);
  check((await client.ask("GET", `${collection}/without-room`)).code === 404, "a refused write is there");
}

async function goOn(client, kept) {
  const ready = await client.ask("GET", "/readyz");
  check(ready.code === 200, `with room again /readyz said ${ready.code} ${ready.body}`);
  const { code, body } = await write(client, "with-room");
  check(code === 201, `with room again a write was answered with ${code} ${body}`);
  kept.push("with-room");
}

/** What was acknowledged is there, and nothing else. */
async function checkKept(client, kept) {
  const { code, body } = await client.ask("GET", collection);
  check(code === 200, `a list was answered with ${code}`);
  const items = JSON.parse(body.toString()).items;
  const found = new Map(items.map((item) => [item.metadata.name, item.data?.of?.length]));
  for (const name of kept) check(found.get(name) === objectBytes, `${name} was acknowledged and is not whole`);
  for (const name of found.keys())
    check(kept.includes(name) || !/^full-|^with/.test(name), `${name} was refused and is there`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { kept, refused } = await fullDisk();
  console.log(`full disk: ${kept} writes acknowledged and kept, ${refused} refused, then on as before`);
}
