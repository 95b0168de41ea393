// Connections are bounded, those that say nothing are let go, and a watch that has nothing to say is kept.

import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import type { Patience } from "../limits.ts";
import { loadIdentity } from "../tls/index.ts";
import { listen, type Listener } from "./listener.ts";

vi.setConfig({ testTimeout: 120_000 });

const { server: identity } = loadIdentity(undefined, ["127.0.0.1"], realClock);
const patient: Patience = { connectionsMost: 100, handshakeMs: 60_000, idleMs: 60_000 };

let listener: Listener | undefined;
let sockets: Socket[];
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener?.close();
});

/** Answers `/now` at once, and everything else never. */
async function begin(patience: Partial<Patience>): Promise<number> {
  listener = await listen({
    host: "127.0.0.1",
    port: 0,
    certificate: identity.certificate,
    key: identity.key,
    endWatches: () => {},
    handle: (request, response) => {
      response.begin(200, {});
      if (request.url === "/now") response.end(Buffer.from("here"));
      else response.write(Buffer.from("a watch"));
    },
    patience: { ...patient, ...patience },
  });
  return listener.port;
}

/** A connection that says nothing; resolved with whether it has ended. */
function silent(port: number): { hasEnded: () => boolean } {
  const socket = connect(port, "127.0.0.1").resume();
  socket.on("error", () => {});
  sockets.push(socket);
  return { hasEnded: () => socket.destroyed };
}

function ask(port: number, path: string) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  const stream = session.request({ ":path": path });
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  stream.on("error", () => {});
  return { session, text: () => text };
}

it("answers while others hold all connections and say nothing", async () => {
  const port = await begin({ connectionsMost: 3 });
  const watching = ask(port, "/watch");
  await vi.waitFor(() => expect(watching.text()).toBe("a watch"), { timeout: 60_000 });
  const many = Array.from({ length: 6 }, () => silent(port));
  const { session, text } = ask(port, "/now");
  await vi.waitFor(() => expect(text()).toBe("here"), { timeout: 60_000 });
  await vi.waitFor(() => expect(many.filter((one) => one.hasEnded()).length).toBeGreaterThanOrEqual(4), {
    timeout: 60_000,
  });
  expect(watching.session.closed).toBe(false);
  session.destroy();
  watching.session.destroy();
});

it("turns away who comes while all connections are at work", async () => {
  const port = await begin({ connectionsMost: 2 });
  const watching = [ask(port, "/watch"), ask(port, "/watch")];
  for (const { text } of watching) await vi.waitFor(() => expect(text()).toBe("a watch"), { timeout: 60_000 });
  const beyond = silent(port);
  await vi.waitFor(() => expect(beyond.hasEnded()).toBe(true), { timeout: 60_000 });
  for (const { session } of watching) {
    expect(session.closed).toBe(false);
    session.destroy();
  }
});

it("lets go who does not end the handshake", async () => {
  const half = silent(await begin({ handshakeMs: 100 }));
  await vi.waitFor(() => expect(half.hasEnded()).toBe(true), { timeout: 60_000 });
});

it("lets go who asks for nothing any more, and keeps a watch", async () => {
  const port = await begin({ idleMs: 200 });
  const [idle, watching] = [ask(port, "/now"), ask(port, "/watch")];
  await vi.waitFor(() => expect(watching.text()).toBe("a watch"), { timeout: 60_000 });
  await vi.waitFor(() => expect(idle.session.closed).toBe(true), { timeout: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(watching.session.closed).toBe(false);
  watching.session.destroy();
});
