// Two people before one console on a real kube-apiserver: both sign in, one may only look, one may act. What each may is what
// Kubernetes' own RBAC says, and the cluster's Events tell who did what.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Card, DeliveryPage, FleetState, Session, Tree } from "../engine/src/api/console/index.ts";
import { ConsoleClient } from "./console-client.ts";
import { configMap, kustomization } from "./fixtures.ts";
import { hasFluxEngines, RealCluster } from "./flux-engines.ts";
import { until } from "./home.ts";
import { Issuer } from "./issuer.ts";
import { Repository, serveOverHttp } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const canary = "canary-3b8e1f77d0";
const link = { kind: "Kustomization", namespace: "flux-system", name: "shop" };
const page = "/api/deliveries/Kustomization/flux-system/shop";

const files: Record<string, string> = {
  "shop/settings.yaml": configMap("settings", { colour: "blue" }, "shop", "keelson.dev/drift: warn"),
  "shop/keys.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData: {password: ${canary}}\n`,
};

const source = (url: string): string => `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system, annotations: {keelson.dev/console-commits: allowed}}
spec: {interval: 2s, url: "${url}", ref: {branch: main}}
`;

/** Ann's Role and Bob's in one namespace. */
function roles(namespace: string): string {
  const reading = `
  - {apiGroups: ["kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"], resources: ["*"], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [configmaps, events], verbs: [get, list, watch]}`;
  const acting = `
  - {apiGroups: ["kustomize.toolkit.fluxcd.io"], resources: [kustomizations], verbs: [patch]}
  - {apiGroups: [""], resources: [configmaps], verbs: [patch]}`;
  const role = (name: string, rules: string): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: ${name}, namespace: ${namespace}}\nrules:${rules}\n---\n`;
  const binding = (name: string, subject: string): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: ${name}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${name}}\nsubjects: [${subject}]\n---\n`;
  const group = "apiGroup: rbac.authorization.k8s.io";
  return (
    role("look", reading) +
    role("act", reading + acting) +
    binding("look", `{${group}, kind: Group, name: "oidc:developers"}`) +
    binding("act", `{${group}, kind: User, name: "oidc:bob@acme.example"}`)
  );
}

