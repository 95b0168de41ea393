// Connections by the thousand that are of no use: such that say nothing, that stop in the midst of a TLS handshake, of a frame, of a head or
// of a body. Proves that others are answered meanwhile, on connections of before and on new ones, that memory and descriptors stay
// bounded, and that all is given back.
// Usage: npm run proof -- floods [connections]

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "../control-plane.mjs";
import { leash } from "../leash.mjs";
import { openClient } from "./client.mjs";

/** What the server may open beside its connections: its store, its log, its listener, what Node itself needs. */
const otherDescriptors = 100;
const megabytesMost = 400;
/** As `patience` of the server's limits has it. */
const connectionsMost = 2_000;
const answerWithinMs = 60_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens `count` useless connections; throws at the first thing that is not as it must be. Resolves with what was measured. */
export async function floods({ count = 2500, holdMs = 3000, tell = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "keelson-floods-"));
  const server = await startControlPlane(folder);
  const release = leash({ pids: server.pids, folders: [folder] });
  const standing = openClient(server);
  const ends = [];
  const state = { isOver: false, answers: 0, slowestMs: 0, descriptors: 0, megabytes: 0 };
  try {
    const asking = ask(server, standing, state);
    for (let number = 0; number < count; number++) {
      ends.push(useless[number % useless.length](new URL(server.url)));
      // The listener's queue is shorter than the flood.
      if (number % 50 === 49) await sleep(5);
    }
    tell(`${count} connections begun`);
    await sleep(holdMs);
    state.isOver = true;
    await asking;
    measure(server, state);
    for (const end of ends) end();
    await until(() => descriptorsOf(server) < otherDescriptors, "descriptors are given back");
    const complaints = server.complaints();
    if (complaints.length > 0) throw new Error(`the server complained: ${complaints.slice(0, 3).join("; ")}`);
    const { answers, slowestMs, descriptors, megabytes } = state;
    return { connections: count, answers, slowestMs: Math.round(slowestMs), descriptors, megabytes };
  } finally {
    for (const end of ends) end();
    standing.close();
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks for something, in turn on the connection of before and on a new one, until it is over. */
async function ask(server, standing, state) {
  for (let turn = 0; !state.isOver || turn < 4; turn++) {
    const client = turn % 2 === 0 ? standing : openClient(server);
    const begun = performance.now();
    const answer = await Promise.race([
      client.ask("GET", "/api/v1/namespaces/default"),
      sleep(answerWithinMs).then(() => undefined),
    ]);
    if (answer === undefined) throw new Error(`no answer within ${answerWithinMs} ms`);
    if (answer.code !== 200) throw new Error(`${answer.code} ${answer.body}`);
    state.answers++;
    state.slowestMs = Math.max(state.slowestMs, performance.now() - begun);
    if (client !== standing) client.close();
    measure(server, state);
    await sleep(20);
  }
}

function measure(server, state) {
  state.descriptors = Math.max(state.descriptors, descriptorsOf(server));
  state.megabytes = Math.max(state.megabytes, megabytesOf(server));
  if (state.descriptors > connectionsMost + otherDescriptors)
    throw new Error(`the server holds ${state.descriptors} descriptors`);
  if (state.megabytes > megabytesMost) throw new Error(`the server holds ${state.megabytes} MB`);
}

function descriptorsOf({ pids }) {
  return readdirSync(`/proc/${pids[0]}/fd`).length;
}

function megabytesOf({ pids }) {
  return Math.round(Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pids[0]}/status`, "utf8"))[1]) / 1000);
}

async function until(isTrue, what) {
  const limit = performance.now() + 60_000;
  while (!isTrue()) {
    if (performance.now() > limit) throw new Error(`within 60 s it was not so that ${what}`);
    await sleep(20);
  }
}

function silenced(socket) {
  socket.on("error", () => {});
  return () => socket.destroy();
}

/** After the handshake these bytes, and nothing more. */
function overTls({ hostname, port }, protocol, bytes) {
  const socket = connectTls({ host: hostname, port, rejectUnauthorized: false, ALPNProtocols: [protocol] }, () => {
    if (bytes !== undefined) socket.write(bytes);
  });
  return silenced(socket);
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** The head of a HEADERS frame of 100 bytes, and ten of them. */
const halfFrame = Buffer.concat([Buffer.from([0, 0, 100, 1, 4, 0, 0, 0, 1]), Buffer.alloc(10, 0x82)]);

/** Each begins one connection and gives what ends it. */
const useless = [
  ({ hostname, port }) => silenced(connect({ host: hostname, port })),
  ({ hostname, port }) => {
    const socket = connect({ host: hostname, port }, () => socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])));
    return silenced(socket);
  },
  (url) => overTls(url, "h2"),
  (url) => overTls(url, "h2", Buffer.concat([preface, settings, halfFrame])),
  (url) => overTls(url, "http/1.1", "GET /version HTTP/1.1\r\nHost: localhost\r\nX-More"),
  (url) =>
    overTls(url, "http/1.1", "POST /api/v1/namespaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"),
  (url) => {
    const session = connectHttp2(url.origin, { rejectUnauthorized: false });
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": "/api/v1/namespaces", "content-length": "99" });
    stream.on("error", () => {});
    stream.write("{");
    return () => session.destroy();
  },
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = "2500"] = process.argv.slice(2);
  console.log(await floods({ count: Number(count), tell: (text) => console.log(text) }));
}
