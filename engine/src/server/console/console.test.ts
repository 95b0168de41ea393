import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  apiPaths,
  type Card,
  type DeliveryPage,
  type FleetState,
  type ObjectPage,
  type PlanView,
  type SearchAnswer,
  type Tree,
} from "#api/console";
import type { Manifest } from "#kernel";
import {
  kustomization,
  namespace,
  openWorld,
  ownedBy,
  rolesOfDev,
  until,
  type viewers,
  type World,
} from "./world.contract.ts";

const canary = "canary-5ecret-value";
const shop = { kind: "Kustomization", namespace: "shop", name: "web" };
const infra = { kind: "Kustomization", namespace: "flux-system", name: "infra" };

const deployment: Manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", labels: { app: "web", ...ownedBy("web", "shop") } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [{ name: "web", image: "ghcr.io/acme/web:1.4.2", envFrom: [{ secretRef: { name: "keys" } }] }],
      },
    },
  },
};

const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: "keys",
    namespace: "shop",
    labels: ownedBy("web", "shop"),
    annotations: {
      "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
        data: { token: btoa(canary) },
        stringData: { token: canary },
      }),
    },
  },
  data: { token: btoa(canary) },
};

const seed: Manifest[] = [
  namespace("flux-system"),
  namespace("shop"),
  ...rolesOfDev("shop"),
  {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata: { name: "fleet", namespace: "flux-system" },
    spec: { interval: "1m", url: `https://bot:${canary}@git.acme.example/fleet` },
  },
  kustomization("infra", "flux-system", { ready: "False", message: "kustomize build failed" }),
  kustomization("web", "shop", {
    dependsOn: [{ name: "infra", namespace: "flux-system" }],
    inventory: ["shop_web_apps_Deployment", "shop_keys__Secret", "shop_gone__ConfigMap"],
  }),
  deployment,
  secret,
  {
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name: "podinfo", namespace: "shop" },
    spec: {
      interval: "10m",
      chart: { spec: { chart: "podinfo", sourceRef: { kind: "HelmRepository", name: "charts" } } },
    },
    status: {
      history: [
        { chartName: "podinfo", chartVersion: "6.5.0", ...attempt(2, "deployed") },
        { chartName: "podinfo", chartVersion: "6.4.0", ...attempt(1, "superseded") },
      ],
      inventory: { entries: [{ id: "shop_podinfo_apps_Deployment", v: "v1" }] },
    },
  },
];

/** What Flux notes of one version of a release. */
function attempt(version: number, status: string): Record<string, unknown> {
  const [name, namespace, time] = ["podinfo", "shop", "2026-01-01T00:00:00Z"];
  const [digest, configDigest] = ["sha256:1", "sha256:2"];
  return { name, namespace, version, status, digest, configDigest, firstDeployed: time, lastDeployed: time };
}

let world: World;

beforeAll(async () => {
  world = await openWorld(seed);
});

afterAll(() => world.close());

async function read<T>(path: string, who: keyof typeof viewers = "root"): Promise<T> {
  const answer = await world.ask(path, who);
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.anything()]);
  return JSON.parse(answer.text) as T;
}

describe("the fleet", () => {
  it("is told with cards that say what is asked of them first", async () => {
    const { cards } = await read<FleetState>(apiPaths.fleet());
    expect(cards.map(({ key, role }) => `${role} ${key}`).sort()).toEqual([
      "delivery HelmRelease/shop/podinfo",
      "delivery Kustomization/flux-system/infra",
      "delivery Kustomization/shop/web",
      "source GitRepository/flux-system/fleet",
    ]);
    const web = await until(async () => {
      const { cards: now } = await read<FleetState>(apiPaths.fleet());
      return now.find((card) => card.name === "web" && Object.keys(card.health).length > 0);
    });
    expect(web).toMatchObject({
      ready: "True",
      objects: 3,
      labels: { team: "shop" },
      source: { kind: "GitRepository", namespace: "flux-system", name: "fleet" },
      dependsOn: ["Kustomization/flux-system/infra"],
      health: { healthy: 1, progressing: 1 },
    } satisfies Partial<Card>);
  });

  it("shows each viewer what that viewer may read", async () => {
    const seen = async (who: keyof typeof viewers): Promise<string[]> =>
      (await read<FleetState>(apiPaths.fleet(), who)).cards.map((card) => card.key);
    expect(await seen("dev")).toEqual(["Kustomization/shop/web"]);
    expect(await seen("nobody")).toEqual([]);
  });
});

