// A fleet made up for measuring the console's page: any number of deliveries with objects, commits and drifts, by a fixed seed,
// in the protocol's own words; and a server that serves it, so that nothing but the page is measured.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../console/dist", import.meta.url));

/** Numbers from 0 to 1 that are the same each time. */
function numbersFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const names = [
  "web",
  "checkout",
  "search",
  "cart",
  "billing",
  "mail",
  "stock",
  "login",
  "images",
  "prices",
  "reports",
  "gateway",
];
const teams = ["shop", "payments", "platform", "data"];
const clusters = ["", "edge-eu", "edge-us"];
const people = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra"];
const subjects = [
  "Raise the limits of checkout",
  "Use web 1.14.2",
  "Two more replicas",
  "Rotate the mail key",
  "Probe the right port",
  "Drop the old ingress",
];

/** `count` deliveries over three clusters, a few of them not well. */
export function makeFleet(count, nowMs = Date.now()) {
  const next = numbersFrom(7);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const commits = subjects.map((subject, index) => ({
    id: Array.from({ length: 40 }, () => Math.floor(next() * 16).toString(16)).join(""),
    author: people[index % people.length],
    email: "",
    atMs: nowMs - index * 3_600_000 * 1.7 - 240_000,
    subject,
  }));
  const source = { kind: "GitRepository", namespace: "flux-system", name: "fleet" };
  const cards = Array.from({ length: count }, (_, index) => cardOf(index, { next, pick, commits, source, nowMs }));
  const repository = {
    ...blank(nowMs, commits[0]),
    ...source,
    key: "GitRepository/flux-system/fleet",
    role: "source",
    url: "https://git.example.com/acme/fleet",
    message: "stored artifact",
    path: "",
    objects: 0,
    health: {},
  };
  return { cards: [...cards, repository], commits, nowMs };
}

function blank(nowMs, commit) {
  return {
    cluster: "",
    labels: {},
    ready: "True",
    reason: "ReconciliationSucceeded",
    message: "Applied",
    revision: `main@sha1:${commit.id}`,
    commit,
    createdMs: nowMs - 90 * 86_400_000,
    changedMs: commit.atMs + 9_000,
    isSuspended: false,
    suspendReason: "",
    isReconciling: false,
    phase: "idle",
    phaseMs: nowMs,
    waitingFor: "",
    path: "./apps",
    url: "",
    objects: 12,
    health: { healthy: 12 },
    drift: [],
    dependsOn: [],
  };
}

function cardOf(index, { next, pick, commits, source, nowMs }) {
  const team = teams[index % teams.length];
  const round = Math.floor(index / (names.length * 4));
  const name = `${names[Math.floor(index / 4) % names.length]}${round === 0 ? "" : `-${round}`}${["", "-api", "-worker", "-jobs"][index % 4]}`;
  const objects = 3 + Math.floor(next() * 20);
  const card = {
    ...blank(nowMs, pick(commits)),
    source,
    kind: index % 5 === 4 ? "HelmRelease" : "Kustomization",
    namespace: team,
    name,
    key: "",
    role: "delivery",
    cluster: pick(clusters),
    labels: { team },
    path: `./apps/${name}`,
    objects,
    health: { healthy: objects },
  };
  card.key = `${card.kind}/${card.namespace}/${card.name}`;
  const fate = index < 8 ? index : Math.floor(next() * 400);
  return { ...card, ...fates[fate]?.(card, nowMs) };
}

const fates = {
  0: (card, nowMs) => ({
    ready: "False",
    reason: "BuildFailed",
    message: `${card.path}/deployment.yaml:14: unknown field "replica" in spec; did you mean "replicas"?`,
    changedMs: nowMs - 190_000,
  }),
  1: (card, nowMs) => ({
    ready: "False",
    reason: "HealthCheckFailed",
    message: `Deployment ${card.namespace}/${card.name}: 1 of 3 pods cannot pull image registry.example.com/${card.name}:1.14.3`,
    health: { degraded: 1, healthy: card.objects - 1 },
    changedMs: nowMs - 1_200_000,
  }),
  2: (card, nowMs) => ({
    held: {
      revision: card.revision,
      reason: "ApprovalRequired",
      message: "main@9c1fe02 waits for approval: it deletes 3 objects",
      sinceMs: nowMs - 900_000,
    },
    changedMs: nowMs - 900_000,
  }),
  3: (card, nowMs) => ({
    drift: [
      {
        object: { group: "apps", kind: "Deployment", namespace: card.namespace, name: card.name },
        fields: ["spec.replicas: 3 in Git, 5 live"],
        by: ["kubectl-edit"],
      },
    ],
    changedMs: nowMs - 400_000,
  }),
  4: (_, nowMs) => ({
    ready: "False",
    reason: "DependencyNotReady",
    phase: "waiting",
    waitingFor: "web-api, which fails",
    changedMs: nowMs - 180_000,
  }),
  5: (card, nowMs) => ({
    phase: "checking",
    waitingFor: `Deployment ${card.name} (2 of 3 ready)`,
    isReconciling: true,
    health: { progressing: 1, healthy: card.objects - 1 },
    changedMs: nowMs - 8_000,
  }),
  6: (_, nowMs) => ({
    isSuspended: true,
    suspendReason: "load test until Friday, Ada",
    changedMs: nowMs - 86_400_000 * 3,
  }),
};