describe.skipIf(!hasFluxEngines)("two people on a real kube-apiserver", () => {
  const repository = new Repository();
  const cluster = new RealCluster();
  let issuer: Issuer;
  let served: { url: string; close: () => void };
  let token: ConsoleClient;
  let ann: ConsoleClient;
  let bob: ConsoleClient;
  let stranger: ConsoleClient;

  const cardFor = (who: ConsoleClient, test: (card: Card) => boolean): Promise<Card> =>
    until(
      "the card",
      async () => {
        const { cards } = await who.read<FleetState>("/api/fleet");
        const card = cards.find(({ kind, name }) => kind === "Kustomization" && name === "shop");
        if (card !== undefined && test(card)) return card;
        throw new Error(JSON.stringify(card));
      },
      240_000,
    );

  beforeAll(async () => {
    repository.write(files).commit("a shop");
    issuer = await Issuer.start();
    served = await serveOverHttp(repository);
    await cluster.start();
    for (const name of ["shop", "elsewhere"]) await cluster.kubectl(["create", "namespace", name]);
    await cluster.kubectl(["apply", "-f", "-"], roles("shop") + roles("flux-system"));
    const keelson = await cluster.startKeelson(
      [
        "--install-definitions",
        "--console-url",
        "http://console.example.test",
        "--oidc-issuer-url",
        issuer.url,
        "--oidc-client-id",
        "console",
        "--oidc-username-prefix",
        "oidc:",
        "--oidc-groups-prefix",
        "oidc:",
      ],
      "view",
    );
    await cluster.kubectl(["apply", "-f", "-"], `${source(served.url)}---\n${kustomization("shop", "./shop")}`);
    token = await ConsoleClient.of(keelson.output);
    ann = await token.signedIn(issuer, { email: "ann@acme.example", groups: ["developers", "system:masters"] });
    bob = await token.signedIn(issuer, { email: "bob@acme.example", groups: ["developers"] });
    stranger = await token.signedIn(issuer, { email: "eve@acme.example", groups: [] });
    await cardFor(token, ({ ready }) => ready === "True");
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    issuer?.close();
    served?.close();
    repository[Symbol.dispose]();
  });

  it("are who the issuer says, without Kubernetes' own groups", async () => {
    expect(await ann.read<Session>("/api/session")).toMatchObject({
      user: "oidc:ann@acme.example",
      groups: ["oidc:developers", "oidc:system:masters"],
      how: "oidc",
      canSignOut: true,
    });
  });

  it("see what they may read, and strangers nothing", async () => {
    await cardFor(ann, ({ objects }) => objects === 2);
    expect((await stranger.read<FleetState>("/api/fleet")).cards).toEqual([]);
    expect(await stranger.refusal(page)).toMatchObject({ status: 403, code: "denied" });
    const tree = await ann.read<Tree>(`${page}/objects`);
    expect(tree.nodes.map(({ kind, name }) => `${kind}/${name}`)).toEqual(["Kustomization/shop", "ConfigMap/settings"]);
    expect(tree.limits).toContain("1 objects are not shown: you may not read them");
    const secret = "/api/object?kind=Secret&namespace=shop&name=keys";
    expect((await ann.refusal(secret)).message).toContain("may not");
    expect((await token.send("GET", secret)).status).toBe(200);
    expect((await ann.read<{ total: number }>("/api/search?q=keys")).total).toBe(0);
  });

  it("act as far as Kubernetes lets them, and the rest is refused with its reason", async () => {
    const suspend = { action: "suspend" as const, link, reason: "a migration" };
    const { rights } = await ann.read<DeliveryPage>(page);
    expect(rights.suspend).toMatchObject({
      ok: false,
      reason: expect.stringContaining("oidc:ann@acme.example may not patch") as string,
    });
    expect(await ann.refusal("/api/actions/plan", suspend)).toMatchObject({
      status: 403,
      code: "denied",
      hint: expect.stringContaining("Role") as string,
    });
    const bobs = await bob.plan(suspend);
    expect(await ann.refusal("/api/actions", { ...suspend, plan: bobs.id })).toMatchObject({ status: 403 });
    expect((await bob.read<DeliveryPage>(page)).rights.suspend).toEqual({ ok: true });
    await bob.act(suspend);
    const suspended = await cardFor(ann, ({ isSuspended }) => isSuspended);
    expect(suspended.suspendReason).toBe("a migration");
    await bob.act({ action: "resume", link });
    await cardFor(ann, ({ isSuspended, ready }) => !isSuspended && ready === "True");
  });

  it("heal and accept drift in their own names", async () => {
    const patch = (data: string): Promise<string> =>
      cluster.kubectl(["patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", data]);
    await patch('{"data":{"colour":"red"}}');
    await cardFor(bob, ({ drift }) => drift.length === 1);
    expect(await ann.refusal("/api/actions/plan", { action: "heal", link })).toMatchObject({ status: 403 });
    await bob.act({ action: "heal", link });
    await cardFor(bob, ({ drift }) => drift.length === 0);
    const live = await cluster.json<{ data: Record<string, string> }>(["get", "configmap", "settings", "-n", "shop"]);
    expect(live.data).toEqual({ colour: "blue" });
  });

  it("commit only where they may change the source", async () => {
    repository.write({ "shop/settings.yaml": (files["shop/settings.yaml"] ?? "").replace("blue", "grey") });
    const first = (await cardFor(bob, () => true)).revision;
    const commit = repository.commit("grey");
    await cardFor(bob, ({ revision, ready }) => revision.includes(commit) && ready === "True");
    const ask = { action: "roll-back" as const, link, revision: first };
    const plan = await bob.plan(ask);
    expect(plan.ways).toEqual(["pin"]);
    expect(plan.says.join("\n")).toContain("oidc:bob@acme.example may not patch gitrepositories");
    await bob.act({ ...ask, how: "pin" });
    const pinned = await cardFor(ann, ({ revision, ready }) => revision === first && ready === "True");
    expect(pinned.pinned).toEqual({ revision: first, by: "oidc:bob@acme.example" });
    await bob.act({ action: "resume", link });
    await cardFor(ann, ({ revision }) => revision.includes(commit));
  });

  it("are named in the cluster's Events and managed fields", async () => {
    const { items } = await cluster.json<{ items: { reason: string; message: string }[] }>([
      "get",
      "events",
      "-n",
      "flux-system",
    ]);
    const told = items.flatMap(({ reason, message }) => (message.startsWith("oidc:") ? [`${reason} ${message}`] : []));
    for (const reason of ["Suspended", "Resumed", "DriftHealedByUser", "RolledBack"])
      expect(told.some((text) => text.startsWith(`${reason} oidc:bob@acme.example: `))).toBe(true);
    expect(told.some((text) => text.includes("ann@"))).toBe(false);
  });

  it("lose what is shown when their session or their rights end", async () => {
    const { cursor } = await ann.read<FleetState>("/api/fleet");
    const stream = ann.stream(`/api/stream?after=${cursor}`);
    await until("the stream", () => Promise.resolve(stream.text().includes("event: hello") ? true : undefined));
    await cluster.kubectl(["delete", "rolebinding", "look", "-n", "flux-system"]);
    await until("the rights to end", async () => (await ann.refusal(page)).status === 403 || undefined);
    await until(
      "the stream to say so",
      () => Promise.resolve(stream.text().includes("event: reset") ? true : undefined),
      240_000,
    );
    const out = await ann.send("POST", "/auth/sign-out");
    expect(out.status).toBe(200);
    await until(
      "the stream to end",
      () => Promise.resolve(stream.text().includes("event: over") ? true : undefined),
      240_000,
    );
    expect((await ann.send("GET", "/api/fleet")).status).toBe(401);
    stream.stop();
  });

  it("are told no secret value", () => {
    const secrets = [canary, Buffer.from(canary).toString("base64")];
    const told = token.heard.filter((text) => secrets.some((secret) => text.includes(secret)));
    expect(told.map((text) => text.slice(0, 80))).toEqual([]);
    expect(token.heard.join("")).toContain("settings");
  });
});
