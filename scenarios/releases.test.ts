// A release as the console shows it and acts on it: what it consists of by Helm's records, what comes next, where its chart and
// values state each object, and the ways back to an earlier one.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type {
  Card,
  DeliveryPage,
  FleetState,
  Moment,
  ObjectPage,
  PlanView,
  Tree,
} from "../engine/src/api/console/index.ts";
import { ConsoleClient } from "./console-client.ts";
import { kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { SharedRepository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const canary = "canary-51c0de77a9";

const release = (colour: string, more = ""): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop
spec:
  interval: 10m
  maxHistory: 20
  chart:
    spec:
      chart: ./charts/web
      sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}
  driftDetection: {mode: warn}
  valuesFrom: [{kind: Secret, name: web-values}]
  values:
    colour: ${colour}
${more}`;

const files: Record<string, string> = {
  "clusters/demo/shop.yaml": kustomization("shop", "./apps/shop"),
  "apps/shop/values.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: web-values, namespace: shop}\nstringData:\n  values.yaml: |\n    password: ${canary}\n`,
  "apps/shop/release.yaml": release("blue"),
  "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: '7'\n",
  "charts/web/values.yaml": "colour: none\npassword: none\n",
  "charts/web/templates/settings.yaml": `{{/* What the shop looks like. */}}
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  colour: {{ .Values.colour }}
  # A chart that is careless with what is secret.
  greeting: "hello {{ .Values.password }}"
`,
  "charts/web/templates/keys.yaml": `apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {password: {{ .Values.password }}}
`,
};

const link = { kind: "HelmRelease", namespace: "shop", name: "web" };
const page = "/api/deliveries/HelmRelease/shop/web";
const settings = "/api/object?kind=ConfigMap&namespace=shop&name=settings";

