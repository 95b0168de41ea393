// Secrets of every origin in one fleet, and everything that the console's server answers: none of them is in any of it. What is
// asked is held against the server's own list of addresses, so that no new one is left out.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Action, Card, DeliveryPage, FleetState, ObjectLink, Tree } from "../engine/src/api/console/index.ts";
import { apiPaths, linkKey } from "../engine/src/api/console/index.ts";
import { ConsoleClient } from "./console-client.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const testdata = fileURLToPath(new URL("../engine/src/secrets/testdata/", import.meta.url));
const recorded = (name: string): string => {
  const file = readdirSync(join(testdata, "recorded", name)).find((one) => one.startsWith("encrypted.")) ?? "";
  return readFileSync(join(testdata, "recorded", name, file), "utf8");
};

const canaries = {
  plain: "canary-in-a-secret-5b1",
  sealed: "correct horse: battery",
  values: "canary-in-values-of-a-secret-77c",
  address: "canary-in-an-address-20e",
  credentials: "canary-in-credentials-9aa",
};

const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 10m
  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}
  driftDetection: {mode: warn}
  valuesFrom: [{kind: Secret, name: web-values}]
  values: {colour: blue}
`;

const source = (name: string, url: string, more = ""): string =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: ${name}, namespace: flux-system}\nspec: {interval: 1m, timeout: 5s, url: "${url}"${more}}\n`;

