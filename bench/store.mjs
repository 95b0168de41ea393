// The store beside etcd, both waiting for the disk: puts a second by so many writers at once, each with one put under way. The store has no
// network: its writers live in its process, as the API server does; those of etcd are here, over gRPC on one HTTP/2 connection.
// Usage: npm run build && node bench/store.mjs [--writers 64] [--puts 20000] [--bytes 2048] [--rounds 3] (KEELSON_ORACLES adds etcd)

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { leash } from "../tools/leash.mjs";
import { hasOracle } from "../tools/oracle-apiserver.mjs";
import { freePort } from "../tools/free-port.mjs";

const { values } = parseArgs({
  options: {
    writers: { type: "string", default: "64" },
    puts: { type: "string", default: "20000" },
    bytes: { type: "string", default: "2048" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const [writers, puts, bytes, rounds] = [values.writers, values.puts, values.bytes, values.rounds].map(Number);
const value = Buffer.alloc(bytes, "x");

const stores = [
  { name: "embedded", measure: measureOwn },
  { name: "etcd", measure: measureEtcd },
].filter(({ name }) => (name === "embedded" || hasOracle()) && (values.only ?? name) === name);
const rates = new Map(stores.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const { name, measure } of stores) {
    const rate = await inFolder(measure);
    rates.get(name).push(rate);
    console.error(`${name}: ${Math.round(rate)} puts/s`);
  }
for (const [name, all] of rates)
  console.log(`${name}: ${Math.round(median(all))} puts/s of ${bytes} bytes, ${writers} writers`);

async function inFolder(measure) {
  const folder = mkdtempSync(join(tmpdir(), "keelson-store-"));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts by all writers until there are enough; the rate. */
async function rateOf(put) {
  const begun = performance.now();
  let next = 0;
  const writer = async () => {
    while (next < puts) await put(`core/configmaps/default/bench-${next++}`);
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return puts / ((performance.now() - begun) / 1000);
}

async function measureOwn(folder) {
  const { openStore } = await import("../engine/dist/store/index.js");
  const store = openStore(folder);
  try {
    return await rateOf((key) => store.put(key, Buffer.from(value)));
  } finally {
    await store.close();
  }
}

async function measureEtcd(folder) {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const binary = join(process.env.KEELSON_ORACLES, "etcd");
  const flags = [`--data-dir=${folder}/etcd`, `--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
  const etcd = spawn(binary, [...flags, `--listen-peer-urls=http://127.0.0.1:${peer}`, "--log-level=error"], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => etcd.once("exit", resolve));
  const release = leash({ pids: [etcd.pid], folders: [folder] });
  const session = await connected(url);
  try {
    return await rateOf((key) => putOverGrpc(session, key));
  } finally {
    session.destroy();
    etcd.kill("SIGKILL");
    await ended;
    release();
  }
}

/** A connection on which puts succeed: etcd needs a moment to lead itself. */
async function connected(url) {
  for (let tries = 0; tries < 600; tries++) {
    const session = connect(url);
    session.on("error", () => {});
    try {
      await putOverGrpc(session, "ready");
      return session;
    } catch {
      session.destroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("etcd did not start");
}

/** etcdserverpb.PutRequest: its key is field 1, its value field 2. */
function putRequest(key) {
  const message = Buffer.concat([field(1, Buffer.from(key)), field(2, value)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function field(number, content) {
  const head = [(number << 3) | 2];
  let length = content.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return Buffer.concat([Buffer.from([...head, length]), content]);
}

function putOverGrpc(session, key) {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/etcdserverpb.KV/Put",
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status;
    stream.on("response", (headers) => (status = headers["grpc-status"]));
    stream.on("trailers", (headers) => (status = headers["grpc-status"]));
    stream.on("error", reject);
    stream.on("close", () => (status === "0" ? resolve() : reject(new Error(`etcd answered ${status}`))));
    stream.resume();
    stream.end(putRequest(key));
  });
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