describe("a release", () => {
  const release = { kind: "HelmRelease", namespace: "shop", name: "podinfo" };

  it("is shown by its chart and version, with its history, and how far it is", async () => {
    const card = (await read<FleetState>("/api/fleet")).cards.find(({ key }) => key === "HelmRelease/shop/podinfo");
    expect(card).toMatchObject({
      role: "delivery",
      revision: "podinfo@6.5.0",
      source: { kind: "HelmRepository", namespace: "shop", name: "charts" },
      objects: 1,
    });
    const page = await read<DeliveryPage>(apiPaths.delivery(release));
    expect(page.history).toMatchObject([
      { revision: "podinfo@6.5.0", result: "deployed", canRollBack: false, whyNot: "it is what is applied now" },
      { revision: "podinfo@6.4.0", result: "superseded", canRollBack: false },
    ]);
    expect(page.rights.reconcile).toEqual({ ok: true });
    const plan = await read<PlanView>(apiPaths.plan(release, { which: "pending" }));
    expect(plan.problem).toContain("no engine in this process runs releases");
  });
});

describe("a delivery's page", () => {
  it("says in words what it waits for and what to do", async () => {
    const page = await read<DeliveryPage>(apiPaths.delivery(infra));
    expect(page.conditions).toMatchObject([{ type: "Ready", status: "False", reason: "BuildFailed" }]);
    expect(page.conditions[0]?.advice).toContain("cannot be built");
    const web = await read<DeliveryPage>(apiPaths.delivery(shop));
    expect(web.chain.map(({ key, state }) => `${key} ${state}`)).toEqual([
      "Kustomization/shop/web ready",
      "Kustomization/flux-system/infra failed",
      "GitRepository/flux-system/fleet waiting",
    ]);
    expect(web.limits).toContain("no engine runs in this process: phases, plans and log lines are not shown");
  });

  it("offers what may be done, and says why not the rest", async () => {
    const { rights } = await read<DeliveryPage>(apiPaths.delivery(shop));
    expect(rights.suspend).toEqual({ ok: true });
    expect(rights.resume).toEqual({ ok: false, reason: "it is neither suspended nor pinned" });
    expect(rights.heal).toEqual({ ok: false, reason: "nothing has drifted" });
  });

  it("is refused to who may not read it, in words", async () => {
    const answer = await world.ask(apiPaths.delivery(infra), "dev");
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { code: "denied" }]);
    expect((await world.ask(apiPaths.objects(infra), "dev")).status).toBe(403);
    expect((await world.ask(apiPaths.plan(infra, { which: "pending" }), "dev")).status).toBe(403);
  });

  it("has a graph of what it states, what is missing, and what refers to what", async () => {
    const tree = await read<Tree>(apiPaths.objects(shop));
    expect(tree.nodes.map(({ id, health, parent }) => [id, health, parent])).toEqual([
      ["Kustomization/shop/web", "healthy", null],
      ["|apps/Deployment/shop/web", "progressing", "Kustomization/shop/web"],
      ["|/Secret/shop/keys", "healthy", "Kustomization/shop/web"],
      ["|/ConfigMap/shop/gone", "missing", "Kustomization/shop/web"],
    ]);
    expect(tree.nodes[1]).toMatchObject({
      info: "0/2 ready",
      isSimulated: true,
      images: ["ghcr.io/acme/web:1.4.2"],
      refers: [{ to: "|/Secret/shop/keys", as: "reads" }],
    });
  });

  it("leaves out of the graph what the viewer may not read, and says so", async () => {
    const tree = await read<Tree>(apiPaths.objects(shop), "dev");
    expect(tree.nodes.map(({ kind }) => kind)).toEqual(["Kustomization", "Deployment", "ConfigMap"]);
    expect(tree).toMatchObject({ unlisted: 1, limits: ["1 objects are not shown: you may not read them"] });
  });
});

describe("an object's page", () => {
  const object = { group: "apps", kind: "Deployment", namespace: "shop", name: "web" };

  it("shows it as it is, whose each field is, and the way up to its delivery", async () => {
    const page = await read<ObjectPage>(apiPaths.object(object));
    expect(page.live).toContain("image: ghcr.io/acme/web:1.4.2");
    expect(page.live).not.toContain("managedFields");
    const image = page.owners.find(({ path }) => path === 'spec.template.spec.containers[name="web"].image');
    expect(image).toMatchObject({ manager: "test", operation: "Update", value: "ghcr.io/acme/web:1.4.2" });
    expect(page.chain.map(({ what, name }) => `${what} ${name}`)).toEqual([
      "object web",
      "delivery web",
      "source fleet",
    ]);
    expect(page.missing.desired).toContain("engine");
  });

  it("is refused to who may not read it, also whether it is there", async () => {
    const secretLink = { group: "", kind: "Secret", namespace: "shop", name: "keys" };
    expect((await world.ask(apiPaths.object(secretLink), "dev")).status).toBe(403);
    expect((await world.ask(apiPaths.object({ ...secretLink, name: "none" }), "dev")).status).toBe(403);
  });
});