const secret = (name: string, space: string, data: Record<string, string>): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: ${space}}\nstringData: ${JSON.stringify(data)}\n`;

const sealed = "  decryption: {provider: sops, secretRef: {name: keys}}\n";
const elsewhere = "  kubeConfig: {secretRef: {name: cluster}}\n";

const files: Record<string, string> = {
  "clusters/demo/shop.yaml": kustomization("shop", "./apps/shop"),
  "clusters/demo/sealed.yaml": kustomization("sealed", "./apps/sealed", sealed),
  "clusters/demo/remote.yaml": kustomization("remote", "./apps/remote", elsewhere),
  "clusters/demo/sources.yaml": [
    source("by-address", `https://bot:${canaries.address}@127.0.0.1:9/fleet`),
    source("by-secret", "http://127.0.0.1:9/fleet", ", secretRef: {name: credentials}"),
    secret("credentials", "flux-system", { username: "bot", password: canaries.credentials }),
  ].join("---\n"),
  "clusters/demo/spaces.yaml": namespace("shop"),
  "apps/shop/keys.yaml": secret("keys", "shop", { password: canaries.plain }),
  "apps/shop/settings.yaml": configMap("settings", { colour: "blue" }, "shop", "keelson.dev/drift: warn"),
  "apps/shop/release.yaml": release,
  "apps/sealed/secret.yaml": recorded("age-secret-yaml"),
  "apps/remote/note.yaml": configMap("note", { there: "yes" }, "shop"),
  "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "charts/web/values.yaml": "colour: none\npassword: none\n",
  "charts/web/templates/all.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {colour: {{ .Values.colour }}, careless: "hello {{ .Values.password }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {password: {{ .Values.password }}}
`,
};

/** What the server answers, by its own list. */
function addresses(): string[] {
  const routes = readFileSync(new URL("../engine/src/server/console/routes.ts", import.meta.url), "utf8");
  const body = routes.slice(routes.indexOf("export async function answerApi"), routes.indexOf("function decodePart"));
  return ["actions", ...[...body.matchAll(/case "([a-z-]+)":/g)].map(([, name]) => name ?? "")].sort();
}

describe.skipIf(!hasKubectl)("what is secret", () => {
  const work = new Repository();
  const bare = mkdtempSync(join(tmpdir(), "keelson-bare-"));
  let home: Home;
  let console: ConsoleClient;
  let token = "";
  const asked = new Set<string>();

  const get = async (path: string): Promise<string> => {
    asked.add(/^\/api\/([a-z]+)/.exec(path)?.[1] ?? "");
    return (await console.send("GET", path)).text;
  };
  const cards = async (): Promise<readonly Card[]> => (await console.read<FleetState>(apiPaths.fleet())).cards;
  const cardWhen = (name: string, test: (card: Card) => boolean): Promise<Card> =>
    until(
      name,
      async () => {
        const found = (await cards()).find(({ key }) => key === name);
        if (found !== undefined && test(found)) return found;
        throw new Error(JSON.stringify(found));
      },
      120_000,
    );
  const make = async (text: string): Promise<void> => {
    await until("an object", async () =>
      (await home.kubectl(["apply", "-f", "-"], text)).status === 0 ? true : undefined,
    );
  };

  beforeAll(async () => {
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", bare]);
    work.write(files).commit("everything that is secret");
    work.git("push", "-q", bare, "HEAD:main");
    home = new Home({ args: ["--repo", bare, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(60_000);
    console = await ConsoleClient.of(() => home.output);
    token = /\?token=([\w-]+)/.exec(home.output)?.[1] ?? "";
    const key = readFileSync(join(testdata, "keys", "age.agekey"), "utf8");
    const reach = readFileSync(home.kubeconfig, "utf8");
    await make(secret("keys", "flux-system", { "age.agekey": key }));
    await make(secret("cluster", "flux-system", { value: reach }));
    await make(secret("web-values", "shop", { "values.yaml": `password: ${canaries.values}\n` }));
    const ready = ({ ready: status }: Card): boolean => status === "True";
    await cardWhen("HelmRelease/shop/web", ready);
    for (const name of ["shop", "sealed", "remote"]) await cardWhen(`Kustomization/flux-system/${name}`, ready);
    for (const name of ["by-address", "by-secret"])
      await cardWhen(`GitRepository/flux-system/${name}`, (card) => card.ready === "False");
  });

  afterAll(async () => {
    await home?.[Symbol.asyncDispose]();
    work[Symbol.dispose]();
    rmSync(bare, { recursive: true, force: true });
  });

  it("is really there", async () => {
    const held = async (name: string, space: string): Promise<string> =>
      JSON.stringify(
        Object.values((await home.object("secret", name, space))?.data ?? {}).map((text) =>
          Buffer.from(text, "base64").toString(),
        ),
      );
    expect(await held("keys", "shop")).toContain(canaries.plain);
    expect(await held("database", "shop")).toContain(canaries.sealed);
    expect(await held("web", "shop")).toContain(canaries.values);
    expect(await held("cluster", "flux-system")).toContain(clientKey());
    expect((await home.object("configmap", "web", "shop"))?.data?.["careless"]).toBe(`hello ${canaries.values}`);
  });

  it("is in no answer, no stream and no file of the page", async () => {
    const deliveries = await cards();
    const streams = [apiPaths.stream({}), ...deliveries.map(({ key }) => apiPaths.stream({ of: key }))].map((path) => {
      asked.add("stream");
      return console.stream(path);
    });
    await until("the streams", async () =>
      streams.every(({ text }) => text().includes("event: hello")) ? true : undefined,
    );
    // Something moves in all of them.
    for (const [kind, name] of [
      ["configmap", "settings"],
      ["configmap", "web"],
      ["secret", "keys"],
      ["secret", "web"],
    ] as const)
      await home.kubectl(["patch", kind, name, "-n", "shop", "--type=merge", "-p", '{"data":{"colour":"YmxhY2s="}}']);
    await cardWhen("Kustomization/flux-system/shop", ({ drift }) => drift.length > 0);
    await cardWhen("HelmRelease/shop/web", ({ drift }) => drift.length > 0);
    await get(apiPaths.session());
    await get(apiPaths.fleet());
    for (const q of ["web", "secret", canaries.plain, canaries.values]) await get(apiPaths.search({ q }));
    for (const card of deliveries) await askDelivery(card);
    await get(apiPaths.timeline({}));
    await get(apiPaths.moment({ at: Date.now() }));
    for (const path of ["/", "/metrics", "/healthz", "/readyz", "/nothing", "/auth/sign-in"])
      await console.send("GET", path);
    const page = (await console.send("GET", "/")).text;
    const parts = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(parts.length).toBeGreaterThan(0);
    for (const path of parts) expect((await console.send("GET", path)).status).toBe(200);
    await until("news", async () =>
      streams.every(({ text }) => text().includes("event: changes")) ? true : undefined,
    );
    for (const stream of streams) stream.stop();
    expect([...asked].sort()).toEqual(addresses());
    expect(console.heard.join("\n")).toContain("<secret ");
    const searched = new Set([canaries.plain, canaries.values]);
    for (const [name, canary] of Object.entries({ ...canaries, token, key: clientKey() }))
      for (const text of [canary, Buffer.from(canary).toString("base64")]) {
        const found = console.heard.find(
          (one) => one.includes(text) && !(searched.has(canary) && one.includes('"terms"')),
        );
        expect(found?.slice(0, 400), `${name} as ${text}`).toBeUndefined();
      }
  });

  /** What proves in the kubeconfig who one is. */
  function clientKey(): string {
    const text = readFileSync(home.kubeconfig, "utf8");
    const found = /(?:client-key-data|token): (\S+)/.exec(text)?.[1] ?? "";
    expect(found).not.toBe("");
    return found;
  }

  async function askDelivery(card: Card): Promise<void> {
    const link = { kind: card.kind, namespace: card.namespace, name: card.name };
    const page = JSON.parse(await get(apiPaths.delivery(link))) as DeliveryPage;
    for (const which of ["pending", "last"] as const) await get(apiPaths.plan(link, { which }));
    for (const entry of page.history) await get(apiPaths.plan(link, { which: "pending", revision: entry.to }));
    const tree = JSON.parse(await get(apiPaths.objects(link))) as Tree;
    const own: ObjectLink = { ...link, group: tree.nodes[0]?.group ?? "source.toolkit.fluxcd.io" };
    for (const node of [own, ...tree.nodes]) await get(apiPaths.object(node));
    for (const name of ["credentials", "cluster", "keys"])
      await get(apiPaths.object({ group: "", kind: "Secret", namespace: "flux-system", name }));
    await get(apiPaths.timeline({ delivery: linkKey(link) }));
    await get(apiPaths.moment({ at: Date.now(), delivery: linkKey(link) }));
    const actions: Action[] = ["reconcile", "suspend", "resume", "approve", "heal", "accept", "roll-back"];
    for (const action of actions)
      for (const how of ["commit", "pin"] as const) {
        asked.add("actions");
        const revision = page.history.at(-1)?.to;
        await console.send("POST", apiPaths.actionPlan(), { action, link, how, revision, reason: "to see" });
      }
    const done = await console.send("POST", apiPaths.actionPlan(), { action: "reconcile", link });
    const { id } = JSON.parse(done.text) as { id?: string };
    await console.send("POST", apiPaths.action(), { action: "reconcile", link, plan: id });
  }
});