/** A delivery's graph with about `count` objects. */
export function makeTree(card, count, nowMs) {
  const nodes = [
    nodeOf({
      id: card.key,
      kind: card.kind,
      namespace: card.namespace,
      name: card.name,
      parent: null,
      info: `${count} objects`,
    }),
  ];
  const add = (kind, name, parent, more = {}) => {
    const id = `${kind}/${name}`;
    nodes.push(nodeOf({ id, kind, name, namespace: card.namespace, parent, createdMs: nowMs - 4_000_000, ...more }));
    return id;
  };
  for (let index = 0; nodes.length < count; index++) {
    const name = `${card.name}${index === 0 ? "" : `-${index}`}`;
    const isBad = index === 3;
    const deployment = add("Deployment", name, card.key, {
      group: "apps",
      info: "3/3 ready",
      images: [`registry.example.com/${name}:1.14.2`],
      isDrifted: index === 1,
    });
    const set = add("ReplicaSet", `${name}-6c4d`, deployment, { group: "apps", info: "3/3 ready", isStated: false });
    for (const pod of ["x2k9l", "p8d4w", "m5v7t"])
      add("Pod", `${name}-6c4d-${pod}`, set, {
        info: "Running",
        isStated: false,
        isSimulated: true,
        ...(isBad && pod === "x2k9l" ? { health: "degraded", message: "ImagePullBackOff" } : {}),
      });
    add("Service", name, card.key, { info: "ClusterIP 80/TCP" });
    add("ConfigMap", `${name}-settings`, card.key, { info: "4 keys" });
    if (index % 3 === 0) add("Ingress", name, card.key, { group: "networking.k8s.io", info: `${name}.example.com` });
    if (index % 4 === 0) add("Secret", `${name}-keys`, card.key, { info: "Opaque, 2 keys" });
  }
  return { nodes, unlisted: 0, limits: [] };
}

function nodeOf(change) {
  return {
    group: "",
    refers: [],
    version: "v1",
    health: "healthy",
    message: "",
    isStated: true,
    isDrifted: false,
    isSimulated: false,
    createdMs: 0,
    info: "",
    images: [],
    ...change,
  };
}

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the built console and a fleet; `send` tells all open pages changes. */
export async function serveFleet(fleet, treeCount = 60) {
  const open = new Set();
  const byKey = new Map(fleet.cards.map((card) => [card.key, card]));
  const answer = (url) => {
    const [, , what, ...rest] = url.pathname.split("/").map(decodeURIComponent);
    if (what === "session") return session(fleet);
    if (what === "fleet")
      return { cursor: "1", nowMs: Date.now(), cards: fleet.cards, happenings: happeningsOf(fleet) };
    if (what === "search") return { hits: [], total: 0, tookMs: 1, terms: [] };
    if (what === "timeline") return { entries: [], limits: [] };
    const card = byKey.get(rest.slice(0, 3).join("/"));
    if (what !== "deliveries" || card === undefined) return undefined;
    if (rest[3] === "objects") return makeTree(card, treeCount, fleet.nowMs);
    return { card, conditions: [], chain: [], events: [], history: [], log: [], rights: may, limits: [] };
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("content-security-policy", policy);
    if (url.pathname === "/api/stream") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(`id: 1\nevent: hello\ndata: ${JSON.stringify({ build: "bench", nowMs: Date.now() })}\n\n`);
      open.add(response);
      response.on("close", () => open.delete(response));
      return;
    }
    if (url.pathname.startsWith("/api/")) {
      const body = answer(url);
      response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? { message: "no such thing", code: "absent" }));
      return;
    }
    const path = extname(url.pathname) === "" ? "index.html" : normalize(url.pathname).slice(1);
    try {
      const bytes = readFileSync(join(dist, path));
      response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    send: (event, data) =>
      open.forEach((response) => response.write(`id: 2\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const may = Object.fromEntries(
  ["reconcile", "suspend", "resume", "approve", "heal", "accept", "roll-back"].map((action) => [action, { ok: true }]),
);

function session(fleet) {
  const cluster = { name: "", title: "embedded", version: "v1.35.0", isSimulated: true };
  const server = { version: "0.1.0", build: "bench", clusters: [cluster] };
  return {
    user: "admin",
    groups: [],
    how: "token",
    canSignOut: true,
    isReadOnly: false,
    readOnlyReason: "",
    server,
    nowMs: fleet.nowMs,
  };
}

function happeningsOf({ cards, nowMs }) {
  return cards.slice(0, 14).map((card, index) => ({
    key: `h${index}`,
    atMs: nowMs - index * 47_000 - 4_000,
    about: { kind: card.kind, namespace: card.namespace, name: card.name },
    reason: card.ready === "False" ? card.reason : "ReconciliationSucceeded",
    message: card.ready === "False" ? card.message : `Deployment/${card.namespace}/${card.name} configured`,
    isBad: card.ready === "False",
    count: 1,
  }));
}
