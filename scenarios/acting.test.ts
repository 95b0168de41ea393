// What people do through the console, asked as its pages ask: shown first, then done in their own name. Git is changed where
// the source allows it; roll-backs and accepted drift are commits there, or pins and marks in the cluster.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Card, DeliveryPage, FleetState, ObjectPage, Tree } from "../engine/src/api/console/index.ts";
import { ConsoleClient } from "./console-client.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { SharedRepository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const canary = "canary-7d2e91c4ab";

const files: Record<string, string> = {
  "clusters/demo/shop.yaml": kustomization("shop", "./apps/shop"),
  "clusters/demo/other.yaml": kustomization("other", "./apps/other"),
  "apps/shop/kustomization.yaml": "resources: [../base, noted.yaml]\n",
  "apps/other/kustomization.yaml":
    "resources: [../base]\nnamespace: other\nsecretGenerator:\n  - name: generated\n    literals: [key=" +
    `${canary}]\n`,
  "apps/base/kustomization.yaml": "resources: [settings.yaml, keys.yaml]\n",
  "apps/base/settings.yaml": `# What the shop looks like.\n${configMap("settings", { colour: "blue" }, "shop")}`,
  "apps/base/keys.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData: {password: ${canary}}\n`,
  "apps/shop/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
};

const link = { kind: "Kustomization", namespace: "flux-system", name: "shop" };
const page = "/api/deliveries/Kustomization/flux-system/shop";
const settings = { group: "", kind: "ConfigMap", namespace: "shop", name: "settings" };
const noted = { group: "", kind: "ConfigMap", namespace: "shop", name: "noted" };

/** The same with its drift reported, not healed. */
const marked = (text: string): string =>
  text.replace("metadata:\n", "metadata:\n  annotations: {keelson.dev/drift: warn}\n");