describe("search", () => {
  const cases: [string, string[]][] = [
    ["web", ["Deployment/web", "Kustomization/web"]],
    ["image:acme/web", ["Deployment/web"]],
    ["label:app=web kind:deploy", ["Deployment/web"]],
    ["kind:secret ns:shop", ["Secret/keys"]],
    ["health:degraded", ["Kustomization/infra"]],
    ["commit:11111111", ["Deployment/web", "Secret/keys", "Kustomization/infra", "Kustomization/web"]],
    ["nothing-like-it", []],
  ];
  for (const [text, expected] of cases)
    it(`finds ${text}`, async () => {
      const { hits, total } = await read<SearchAnswer>(apiPaths.search({ q: text }));
      expect(hits.map(({ kind, name }) => `${kind}/${name}`).sort()).toEqual([...expected].sort());
      expect(total).toBe(expected.length);
    });

  it("finds for a viewer only what that viewer may read", async () => {
    const { hits } = await read<SearchAnswer>(apiPaths.search({ q: "commit:1111" }), "dev");
    expect(hits.map(({ kind, name }) => `${kind}/${name}`).sort()).toEqual(["Deployment/web", "Kustomization/web"]);
  });

  it("refuses what is no search", async () => {
    expect((await world.ask(apiPaths.search({ q: "x".repeat(300) }))).status).toBe(400);
    expect((await world.ask("/api/search?q=a&limit=-1")).status).toBe(400);
  });
});

describe("the stream", () => {
  it("goes on from a cursor, in batches, and only with what the viewer may read", async () => {
    const { cursor } = await read<FleetState>(apiPaths.fleet());
    const all = world.stream(apiPaths.stream({ after: cursor }));
    const own = world.stream(apiPaths.stream({ after: cursor }), "dev");
    await until(() => all.text().includes("event: hello") && own.text().includes("event: hello"));
    await world.create(kustomization("later", "flux-system"));
    await world.create(kustomization("more", "shop"));
    await until(() => all.text().includes('"key":"Kustomization/shop/more"') || undefined);
    await until(() => own.text().includes('"key":"Kustomization/shop/more"') || undefined);
    expect(all.text()).toContain('"key":"Kustomization/flux-system/later"');
    expect(own.text()).not.toContain("later");
    for (const stream of [all, own]) stream.stop();
    const last = [...all.text().matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? "";
    const again = world.stream(apiPaths.stream({ after: last }));
    await until(() => again.text().includes("event: hello") || undefined);
    expect(again.text()).not.toContain("event: reset");
    again.stop();
  });

  it("says when a page was away for too long", async () => {
    const lost = world.stream(apiPaths.stream({ after: "elsewhere-7" }));
    await until(() => lost.text().includes("event: reset") || undefined);
    lost.stop();
  });

  it("tells the objects of the delivery whose page is open", async () => {
    const page = world.stream(apiPaths.stream({ of: "Kustomization/shop/web" }));
    await until(() => page.text().includes("event: hello") || undefined);
    await world.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "gone", namespace: "shop", labels: ownedBy("web", "shop") },
      data: { a: "1" },
    });
    await until(() => page.text().includes("event: objects") || undefined);
    expect(page.text()).toContain('"id":"|/ConfigMap/shop/gone"');
    page.stop();
  });
});