describe.skipIf(!hasKubectl)("a release in the console", () => {
  let repository: SharedRepository;
  let home: Home;
  let console: ConsoleClient;

  const push = (files: Record<string, string>, message: string): string => repository.push(files, message);
  const cardWhen = (what: string, test: (card: Card) => boolean): Promise<Card> =>
    until(
      what,
      async () => {
        const { cards } = await console.read<FleetState>("/api/fleet");
        const found = cards.find(({ key }) => key === "HelmRelease/shop/web");
        if (found !== undefined && test(found)) return found;
        throw new Error(JSON.stringify(found));
      },
      120_000,
    );
  /** Waits until so many releases have been made and the newest runs with a colour. */
  const released = (version: number, colour: string): Promise<DeliveryPage> =>
    until(
      `release v${version}`,
      async () => {
        const found = await console.read<DeliveryPage>(page);
        const [newest] = found.history;
        const live = await home.object("configmap", "settings", "shop");
        if (
          newest?.release?.version === version &&
          newest.release.status === "deployed" &&
          live?.data?.["colour"] === colour
        )
          return found;
        throw new Error(JSON.stringify([found.history, live?.data]));
      },
      120_000,
    );

  beforeAll(async () => {
    repository = new SharedRepository({ ...files, "clusters/demo/spaces.yaml": namespace("shop") }, "a shop");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(60_000);
    console = await ConsoleClient.of(() => home.output);
    await released(1, "blue");
    await cardWhen("a ready release", ({ ready, phase }) => ready === "True" && phase === "ready");
  });

  afterAll(async () => {
    await home?.[Symbol.asyncDispose]();
    repository?.[Symbol.dispose]();
  });

  it("names the commit that its chart is built from", async () => {
    const { commit, revision } = await cardWhen("its commit", (card) => card.commit !== undefined);
    expect([revision, commit?.subject, commit?.author]).toEqual(["web@1.0.0", "a shop", "Ada"]);
  });

  it("has a graph with the template that states each object", async () => {
    const tree = await until("its objects", async () => {
      const found = await console.read<Tree>(`${page}/objects`);
      return found.nodes.length >= 3 && found.nodes.every(({ health }) => health === "healthy") ? found : undefined;
    });
    const lines = tree.nodes.map(
      ({ kind, name, isStated, statedAt }) => `${kind}/${name} ${isStated} ${statedAt?.path}:${statedAt?.line}`,
    );
    expect(lines.sort()).toEqual([
      "ConfigMap/settings true charts/web/templates/settings.yaml:3",
      "HelmRelease/web true undefined:undefined",
      "Secret/keys true charts/web/templates/keys.yaml:2",
    ]);
  });

  it("counts how long its passes took, by the metric that Flux's dashboards read", async () => {
    const { text } = await console.send("GET", "/metrics");
    const labels = 'kind="HelmRelease",name="web",namespace="shop"';
    expect(text).toMatch(new RegExp(`^gotk_reconcile_duration_seconds_count\\{${labels}\\} [1-9]`, "m"));
  });

  it("shows of an object what comes next, what was released, what runs, and the files behind it", async () => {
    const object = await console.read<ObjectPage>(settings);
    for (const text of [object.desired, object.applied, object.live]) {
      expect(text).toContain("colour: blue");
      expect(text).toMatch(/greeting: .*<secret [0-9a-f]{8}>/);
    }
    expect(object.missing).toEqual({});
    expect(object.from).toEqual({
      desired: "web@1.0.0 with the values as they are now",
      applied: "release v1, web@1.0.0",
    });
    expect(object.diff).toEqual([]);
    expect(object.origin).toMatchObject({
      place: { path: "charts/web/templates/settings.yaml", line: 3, note: "a template" },
      also: [
        { path: "apps/shop/release.yaml", line: 1, note: "the HelmRelease" },
        { path: "apps/shop/release.yaml", note: "its values" },
      ],
      commit: { subject: "a shop", author: "Ada" },
    });
    const keys = await console.read<ObjectPage>("/api/object?kind=Secret&namespace=shop&name=keys");
    expect(keys.applied).toMatch(/password: .*<secret [0-9a-f]{8}>/);
  });

  it("shows drift with its fields, and how a heal would undo it", async () => {
    const patch = '{"data":{"colour":"red"}}';
    await home.kubectl(["patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", patch]);
    const card = await cardWhen("the drift", ({ drift }) => drift.length > 0);
    expect(card.drift).toMatchObject([{ object: { kind: "ConfigMap", namespace: "shop", name: "settings" } }]);
    const object = await console.read<ObjectPage>(settings);
    expect(object.diff).toMatchObject([{ path: "data.colour", from: '"red"', to: '"blue"' }]);
    const plan = await console.read<PlanView>(`${page}/plan?which=pending`);
    expect(plan).toMatchObject({ revision: "web@1.0.0", problem: "", counts: { configure: 1, unchanged: 1 } });
    const step = plan.steps.find(({ action }) => action === "configure");
    expect(step).toMatchObject({ object: { name: "settings" }, changes: [{ path: "data.colour" }] });
    expect(step?.changes[0]?.statedAt).toMatchObject({ path: "charts/web/templates/settings.yaml" });
  });

  it("puts drift back at a person's word", async () => {
    const { plan } = await console.act({ action: "heal", link });
    expect(plan.says).toEqual([expect.stringContaining("puts back what release v1 says in ConfigMap/shop/settings")]);
    expect(plan.plan?.steps).toMatchObject([{ action: "configure", changes: [{ path: "data.colour", to: '"blue"' }] }]);
    expect((await home.object("configmap", "settings", "shop"))?.data?.["colour"]).toBe("blue");
    await cardWhen("no drift", ({ drift }) => drift.length === 0);
  });

  it("has a history of releases, and shows what the last one changed", async () => {
    push({ "apps/shop/release.yaml": release("green") }, "all green");
    const found = await released(2, "green");
    expect(found.history.map(({ to, revision, release: entry }) => [to, revision, entry?.status])).toEqual([
      ["v2", "web@1.0.0", "deployed"],
      ["v1", "web@1.0.0", "superseded"],
    ]);
    expect(found.history.map(({ canRollBack, whyNot }) => [canRollBack, whyNot])).toEqual([
      [false, "it is what runs now"],
      [true, ""],
    ]);
    // The object's own status follows what Helm has written.
    await until("the right to go back", async () => {
      const { rights } = await console.read<DeliveryPage>(page);
      if (rights["roll-back"]?.ok !== true) throw new Error(JSON.stringify(rights["roll-back"]));
      return rights;
    });
    const last = await console.read<PlanView>(`${page}/plan?which=last`);
    expect(last.steps.filter(({ action }) => action !== "unchanged")).toMatchObject([
      {
        action: "configure",
        object: { name: "settings" },
        changes: [{ path: "data.colour", from: '"blue"', to: '"green"' }],
      },
    ]);
  });

  it("goes back by a commit that asks for the values of that release", async () => {
    await cardWhen("a ready release", ({ ready, phase }) => ready === "True" && phase === "ready");
    const { plan, done } = await console.act({ action: "roll-back", link, revision: "v1", reason: "too green" });
    expect(plan.ways).toEqual(["commit", "pin"]);
    expect(plan.commit?.files).toMatchObject([{ path: "apps/shop/release.yaml" }]);
    expect(plan.commit?.files[0]?.diff).toContain("-    colour: green\n+    colour: blue\n");
    expect(plan.plan?.steps.find(({ object }) => object.name === "settings")?.changes).toMatchObject([
      { path: "data.colour", from: '"green"', to: '"blue"' },
    ]);
    expect(done.commit?.subject).toBe("Roll back HelmRelease/shop/web to v1 (web@1.0.0)");
    expect(repository.read("apps/shop/release.yaml")).toBe(release("blue"));
    await released(3, "blue");
  });

  it("goes back by Helm's own roll-back where no commit is wanted, stays there, and follows again when it is resumed", async () => {
    await cardWhen("a ready release", ({ ready, phase }) => ready === "True" && phase === "ready");
    // What somebody else has changed meanwhile is taken back.
    const patch = '{"data":{"colour":"red"}}';
    await home.kubectl(["patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", patch]);
    await cardWhen("the drift", ({ drift }) => drift.length > 0);
    const { plan } = await console.act({ action: "roll-back", link, revision: "v2", how: "pin", reason: "for now" });
    expect(plan.says[0]).toBe("suspends HelmRelease/shop/web, so that it is not upgraded again");
    await released(4, "green");
    const card = await cardWhen("a suspended release", ({ isSuspended }) => isSuspended);
    expect(card.suspendReason).toBe("rolled back to v2 (web@1.0.0): for now");
    expect((await console.read<DeliveryPage>(page)).events.map(({ reason }) => reason)).toContain("RolledBack");
    const resumed = await console.act({ action: "resume", link });
    expect(resumed.plan.plan?.counts).toMatchObject({ configure: 1 });
    await released(5, "blue");
  });

  const guarded = (colour: string): string =>
    release(colour).replace("namespace: shop\n", "namespace: shop\n  annotations: {keelson.dev/approval: required}\n");

  it("shows what a release holds back, its plan first, and approves it at a person's word", async () => {
    push({ "apps/shop/release.yaml": guarded("white") }, "white, if somebody approves");
    const card = await cardWhen("a held release", ({ held }) => held?.reason === "ApprovalRequired");
    expect(card.held?.revision).toMatch(/^1\.0\.0@sha256:[0-9a-f]{64}$/);
    expect((await home.object("configmap", "settings", "shop"))?.data?.["colour"]).toBe("blue");
    expect((await console.read<DeliveryPage>(page)).rights.approve).toEqual({ ok: true });
    const { plan } = await console.act({ action: "approve", link, revision: card.held?.revision ?? "" });
    expect(plan.plan?.steps.find(({ object }) => object.name === "settings")?.changes).toMatchObject([
      { path: "data.colour", from: '"blue"', to: '"white"' },
    ]);
    await released(6, "white");
    await cardWhen("nothing to be held", ({ held, ready }) => held === undefined && ready === "True");
  });

  it("is approved by the command line, too, which says what is held", async () => {
    push({ "apps/shop/release.yaml": guarded("black") }, "black, if somebody approves");
    await cardWhen("a held release", ({ held }) => held?.reason === "ApprovalRequired");
    const listed = await home.keelson(["get", "helmreleases", "-n", "shop"]);
    expect(listed.out).toMatch(/held: revision 1\.0\.0@sha256:[0-9a-f]{8} waits for approval/);
    const approved = await home.keelson(["approve", "helmrelease", "web", "-n", "shop", "--by", "ada"]);
    expect([approved.status, approved.err]).toEqual([0, expect.stringContaining("applied revision 1.0.0@sha256:")]);
    await released(7, "black");
    const { entries } = await until("the approval to be noted", async () => {
      const found = await console.read<{ entries: { what: string; by?: string }[] }>(
        "/api/timeline?delivery=HelmRelease/shop/web",
      );
      return found.entries.some(({ what, by }) => what === "approval" && by === "ada") ? found : undefined;
    });
    expect(entries.some(({ what }) => what === "hold")).toBe(true);
  });

  it("tells the timeline which release a commit came with", async () => {
    const { entries } = await console.read<{
      entries: { what: string; commit?: { subject: string }; changed?: unknown[] }[];
    }>("/api/timeline?delivery=HelmRelease/shop/web");
    expect(entries.some(({ what }) => what === "drift")).toBe(true);
    expect(entries.find(({ what }) => what === "action")).toBeDefined();
  });

  it("shows what was released at an earlier moment", async () => {
    const { history } = await console.read<DeliveryPage>(page);
    // The last moment of the second release, before the third was made.
    const at = (history.find(({ to }) => to === "v3")?.atMs ?? 0) - 1;
    const moment = await until("the journal", async () => {
      const found = await console.read<Moment>(`/api/moment?at=${at}&delivery=HelmRelease/shop/web`);
      return (found.objects ?? []).length > 0 ? found : undefined;
    });
    const object = moment.objects?.find((each) => each.object.name === "settings");
    expect(object?.desired).toContain("colour: green");
    expect(moment.deliveries.find(({ key }) => key === "HelmRelease/shop/web")?.revision).toBe("web@1.0.0");
  });

  it("lets no value of a Secret through", async () => {
    const said = console.heard.join("\n");
    expect(said).toContain("<secret ");
    for (const text of [canary, btoa(canary)]) expect(said.includes(text)).toBe(false);
  });
});
