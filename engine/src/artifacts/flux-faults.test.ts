// Servers that go away, lie, stall or send one on for ever, under Flux's own source-controller and under ours: what was offered
// stays, the same conditions say why, and both come back without help. Runs where KEELSON_ORACLES has the controller.

import { mkdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import { putObject, type RealStore, realStores } from "../sources/bucket/bucket.contract.ts";
import { makeCertificate, serveHttp, temporaryFolder, TestRepository } from "../sources/git/repository.contract.ts";
import { layerOf, TestRegistry } from "../sources/oci/registry.contract.ts";
import { chart, ChartServer } from "./chart-server.contract.ts";
import { type Comparison, hasFluxSource, Pair } from "./flux-source.contract.ts";

const root = temporaryFolder("faults");
const closers: (() => unknown)[] = [];
const patienceMs = 120_000;
let pair: Pair;

/** What a server does with a request in place of answering it; `pass` lets the real one answer. */
const troubles = {
  pass: undefined,
  gone: (request) => void request.socket.destroy(),
  broken: (_, response) => void response.writeHead(500).end("broken"),
  missing: (_, response) => void response.writeHead(404).end("nothing"),
  locked: (_, response) => void response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end(),
  busy: (_, response) => void response.writeHead(429, { "retry-after": "1" }).end(),
  garbage: (_, response) => void response.writeHead(200, { "content-type": "text/plain" }).end("\u0000garbage"),
  page: (_, response) =>
    void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>\n<html>sign in</html>\n"),
  endless: (request, response) => void response.writeHead(302, { location: request.url }).end(),
  silent: () => undefined,
  cut: (_, response) => {
    response.writeHead(200, { "content-length": "100000" }).write("half of");
    setTimeout(() => response.destroy(), 20);
  },
} satisfies Record<string, ((request: IncomingMessage, response: ServerResponse) => void) | undefined>;

type Trouble = keyof typeof troubles;

/** A server in front of another, with a trouble that can be turned on. */
class Troubled {
  trouble: Trouble = "pass";
  readonly #server: Server | ReturnType<typeof createServer>;

  private constructor(upstream: string, tls?: { cert: string; key: string }) {
    const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
      const trouble = troubles[this.trouble];
      if (trouble === undefined) pass(upstream, incoming, response);
      else trouble(incoming, response);
    };
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  }

  static async before(upstream: string, tls?: { cert: string; key: string }): Promise<Troubled> {
    const server = new Troubled(upstream, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      server.#server.closeAllConnections();
      server.#server.close();
    });
    return server;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

/** The host stays that of the request: signatures are over it. */
function pass(upstream: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(upstream);
  const { method, headers, url: path } = incoming;
  const forwarded = ask({ hostname, port, method, headers, path }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  forwarded.on("error", () => response.destroy());
  incoming.pipe(forwarded);
}

const compare: Comparison = {
  message: (text) => text.replace(/(: | \().*$/s, ""),
  // Compressed by other hands, a tar holds the same.
  content: async (ours, theirs) => {
    const isPacked = ours.artifact?.path.endsWith(".tar.gz") === true;
    const read = isPacked ? pair.unpacked.bind(pair) : pair.bytes.bind(pair);
    const [a, b] = [await read(ours), await read(theirs)];
    return [a.equals(b), true];
  },
};

/** What we do otherwise, and why. */
const otherwise: Readonly<Record<string, string>> = {
  "ocirepository-page": "as with garbage: an answer without a digest is none",
  "bucket-page": "as with garbage: the listing is what cannot be read",
  "ocirepository-garbage": "an answer without a digest is none; there what was sent is taken for a new revision first",
  "bucket-garbage": "what has no entity tag is read all the same, and the listing is what cannot be",
};

/** Flux's controller waits for a server that does not answer for many minutes: by then ours has said so. */
function isOursAlone(name: string): boolean {
  return name.endsWith("-silent");
}

type Kind = { kind: string; upstream: string; specOf: (host: string) => JsonObject; publish: () => Promise<void> };

describe.skipIf(!hasFluxSource)("servers in trouble, under Flux's controller and under ours", () => {
  const kinds: Kind[] = [];

  beforeAll(async () => {
    mkdirSync(`${root}/served`);
    pair = await Pair.start();
    await addGit();
    await addRegistry();
    await addCharts();
    const start = realStores[0]?.start;
    if (start !== undefined) await addBucket(await start());
  }, 180_000);
  afterAll(async () => {
    await pair?.close();
    for (const close of closers) await close();
    rmSync(root, { recursive: true, force: true });
  });

  async function addGit(): Promise<void> {
    const repository = new TestRepository(`${root}/served/fleet.git`);
    let revision = 0;
    const publish = (): Promise<void> =>
      Promise.resolve(void repository.commit({ "a.yaml": `revision: ${(revision += 1)}` }));
    await publish();
    const server = await serveHttp(`${root}/served`);
    closers.push(() => server.close());
    const specOf = (host: string): JsonObject => ({ url: `http://${host}/fleet.git`, ref: { branch: "main" } });
    kinds.push({ kind: "GitRepository", upstream: server.url, specOf, publish });
  }

  async function addRegistry(): Promise<void> {
    const registry = await TestRegistry.start();
    closers.push(() => registry.close());
    let revision = 0;
    const publish = (): Promise<void> => {
      registry.put("app", "latest", { layers: [layerOf({ "a.yaml": `revision: ${(revision += 1)}` })] });
      return Promise.resolve();
    };
    await publish();
    const specOf = (host: string): JsonObject => ({ url: `oci://${host}/app`, insecure: true });
    kinds.push({ kind: "OCIRepository", upstream: registry.url, specOf, publish });
  }

  async function addCharts(): Promise<void> {
    const server = await ChartServer.start([]);
    closers.push(() => server.close());
    let revision = 0;
    const publish = (): Promise<void> => {
      const version = `1.0.${(revision += 1)}`;
      server.charts.push({ name: "web", version, bytes: chart("web", version) });
      return Promise.resolve();
    };
    await publish();
    const specOf = (host: string): JsonObject => ({ url: `http://${host}/charts` });
    kinds.push({ kind: "HelmRepository", upstream: server.url, specOf, publish });
  }

  async function addBucket(store: RealStore): Promise<void> {
    closers.push(() => store.close());
    await putObject(store, "fleet", "");
    let revision = 0;
    const publish = (): Promise<void> => putObject(store, "fleet/a.yaml", `revision: ${(revision += 1)}`);
    await publish();
    await pair.secret("keys", { accesskey: store.accessKeyId, secretkey: store.secretAccessKey });
    const place = { bucketName: "fleet", region: store.region, insecure: true, secretRef: { name: "keys" } };
    const specOf = (host: string): JsonObject => ({ ...place, endpoint: host });
    kinds.push({ kind: "Bucket", upstream: `http://${store.host}`, specOf, publish });
  }

  it("what was offered stays, the conditions are the same, and both come back", async () => {
    const made: { kind: string; name: string; server: Troubled; trouble: Trouble }[] = [];
    for (const { kind, upstream, specOf } of kinds)
      for (const trouble of Object.keys(troubles) as Trouble[]) {
        const server = await Troubled.before(upstream);
        const name = `${kind.toLowerCase()}-${trouble}`;
        await pair.source(kind, name, { interval: "1h", timeout: "20s", ...specOf(server.host) });
        made.push({ kind, name, server, trouble });
      }
    const objects = made.map(({ kind, name }) => ({ kind, name, compare }));
    expect(await pair.settled(objects, patienceMs)).toEqual({});
    for (const { kind, name } of made) expect([name, await readiness(kind, name)]).toEqual([name, ["True", "True"]]);
    for (const { publish } of kinds) await publish();
    for (const each of made) each.server.trouble = each.trouble;
    await lookAgain(made, "troubled");
    const compared = objects.filter(({ name }) => !isOursAlone(name));
    const found = await pair.settled(compared, patienceMs, (name) => otherwise[name] !== undefined);
    for (const name of Object.keys(otherwise).filter((each) => made.some(({ name: known }) => known === each))) {
      // One that has become the same leaves the list.
      expect([name, found[name] !== undefined]).toEqual([name, true]);
      delete found[name];
    }
    expect(found).toEqual({});
    for (const { kind, name, trouble } of made) {
      const [ours] = await pair.statuses(kind, name);
      expect([name, ours.artifact !== undefined]).toEqual([name, true]);
      const [isReady, isReadyThere] = await readiness(kind, name);
      if (trouble !== "pass") expect([name, isReady]).toEqual([name, "False"]);
      if (trouble !== "pass" && !isOursAlone(name)) expect([name, isReadyThere]).toEqual([name, "False"]);
    }
    for (const each of made) each.server.trouble = "pass";
    await lookAgain(made, "mended");
    expect(await pair.settled(compared, patienceMs)).toEqual({});
    for (const { kind, name } of made) {
      const [isReady, isReadyThere] = await readiness(kind, name);
      expect([name, isReady, isOursAlone(name) ? "True" : isReadyThere]).toEqual([name, "True", "True"]);
    }
  }, 600_000);

  it("a certificate that nobody vouches for is refused, the same way", async () => {
    const { options } = makeCertificate(root);
    const objects: { kind: string; name: string; compare: Comparison }[] = [];
    for (const { kind, upstream, specOf } of kinds) {
      const server = await Troubled.before(upstream, options);
      const { insecure: _, ...spec } = specOf(server.host);
      const name = `${kind.toLowerCase()}-tls`;
      const url = spec["url"];
      const secured = typeof url === "string" ? { url: url.replace("http://", "https://") } : {};
      await pair.source(kind, name, { interval: "1h", timeout: "20s", ...spec, ...secured });
      objects.push({ kind, name, compare });
    }
    expect(await pair.settled(objects, patienceMs)).toEqual({});
    for (const { kind, name } of objects) {
      const [isReady] = await readiness(kind, name);
      expect([name, isReady]).toEqual([name, "False"]);
    }
  }, 300_000);
});

/** Whether each of the two says that it is ready. */
async function readiness(kind: string, name: string): Promise<(string | undefined)[]> {
  const statuses = await pair.statuses(kind, name);
  return statuses.map(({ conditions = [] }) => conditions.find(({ type }) => type === "Ready")?.status);
}

/** Asks for a look at each, and waits until both have looked. */
async function lookAgain(objects: readonly { kind: string; name: string }[], requestedAt: string): Promise<void> {
  const annotations = { "reconcile.fluxcd.io/requestedAt": requestedAt };
  for (const { kind, name } of objects) await pair.patch(kind, name, { metadata: { annotations } });
  const end = performance.now() + patienceMs;
  for (const { kind, name } of objects)
    for (;;) {
      const statuses = await pair.statuses(kind, name);
      const asked = isOursAlone(name) ? statuses.slice(0, 1) : statuses;
      if (asked.every((status) => status["lastHandledReconcileAt"] === requestedAt)) break;
      const handled = statuses.map((status) => status["lastHandledReconcileAt"]);
      if (performance.now() > end) throw new Error(`${name} was not looked at: ${JSON.stringify(handled)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