describe("actions", () => {
  type Plan = { id: string; says: string[]; needsReason: boolean };
  const plan = async (body: object, who: keyof typeof viewers = "root"): Promise<Plan> =>
    JSON.parse((await world.ask(apiPaths.actionPlan(), who, body)).text) as Plan;

  it("are shown first, done in the viewer's name, and told in an Event", async () => {
    const ask = { action: "suspend", link: shop };
    const shown = await plan(ask, "dev");
    expect([shown.needsReason, shown.says[0]]).toEqual([true, expect.stringContaining("spec.suspend")]);
    expect((await world.ask(apiPaths.action(), "dev", { ...ask, plan: shown.id })).status).toBe(400);
    const done = await world.ask(apiPaths.action(), "dev", { ...ask, plan: shown.id, reason: "night shift" });
    expect([done.status, done.text]).toEqual([200, expect.stringContaining("is suspended: night shift")]);
    const card = await until(async () => {
      const { cards } = await read<FleetState>(apiPaths.fleet());
      return cards.find(({ name, isSuspended }) => name === "web" && isSuspended);
    });
    expect(card.suspendReason).toBe("night shift");
    const { events } = await read<DeliveryPage>(apiPaths.delivery(shop));
    expect(events).toMatchObject([{ reason: "Suspended", message: expect.stringContaining("dev@acme.example") }]);
    const resume = { action: "resume", link: shop };
    const next = await plan(resume);
    expect((await world.ask(apiPaths.action(), "root", { ...resume, plan: next.id })).status).toBe(200);
    await until(async () => !(await read<DeliveryPage>(apiPaths.delivery(shop))).card.isSuspended || undefined);
  });

  it("are not done when things have moved since", async () => {
    const ask = { action: "suspend", link: infra, reason: "x" };
    const shown = await plan(ask);
    const resource = await until(async () => {
      const discovery = await world.cluster.discover();
      return discovery.ok ? discovery.value.byKind("kustomize.toolkit.fluxcd.io", "Kustomization") : undefined;
    });
    const target = { resource, namespace: "flux-system", name: "infra" };
    const body = { type: "merge" as const, patch: { spec: { interval: "11m" } } };
    await world.cluster.patch(target, body, { fieldManager: "test" });
    const answer = await world.ask(apiPaths.action(), "root", { ...ask, plan: shown.id });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([409, { code: "moved" }]);
  });

  const refused: [string, unknown, keyof typeof viewers, number][] = [
    ["without the right to read", { action: "suspend", link: infra }, "dev", 403],
    ["to nobody in particular", { action: "reconcile", link: shop }, "nobody", 403],
    ["that are not possible now", { action: "resume", link: shop }, "root", 409],
    ["that are none", { action: "explode", link: shop }, "root", 400],
    ["on nothing", { action: "suspend" }, "root", 400],
    ["on what is not there", { action: "suspend", link: { ...shop, name: "none" } }, "root", 404],
    ["on other kinds", { action: "suspend", link: { ...shop, kind: "Secret" } }, "root", 404],
  ];
  for (const [name, body, who, status] of refused)
    it(`are refused ${name}`, async () => {
      const answer = await world.ask(apiPaths.actionPlan(), who, body);
      expect([answer.status, (JSON.parse(answer.text) as { message: string }).message]).toEqual([
        status,
        expect.anything(),
      ]);
    });

  it("are refused where nothing may be changed", async () => {
    const other = await openWorld([namespace("shop"), kustomization("web", "shop")], "this console only shows");
    const answer = await other.ask(apiPaths.actionPlan(), "root", { action: "reconcile", link: shop });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      403,
      { code: "read-only", message: "this console only shows" },
    ]);
    await other.close();
  });
});

describe("secrets", () => {
  it("are in no answer", async () => {
    const objects = [
      { group: "", kind: "Secret", namespace: "shop", name: "keys" },
      { group: "source.toolkit.fluxcd.io", kind: "GitRepository", namespace: "flux-system", name: "fleet" },
      { group: "apps", kind: "Deployment", namespace: "shop", name: "web" },
    ];
    const paths = [
      apiPaths.session(),
      apiPaths.fleet(),
      apiPaths.delivery(shop),
      apiPaths.delivery({ kind: "GitRepository", namespace: "flux-system", name: "fleet" }),
      apiPaths.objects(shop),
      apiPaths.plan(shop, { which: "pending" }),
      apiPaths.plan(shop, { which: "last" }),
      apiPaths.search({ q: "keys" }),
      apiPaths.search({ q: "git.acme" }),
      ...objects.map((object) => apiPaths.object(object)),
    ];
    for (const path of paths) {
      const answer = await world.ask(path);
      expect([path, answer.status]).toEqual([path, 200]);
      for (const text of [canary, btoa(canary)]) expect(answer.text.includes(text), path).toBe(false);
    }
    const page = await read<ObjectPage>(apiPaths.object(objects[0] as (typeof objects)[0]));
    expect(page.live).toMatch(/token: .?<secret [0-9a-f]{8}>/);
  });
});

describe("what has grown", () => {
  it("shows what controllers make below what they made it for, though it has the same labels", async () => {
    const served = { kind: "Kustomization", namespace: "shop", name: "served" };
    await world.create(kustomization("served", "shop", { inventory: ["shop_front__Service"] }));
    const service = await world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "front", namespace: "shop", labels: ownedBy("served", "shop") },
      spec: { ports: [{ port: 80 }] },
    });
    const { uid = "", name } = service.metadata;
    await world.create({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "front-x7k2p",
        namespace: "shop",
        labels: ownedBy("served", "shop"),
        ownerReferences: [{ apiVersion: "v1", kind: "Service", name, uid, controller: true }],
      },
      addressType: "IPv4",
      endpoints: [],
    });
    const slice = { group: "discovery.k8s.io", kind: "EndpointSlice", namespace: "shop", name: "front-x7k2p" };
    const node = await until(async () =>
      (await read<Tree>(apiPaths.objects(served))).nodes.find(({ kind }) => kind === "EndpointSlice"),
    );
    expect(node).toMatchObject({ isStated: false, parent: "|/Service/shop/front" });
    const page = await read<ObjectPage>(apiPaths.object(slice));
    expect(page.chain.map(({ what, kind }) => `${what} ${kind}`).slice(0, 3)).toEqual([
      "object EndpointSlice",
      "owner Service",
      "delivery Kustomization",
    ]);
  });
});