describe.skipIf(!hasKubectl)("acting through the console", () => {
  let repository: SharedRepository;
  let home: Home;
  let console: ConsoleClient;

  const push = (files: Record<string, string>, message: string): string => repository.push(files, message);
  const card = async (name = "shop"): Promise<Card | undefined> =>
    (await console.read<FleetState>("/api/fleet")).cards.find(
      (each) => each.kind === "Kustomization" && each.name === name,
    );
  const cardWhen = (what: string, test: (card: Card) => boolean, name = "shop"): Promise<Card> =>
    until(
      what,
      async () => {
        const found = await card(name);
        if (found !== undefined && test(found)) return found;
        throw new Error(JSON.stringify(found));
      },
      60_000,
    );
  const applied =
    (commit: string) =>
    (each: Card): boolean =>
      each.revision.includes(commit) && each.ready === "True";
  const patch = (name: string, data: string): Promise<unknown> =>
    home.kubectl(["patch", "configmap", name, "-n", "shop", "--type=merge", "-p", data]);
  const drifted = async (colour: string): Promise<void> => {
    await patch("noted", `{"data":{"colour":"${colour}"}}`);
    await cardWhen("the drift", ({ drift }) => drift.some(({ fields }) => fields.join("").includes(colour)));
  };

  beforeAll(async () => {
    repository = new SharedRepository(
      { ...files, "clusters/demo/spaces.yaml": `${namespace("shop")}---\n${namespace("other")}` },
      "a shop",
    );
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(60_000);
    console = await ConsoleClient.of(() => home.output);
    await home.readyCondition("kustomization", "shop", "True", 60_000);
    await home.readyCondition("kustomization", "other", "True", 60_000);
  });

  afterAll(async () => {
    await home?.[Symbol.asyncDispose]();
    repository?.[Symbol.dispose]();
  });

  it("shows of each object and field the line in Git, and the commit behind it", async () => {
    const object = await console.read<ObjectPage>("/api/object?kind=ConfigMap&namespace=shop&name=settings");
    expect(object.origin).toMatchObject({ place: { path: "apps/base/settings.yaml", line: 2 } });
    expect(object.origin?.commit).toMatchObject({ subject: "a shop", author: "Ada" });
    const colour = object.owners.find(({ path }) => path === "data.colour");
    expect(colour?.statedAt).toMatchObject({ path: "apps/base/settings.yaml", line: 8 });
    const tree = await console.read<Tree>(`${page}/objects`);
    const lines = tree.nodes.flatMap(({ kind, name, statedAt }) =>
      statedAt === undefined ? [] : [`${kind}/${name} ${statedAt.path}:${statedAt.line}`],
    );
    expect(lines.sort()).toEqual([
      "ConfigMap/noted apps/shop/noted.yaml:1",
      "ConfigMap/settings apps/base/settings.yaml:2",
      "Secret/keys apps/base/keys.yaml:1",
    ]);
    expect((await card())?.commit).toMatchObject({ subject: "a shop", author: "Ada" });
  });

  it("accepts drift by a commit that changes that one value", async () => {
    await drifted("red");
    const object = await console.read<ObjectPage>("/api/object?kind=ConfigMap&namespace=shop&name=noted");
    expect(object.diff).toMatchObject([{ path: "data.colour", statedAt: { path: "apps/shop/noted.yaml", line: 9 } }]);
    const before = repository.read("apps/shop/noted.yaml");
    const { plan, done } = await console.act({ action: "accept", link, object: noted, reason: "it looks better" });
    // Git states its drift mark: one in the cluster would do nothing.
    expect(plan.ways).toEqual(["commit"]);
    expect(plan.places).toEqual([{ path: "apps/shop/noted.yaml", line: 9 }]);
    expect(plan.commit?.files.map(({ path }) => path)).toEqual(["apps/shop/noted.yaml"]);
    expect(plan.commit?.files[0]?.diff).toContain('-  colour: "green"\n+  colour: "red"\n');
    expect(done.commit?.subject).toBe("Accept what runs in ConfigMap/shop/noted");
    expect(repository.read("apps/shop/noted.yaml")).toBe(before.replace('"green"', '"red"'));
    const message = repository.git("log", "-1", "--format=%B%an");
    expect(message).toContain("it looks better\n\nAsked for by the holder of the token through Keelson's console.");
    await cardWhen("the accepted state", (each) => applied(done.commit?.id ?? "none")(each) && each.drift.length === 0);
    expect((await home.object("configmap", "noted", "shop"))?.data).toEqual({ colour: "red" });
  });

  it("goes back by a commit that brings the files back, and says who else reads them", async () => {
    const good = await cardWhen("a good state", ({ ready }) => ready === "True");
    const bad = push({ "apps/base/settings.yaml": configMap("settings", { colour: "grey" }, "shop") }, "all grey");
    await cardWhen("the new state", applied(bad));
    const { plan, done } = await console.act({ action: "roll-back", link, revision: good.revision });
    expect(plan.commit?.files.map(({ path }) => path)).toEqual(["apps/base/settings.yaml"]);
    expect(plan.commit?.files[0]?.diff).toContain('+  colour: "blue"');
    expect(plan.says.join("\n")).toContain(
      "these read the same files, and change too: Kustomization/flux-system/other",
    );
    expect(plan.plan?.steps.find(({ object }) => object.name === "settings")?.changes).toMatchObject([
      { path: "data.colour", from: '"grey"', to: '"blue"' },
    ]);
    expect(repository.read("apps/base/settings.yaml")).toBe(files["apps/base/settings.yaml"]);
    await cardWhen("the earlier state", applied(done.commit?.id ?? "none"));
    expect((await home.object("configmap", "settings", "shop"))?.data).toEqual({ colour: "blue" });
  });

  it("shows nothing of files that hold secrets, and brings them back all the same", async () => {
    const good = await cardWhen("a good state", ({ ready }) => ready === "True");
    const keys = files["apps/base/keys.yaml"] ?? "";
    await cardWhen(
      "the new state",
      applied(push({ "apps/base/keys.yaml": keys.replace(canary, "other") }, "a new key")),
    );
    const { plan, done } = await console.act({ action: "roll-back", link, revision: good.revision, how: "commit" });
    expect(plan.commit?.files).toEqual([
      { path: "apps/base/keys.yaml", diff: "(not shown: this file may hold secret values)\n" },
    ]);
    expect(repository.read("apps/base/keys.yaml")).toBe(keys);
    await cardWhen("the earlier state", applied(done.commit?.id ?? "none"));
  });

  it("does not overwrite what somebody pushed meanwhile", async () => {
    const good = await cardWhen("a good state", ({ ready }) => ready === "True");
    await cardWhen(
      "the new state",
      applied(push({ "apps/base/settings.yaml": configMap("settings", { colour: "grey" }, "shop") }, "grey again")),
    );
    await home.kubectl([
      "patch",
      "gitrepository",
      "flux-system",
      "-n",
      "flux-system",
      "--type=merge",
      "-p",
      '{"spec":{"suspend":true}}',
    ]);
    const ask = { action: "roll-back" as const, link, revision: good.revision, how: "commit" as const };
    const plan = await console.plan(ask);
    push({ "apps/base/settings.yaml": configMap("settings", { colour: "pink" }, "shop") }, "pink");
    const refused = await console.refusal("/api/actions", { ...ask, plan: plan.id });
    expect(refused).toMatchObject({ status: 409, code: "moved" });
    expect(repository.read("apps/base/settings.yaml")).toContain("pink");
    await home.resume("gitrepository", "flux-system");
    await until(
      "pink",
      async () =>
        (await home.object("configmap", "settings", "shop"))?.data?.["colour"] === "pink" ? true : undefined,
      60_000,
    );
  });

  it("goes back by a pin, stays there, and follows its source again when it is resumed", async () => {
    const { history } = await console.read<DeliveryPage>(page);
    const earlier = history.find(({ canRollBack, commit }) => canRollBack && commit?.subject !== "grey again");
    const revision = earlier?.revision ?? "";
    const { plan } = await console.act({ action: "roll-back", link, revision, how: "pin" });
    expect(plan.ways).toEqual(["commit", "pin"]);
    expect(plan.plan?.problem).toBe("");
    const pinned = await cardWhen("the pinned state", (each) => each.revision === revision && each.ready === "True");
    expect(pinned.pinned).toEqual({ revision, by: "the holder of the token" });
    expect(pinned.held).toBeUndefined();
    const newer = push({ "apps/base/settings.yaml": configMap("settings", { colour: "gold" }, "shop") }, "gold");
    await cardWhen("the other to follow", applied(newer), "other");
    expect((await card())?.revision).toBe(revision);
    const again = await console.refusal("/api/actions/plan", { action: "roll-back", link, revision, how: "commit" });
    expect(again.message).toContain("it is pinned: a commit would not reach it");
    const resumed = await console.act({ action: "resume", link });
    expect(resumed.plan.says[0]).toContain("takes away the pin");
    expect(resumed.plan.plan?.counts.configure).toBeGreaterThan(0);
    const free = await cardWhen("what is offered", applied(newer));
    expect(free.pinned).toBeUndefined();
  });

  it("marks what is to stand in the cluster alone, unless Git states that mark", async () => {
    await drifted("black");
    const stated = { action: "accept" as const, link, object: noted, how: "pin" as const };
    expect((await console.refusal("/api/actions/plan", stated)).message).toContain(
      "Git itself states keelson.dev/drift",
    );
    const warn = { "clusters/demo/shop.yaml": marked(kustomization("shop", "./apps/shop")) };
    const plain = { "apps/shop/noted.yaml": configMap("noted", { colour: "red" }, "shop") };
    await cardWhen("warnings alone", applied(push({ ...warn, ...plain }, "warn of everything")));
    await drifted("white");
    const { plan } = await console.act(stated);
    expect(plan.ways).toEqual(["commit", "pin"]);
    await cardWhen("no drift", ({ drift }) => drift.length === 0);
    expect((await home.object("configmap", "noted", "shop"))?.data).toEqual({ colour: "white" });
  });

  it("shows what a heal and a resumption would do before they do it", async () => {
    await console.act({ action: "suspend", link, reason: "a look" });
    await cardWhen("its suspension", ({ isSuspended, suspendReason }) => isSuspended && suspendReason === "a look");
    const next = push({ "apps/base/settings.yaml": configMap("settings", { colour: "plum" }, "shop") }, "plum");
    await cardWhen("the other to follow", applied(next), "other");
    const { plan } = await console.act({ action: "resume", link });
    expect(plan.plan?.steps.find(({ object }) => object.name === "settings")?.changes).toMatchObject([
      { path: "data.colour", from: '"gold"', to: '"plum"' },
    ]);
    await cardWhen("what is offered", applied(next));
    await patch("settings", '{"data":{"colour":"brown"}}');
    await cardWhen("the drift", ({ drift }) => drift.some(({ fields }) => fields.join("").includes("brown")));
    const healed = await console.act({ action: "heal", link, object: settings });
    expect(healed.plan.plan?.steps).toMatchObject([
      {
        action: "configure",
        changes: [{ path: "data.colour", to: '"plum"', statedAt: { path: "apps/base/settings.yaml" } }],
      },
    ]);
    await cardWhen("no drift", ({ drift }) => drift.length === 0);
    expect((await home.object("configmap", "settings", "shop"))?.data).toEqual({ colour: "plum" });
  });

  it("offers no commit where the server's credentials may not be used, and says how they may", async () => {
    await patch("settings", '{"data":{"colour":"black"}}');
    await cardWhen("the drift", ({ drift }) => drift.some(({ fields }) => fields.join("").includes("black")));
    const patched = JSON.stringify({ spec: { url: `https://git.example.test/shop.git`, suspend: true } });
    await home.kubectl(["patch", "gitrepository", "flux-system", "-n", "flux-system", "--type=merge", "-p", patched]);
    const plan = await until("the source to be another", async () => {
      const found = await console.plan({ action: "accept", link, object: settings });
      return found.ways.length === 1 ? found : undefined;
    });
    expect(plan.ways).toEqual(["pin"]);
    expect(plan.says.join("\n")).toContain("needs the annotation keelson.dev/console-commits: allowed");
    const refused = await console.refusal("/api/actions/plan", {
      action: "accept",
      link,
      object: settings,
      how: "commit",
    });
    expect(refused).toMatchObject({ status: 409, code: "not-possible" });
    await console.act({ action: "accept", link, object: settings, how: "pin" });
    await cardWhen("no drift", ({ drift }) => drift.length === 0);
  });

  it("tells no secret value anywhere", async () => {
    const { out } = await home.kubectl(["get", "secret", "-n", "other", "-o", "name"]);
    const generated = /^secret\/(generated-\S+)$/m.exec(out)?.[1] ?? "";
    for (const path of [
      "/api/session",
      "/api/fleet",
      "/api/search?q=keys",
      page,
      `${page}/objects`,
      `${page}/plan?which=pending`,
      `${page}/plan?which=last`,
      "/api/deliveries/Kustomization/flux-system/other/objects",
      "/api/deliveries/Kustomization/flux-system/other/plan?which=last",
      "/api/deliveries/GitRepository/flux-system/flux-system",
      "/api/object?kind=Secret&namespace=shop&name=keys",
      `/api/object?kind=Secret&namespace=other&name=${generated}`,
      "/api/timeline",
      `/api/moment?at=${Date.now()}&delivery=Kustomization/flux-system/shop`,
      "/metrics",
    ])
      expect([path, (await console.send("GET", path)).status]).toEqual([path, 200]);
    const stream = console.stream("/api/stream?of=Kustomization/flux-system/shop");
    await home.kubectl([
      "patch",
      "secret",
      "keys",
      "-n",
      "shop",
      "--type=merge",
      "-p",
      `{"stringData":{"password":"new-${canary}"}}`,
    ]);
    await cardWhen("the drift of the Secret", ({ drift }) => drift.some(({ object }) => object.kind === "Secret"));
    await console.read<ObjectPage>("/api/object?kind=Secret&namespace=shop&name=keys");
    const refused = await console.refusal("/api/actions/plan", {
      action: "accept",
      link,
      object: { group: "", kind: "Secret", namespace: "shop", name: "keys" },
      how: "commit",
    });
    expect(refused.code).toBe("not-possible");
    stream.stop();
    // What one searches for is repeated to oneself, but nothing is found by it.
    const told = console.heard.slice();
    expect((await console.read<{ total: number }>(`/api/search?q=${canary}`)).total).toBe(0);
    const texts = [canary, Buffer.from(canary).toString("base64"), Buffer.from(`new-${canary}`).toString("base64")];
    expect(
      told.filter((text) => texts.some((secret) => text.includes(secret))).map((text) => text.slice(0, 80)),
    ).toEqual([]);
    expect(told.join("")).toContain("settings");
  });
});
