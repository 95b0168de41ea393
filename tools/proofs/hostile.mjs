// Hostile requests over HTTPS: HTTP/2 and HTTP/1.1, whole and cut short, read and never read, and bytes that are no HTTP. Proves that
// the control plane neither falls nor hangs nor grows without bound, that no request meets a bug, and that answers have right codes.
// Usage: npm run proof -- hostile [count] [seed]

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as overHttp1, Agent } from "node:https";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { startControlPlane } from "../control-plane.mjs";
import { openClient, seeded } from "./client.mjs";
import { definition, hostileRequest } from "./hostile-requests.mjs";

const atOnce = 40;
/** An answer later than this is a hang, also on a busy machine. */
const answerMs = 60_000;
const problemsMax = 20;
/** What is left after a collection must not grow with the number of requests. */
const heapBytesMax = 250e6;
/** What the process may hold at any time, without pages of files, which the system takes back when it needs them. */
const heldBytesMax = 400e6;

/** Runs it; throws with the first problems there were. Resolves with what happened. */
export async function hostile({ count = 100_000, seed = 20261121, tell = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "keelson-hostile-"));
  const server = await startControlPlane(folder, { nodeArguments: ["--expose-gc"] });
  const run = new Run(server, seeded(seed));
  try {
    await run.begin();
    for (let sent = 0; sent < count; sent += atOnce) {
      await run.batch(Math.min(atOnce, count - sent));
      if (sent % 10_000 < atOnce)
        tell(
          `${sent} requests, ${await run.megabytes()} MB in use, ${Math.round(run.heldBytes / 1e6)} MB held at most`,
        );
      if (run.problems.length >= problemsMax) break;
    }
    await run.end();
    if (run.problems.length > 0) throw new Error(`${run.problems.length} problems:\n${run.problems.join("\n")}`);
    const { codes, slowestMs } = run;
    const heldMegabytes = Math.round(run.heldBytes / 1e6);
    return { requests: count, codes, slowestMs, megabytes: await run.megabytes(), heldMegabytes };
  } finally {
    await server.stop("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

class Run {
  problems = [];
  codes = {};
  slowestMs = 0;
  /** The most memory the server's process was seen to hold. */
  heldBytes = 0;
  #server;
  #next;
  #client;
  #agent = new Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: false });
  /** Connections that send or read slowly or never, ended when there are too many. */
  #idlers = [];
  #hasEnded = false;

  constructor(server, next) {
    this.#server = server;
    this.#next = next;
    void server.exited.then(({ code, signal, text }) => {
      if (!this.#hasEnded) this.#problem(`the server ended: ${code} ${signal} ${text}`);
    });
  }

  async begin() {
    this.#client = openClient(this.#server);
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await this.#client.ask("POST", path, { body: definition });
  }

  async batch(size) {
    const requests = Array.from({ length: size }, () => hostileRequest(this.#next));
    if (this.#next(8) === 0) this.#idle();
    if (this.#next(20) === 0) await this.#notHttp();
    await Promise.all(requests.map((one) => this.#judge(one)));
    this.#weigh();
    const ready = await this.#client.ask("GET", "/readyz").catch((error) => ({ code: error.message }));
    if (ready.code === 200) return;
    this.#client.close();
    this.#client = openClient(this.#server);
    const again = await this.#client.ask("GET", "/readyz").catch((error) => ({ code: error.message }));
    if (again.code !== 200) this.#problem(`not ready: ${again.code}`);
  }

  async end() {
    for (const stop of this.#idlers) stop();
    this.#client.close();
    this.#agent.destroy();
    const { heapUsed, external } = await this.#server.memory();
    if (heapUsed + external > heapBytesMax)
      this.#problem(`${Math.round((heapUsed + external) / 1e6)} MB in use after the last request`);
    if (this.heldBytes > heldBytesMax) this.#problem(`the server held ${Math.round(this.heldBytes / 1e6)} MB`);
    const bugs = this.#server.complaints().filter((line) => /^\s*at |Error/.test(line) && !/Refusal/.test(line));
    if (bugs.length > 0) this.#problem(`the server complained: ${this.#server.complaints().join("\n").slice(0, 4000)}`);
    this.#hasEnded = true;
  }

  async megabytes() {
    const { heapUsed, external } = await this.#server.memory();
    return Math.round((heapUsed + external) / 1e6);
  }

  /** Nothing is noted where the system does not tell. */
  #weigh() {
    const file = `/proc/${this.#server.pids[0]}/status`;
    if (!existsSync(file)) return;
    const kilobytes = Number(/RssAnon:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
    this.heldBytes = Math.max(this.heldBytes, kilobytes * 1024);
  }

  #problem(text) {
    if (this.problems.length < problemsMax) this.problems.push(text);
  }

  async #judge(one) {
    const begun = performance.now();
    let answer = await this.#within(this.#next(5) === 0 ? this.#overHttp1(one) : this.#overHttp2(one, this.#client));
    // The connection may have been cut for what another request on it did: alone on one of its own it must be answered.
    if (answer === "reset" && !isRight(one, answer)) {
      const alone = openClient(this.#server);
      answer = await this.#within(this.#overHttp2(one, alone));
      alone.close();
    }
    const ms = performance.now() - begun;
    this.slowestMs = Math.max(this.slowestMs, Math.round(ms));
    this.codes[answer] = (this.codes[answer] ?? 0) + 1;
    if (!isRight(one, answer)) this.#problem(`${describe(one)}: ${answer} in ${Math.round(ms)} ms`);
  }

  #within(send) {
    const limit = new Promise((resolve) => setTimeout(resolve, answerMs, "no answer").unref());
    return Promise.race([send, limit]);
  }

  async #overHttp2({ method, path, headers, contentType, body, abandonAfterMs }, { session }) {
    return new Promise((resolve) => {
      let stream;
      try {
        stream = session.request(
          {
            ":method": method,
            ":path": path,
            authorization: `Bearer ${this.#server.token}`,
            "content-type": contentType,
            ...headers,
          },
          { endStream: body === undefined },
        );
      } catch (error) {
        // Node's own client refuses to send it.
        resolve(`not sent: ${error.code}`);
        return;
      }
      let code = "reset";
      stream.on("response", (answered) => (code = answered[":status"]));
      stream.on("error", () => {});
      stream.on("close", () => resolve(code));
      stream.resume();
      if (body === undefined) stream.end();
      else stream.end(body);
      if (abandonAfterMs !== undefined) setTimeout(() => stream.close(8), abandonAfterMs);
    });
  }

  async #overHttp1({ method, path, headers, contentType, body, abandonAfterMs }) {
    return new Promise((resolve) => {
      let call;
      try {
        const own = { authorization: `Bearer ${this.#server.token}`, "content-type": contentType };
        const options = { method, path, agent: this.#agent, headers: { ...own, ...headers } };
        call = overHttp1(this.#server.url, options);
      } catch (error) {
        resolve(`not sent: ${error.code}`);
        return;
      }
      call.on("response", (answer) => {
        answer.on("close", () => resolve(answer.statusCode));
        answer.on("error", () => {});
        answer.resume();
      });
      call.on("error", () => resolve("reset"));
      call.end(body);
      if (abandonAfterMs !== undefined) setTimeout(() => call.destroy(), abandonAfterMs);
    });
  }

  /** A client that does not read its watch or its list, or does not finish its body. */
  #idle() {
    const client = openClient(this.#server);
    const path = "/api/v1/namespaces/default/configmaps";
    const head = { authorization: `Bearer ${this.#server.token}`, "content-type": "application/json" };
    const streams = Array.from({ length: 5 }, (_, n) => {
      const isBody = n === 0;
      const stream = client.session.request(
        {
          ...head,
          ":method": isBody ? "POST" : "GET",
          ":path": isBody ? path : n % 2 === 0 ? path : `${path}?watch=1&resourceVersion=0`,
        },
        { endStream: !isBody },
      );
      if (isBody) stream.write('{"apiVersion":');
      stream.on("error", () => {});
      return stream;
    });
    streams.at(-1).pause();
    this.#idlers.push(() => client.close());
    if (this.#idlers.length > 30) this.#idlers.shift()();
  }

  /** Bytes on the port that are no TLS, and bytes inside TLS that are no HTTP. */
  async #notHttp() {
    const { port } = new URL(this.#server.url);
    const bytes = Buffer.from(Array.from({ length: 1 + this.#next(600) }, () => this.#next(256)));
    const texts = [
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n",
      "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "GET /api/v1/namespaces/default/pods/a/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense-nonsense-nonsense",
      "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
      `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(3000)}\r\n`,
    ];
    const said = this.#next(2) === 0 ? bytes : texts[this.#next(texts.length)];
    const open = (what) =>
      new Promise((resolve) => {
        const socket = what();
        socket.on("error", () => {});
        socket.on("close", resolve);
        socket.on("data", () => {});
        socket.end(said);
        setTimeout(() => socket.destroy(), 300).unref();
      });
    const protocols = this.#next(2) === 0 ? ["h2"] : ["http/1.1"];
    await open(() => connectPlain({ port: Number(port), host: "127.0.0.1" }));
    await open(() =>
      connectTls({ port: Number(port), host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: protocols }),
    );
  }
}

/** Failures of the server's own are wrong; 500 is the real server's answer to an apply that does not fit its schema, to some patches, and to a watch from what is no version. */
function isRight({ kind, codes, method, abandonAfterMs, contentType }, answer) {
  if (typeof answer === "string")
    return (
      answer !== "no answer" && (answer.startsWith("not sent") || mayReset.has(kind) || abandonAfterMs !== undefined)
    );
  // Whoever holds too much is asked to come again, and so are others meanwhile; the answers' codes are counted.
  if (answer === 429) return true;
  if (codes !== undefined) return codes.includes(answer);
  if (answer === 500)
    return (method === "PATCH" && contentType !== "application/json-patch+json") || kind === "watchAbuse";
  return answer >= 200 && answer !== 501 && answer !== 502 && answer !== 503;
}

/** Headers beyond bounds, and methods or paths that HTTP itself forbids, end the stream and not with an answer. */
const mayReset = new Set(["oddHeaders", "oddPath"]);

function describe({ kind, method, path, headers, contentType, body }) {
  const start = body === undefined ? "" : String(body).slice(0, 300);
  return `${kind} ${method} ${path.slice(0, 200)} ${contentType} ${JSON.stringify(headers).slice(0, 200)} ${start}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = 100_000, seed = 20261121] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await hostile({ count, seed, tell: (text) => console.error(text) })));
  process.exit(0);
}
