// A cluster with two deliveries, users of different rights, and the console's server over it: what its tests ask.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fluxDefinitions } from "#api/flux";
import { administrator, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { type Clock, type Manifest, splitApiVersion } from "#kernel";
import { memoryStore } from "#store";
import { ConsoleDesk } from "./desk.ts";
import type { Viewer } from "./viewer.ts";

export const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

const member = (user: string): Viewer => {
  const groups = ["system:authenticated"];
  return { id: `oidc ${user}`, user, groups, how: "oidc", identity: { user, groups } };
};

/** The one who started it, a developer of namespace shop, and one who may do nothing. */
export const viewers = {
  root: { id: "token", user: "the holder of the token", groups: [], how: "token", identity: undefined } as Viewer,
  dev: member("dev@acme.example"),
  nobody: member("nobody@acme.example"),
} as const;

export type Answered = { status: number; headers: Record<string, unknown>; text: string };

/** Everything a stream sends, as it comes; `stop` ends it, between `pause` and `resume` nothing is read. */
export type Listening = { text: () => string; stop: () => void; pause: () => void; resume: () => void };

export type World = {
  cluster: Cluster;
  desk: ConsoleDesk;
  create(manifest: Manifest): Promise<Manifest>;
  ask(path: string, who?: keyof typeof viewers, body?: unknown): Promise<Answered>;
  stream(path: string, who?: keyof typeof viewers): Listening;
  /** Bytes that wait for readers. */
  waiting(): number;
  /** Ends somebody's session, and begins it again. */
  signOut(who: keyof typeof viewers): void;
  signIn(who: keyof typeof viewers): void;
  close(): Promise<void>;
};

/** Opens it; `seed` is created before the console looks. */
export async function openWorld(seed: readonly Manifest[], readOnlyReason = ""): Promise<World> {
  const ending = new AbortController();
  const api = await startApiServer({ store: memoryStore(), clock });
  const cluster = api.cluster(administrator);
  const create = (manifest: Manifest): Promise<Manifest> => createIn(cluster, manifest);
  for (const definition of fluxDefinitions()) await create(definition);
  for (const manifest of seed) await create(manifest);
  const failures: unknown[] = [];
  const desk = new ConsoleDesk({
    cluster,
    clock,
    signal: ending.signal,
    version: "0.0.0",
    build: "test",
    isSimulated: true,
    readOnlyReason,
    logged: () => {},
    failed: (error) => failures.push(error),
  });
  await desk.follow();
  const signedOut = new Set<string>();
  const open = new Set<ServerResponse>();
  const server = await serve(desk, signedOut, open);
  const { port } = server.address() as AddressInfo;
  return {
    cluster,
    desk,
    create,
    ask: (path, who = "root", body) => ask({ port, path, who, body }),
    stream: (path, who = "root") => listen({ port, path, who }),
    waiting: () => [...open].reduce((sum, response) => sum + response.writableLength, 0),
    signOut: (who) => void signedOut.add(who),
    signIn: (who) => void signedOut.delete(who),
    async close() {
      ending.abort();
      desk.close();
      server.closeAllConnections();
      server.close();
      await api.close();
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function createIn(cluster: Cluster, manifest: Manifest): Promise<Manifest> {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const resource = await until(async () => {
    const discovery = await cluster.discover(true);
    return discovery.ok ? discovery.value.byKind(group, manifest.kind, version) : undefined;
  });
  const { name, namespace = "" } = manifest.metadata;
  const { status, ...rest } = manifest;
  const created = await cluster.create({ resource, namespace, name }, rest as Manifest, { fieldManager: "test" });
  if (!created.ok) throw new Error(created.status.message);
  if (status === undefined) return created.value;
  const target = { resource, namespace, name, subresource: "status" };
  const body = { type: "merge" as const, patch: { status } as never };
  const patched = await cluster.patch(target, body, { fieldManager: "test" });
  if (!patched.ok) throw new Error(patched.status.message);
  return patched.value;
}

/** Waits for a state. */
export async function until<T>(find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let attempt = 0; attempt < 3_000; attempt++) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error("it never came about");
}

async function serve(desk: ConsoleDesk, signedOut: ReadonlySet<string>, open: Set<ServerResponse>): Promise<Server> {
  const server = createServer((asked, response) => {
    open.add(response);
    response.on("close", () => open.delete(response));
    const who = asked.headers["x-viewer"] as keyof typeof viewers;
    const viewer = viewers[who];
    const isSignedIn = (): boolean => !signedOut.has(who);
    const url = new URL(asked.url ?? "/", "http://localhost");
    void desk.answer({ request: asked, response, url, viewer, isSignedIn, canSignOut: false });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return server;
}

type Ask = { port: number; path: string; who: string; body?: unknown };

function ask({ port, path, who, body }: Ask): Promise<Answered> {
  const method = body === undefined ? "GET" : "POST";
  const headers = { "x-viewer": who, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function listen({ port, path, who }: Ask): Listening {
  let text = "";
  let coming: IncomingMessage | undefined;
  const asked = request({ host: "127.0.0.1", port, path, headers: { "x-viewer": who } }, (response) => {
    coming = response;
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    response.on("error", () => undefined);
  });
  asked.on("error", () => undefined).end();
  return {
    text: () => text,
    stop: () => asked.destroy(),
    pause: () => coming?.pause(),
    resume: () => coming?.resume(),
  };
}

/** Objects of the tests. */
export const namespace = (name: string): Manifest => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

export function kustomization(name: string, home: string, more: Record<string, unknown> = {}): Manifest {
  const { inventory = [], ready = "True", message = "Applied revision: main@sha1:1", ...spec } = more;
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name, namespace: home, labels: { team: home } },
    spec: {
      interval: "10m",
      path: `./${name}`,
      prune: true,
      sourceRef: { kind: "GitRepository", name: "fleet", namespace: "flux-system" },
      ...spec,
    },
    status: {
      lastAppliedRevision: `main@sha1:${"1".repeat(40)}`,
      conditions: [
        {
          type: "Ready",
          status: ready,
          reason: ready === "True" ? "ReconciliationSucceeded" : "BuildFailed",
          message,
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
      inventory: { entries: (inventory as string[]).map((id) => ({ id, v: "v1" })) },
    },
  };
}

/** Marks of a delivery on what it holds. */
export function ownedBy(name: string, home: string): Record<string, string> {
  return { "kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": home };
}

/** A role in one namespace, given to the developer. */
export function rolesOfDev(home: string): Manifest[] {
  const rules = [
    {
      apiGroups: ["kustomize.toolkit.fluxcd.io"],
      resources: ["kustomizations"],
      verbs: ["get", "list", "watch", "patch"],
    },
    {
      apiGroups: ["apps", ""],
      resources: ["deployments", "configmaps", "pods", "services", "events"],
      verbs: ["get", "list"],
    },
    { apiGroups: ["keelson.dev"], resources: ["deliverylogs"], verbs: ["get", "list"] },
  ];
  const group = "rbac.authorization.k8s.io";
  return [
    { apiVersion: `${group}/v1`, kind: "Role", metadata: { name: "dev", namespace: home }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata: { name: "dev", namespace: home },
      roleRef: { apiGroup: group, kind: "Role", name: "dev" },
      subjects: [{ apiGroup: group, kind: "User", name: "dev@acme.example" }],
    },
  ];
}
