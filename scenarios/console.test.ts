// The console in a real browser against the embedded home with a real fleet: every page and action, what happens while one
// looks, and what a browser does by itself: back, forward, reload, a lost connection.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, openBrowser } from "./browser.ts";
import { axeFindings, type Door, frontDoor, type Visit, visit } from "./console-page.ts";
import { configMap, deployment, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;

const canary = "canary-5f1d9c0b7e";

const files: Record<string, string> = {
  "clusters/demo/infra.yaml": kustomization("infra", "./infra"),
  "clusters/demo/shop.yaml": kustomization("shop", "./apps/shop", "  wait: true\n  dependsOn: [{name: infra}]\n"),
  "clusters/demo/broken.yaml": kustomization("broken", "./apps/broken"),
  "clusters/demo/late.yaml": kustomization("late", "./apps/late", "  dependsOn: [{name: broken}]\n"),
  "infra/shop.yaml": namespace("shop"),
  "apps/shop/web.yaml": deployment("web", "shop").replace(
    "  namespace: shop\n",
    "  namespace: shop\n  labels: {tier: front}\n",
  ),
  "apps/shop/settings.yaml": configMap("settings", { colour: "blue" }, "shop"),
  "apps/shop/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
  "apps/shop/keys.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\nstringData: {password: ${canary}}\n`,
  "apps/late/settings.yaml": configMap("late", { a: "b" }, "shop"),
  "apps/broken/kustomization.yaml": "resources: [absent.yaml]\n",
};

const shop = "/Kustomization/flux-system/shop";
const broken = "/Kustomization/flux-system/broken";
const noted = "/object/-/ConfigMap/shop/noted?from=Kustomization%2Fflux-system%2Fshop";

describe.skipIf(!hasChromium || !hasKubectl)("the console", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let door: Door;
  let address: URL;
  let seen: Visit;

  beforeAll(async () => {
    repository.write(files);
    repository.commit("a shop");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(patienceMs);
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
    await home.readyCondition("kustomization", "broken", "False", patienceMs);
    ({ door, address } = await frontDoor(home));
    browser = await openBrowser();
    seen = await visit(browser, address);
  });

  afterAll(async () => {
    await browser?.close();
    await door?.[Symbol.asyncDispose]();
    await home?.[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  const go = async (path: string): Promise<void> => {
    await seen.page.goto(seen.base + path);
    await seen.page.getByRole("heading", { level: 1 }).waitFor();
  };
  const row = (name: string) =>
    seen.page.getByRole("row").filter({ has: seen.page.getByRole("link", { name, exact: true }) });
  const patch = (name: string, data: string) =>
    home.kubectl(["patch", "configmap", name, "-n", "shop", "--type=merge", "-p", data]);

  it("shows the fleet, what needs a person first, and why", async () => {
    await go("/");
    await row("shop").waitFor();
    const names = await seen.page.locator(".card-row .cell-name a").allInnerTexts();
    expect(names[0]).toBe("broken");
    expect(await row("broken").innerText()).toMatch(/failed[\s\S]*absent\.yaml/);
    expect(await row("late").innerText()).toMatch(/waiting[\s\S]*broken/);
    expect(await row("shop").innerText()).toContain("a shop");
  });

  it("keeps the filter in the address, through back, forward and reload", async () => {
    await go("/");
    await seen.page.getByRole("button", { name: "failed" }).click();
    await row("shop").waitFor({ state: "detached" });
    expect(new URL(seen.page.url()).searchParams.get("q")).toBe("state:failed");
    await row("broken").getByRole("link").click();
    await seen.page.getByRole("heading", { level: 1, name: "broken" }).waitFor();
    await seen.page.goBack();
    await row("broken").waitFor();
    expect(await row("shop").count()).toBe(0);
    await seen.page.reload();
    await row("broken").waitFor();
    expect(await row("shop").count()).toBe(0);
    await seen.page.goBack();
    await row("shop").waitFor();
    await seen.page.goForward();
    await row("shop").waitFor({ state: "detached" });
  });

  it("finds every object by name, kind, image and label", async () => {
    for (const words of ["image:registry.example.com", "kind:Deployment web", "label:tier=front kind:Deployment"]) {
      await go(`/?q=${encodeURIComponent(words)}`);
      await seen.page
        .getByRole("region", { name: "Objects found" })
        .getByRole("link", { name: "web", exact: true })
        .first()
        .waitFor();
    }
  });

  it("groups the fleet, and closes a group", async () => {
    await go("/?group=namespace");
    await row("shop").waitFor();
    await seen.page.getByRole("button", { name: "flux-system" }).click();
    await row("shop").waitFor({ state: "detached" });
  });

  it("shows a delivery: graph, list, plan, why, events, log and history", async () => {
    await go(shop);
    const graph = seen.page.getByRole("tree");
    await graph.getByRole("link", { name: "web", exact: true }).waitFor();
    await graph.getByText("ReplicaSet").first().waitFor();
    await seen.page.getByRole("button", { name: "List" }).click();
    await seen.page.getByRole("table", { name: "Objects" }).getByRole("link", { name: "settings" }).waitFor();
    await seen.page.getByRole("tab", { name: "Plan" }).click();
    await seen.page.getByText(/Nothing to do/).waitFor();
    await seen.page.getByRole("tab", { name: "Why" }).click();
    await seen.page.getByRole("link", { name: "infra", exact: true }).waitFor();
    await seen.page.getByRole("tab", { name: "Events" }).click();
    await seen.page.getByText("ReconciliationSucceeded").first().waitFor();
    await seen.page.getByRole("tab", { name: "History" }).click();
    await seen.page.getByText(/took/).first().waitFor();
    await seen.page.getByRole("tab", { name: "Log" }).click();
    expect(new URL(seen.page.url()).searchParams.get("tab")).toBe("log");
  });

  it("says what a waiting delivery waits for, and why that fails", async () => {
    await go("/Kustomization/flux-system/late?tab=why");
    await seen.page.getByRole("link", { name: "broken", exact: true }).first().waitFor();
    expect(await seen.page.locator(".chain").innerText()).toMatch(/failed[\s\S]*absent\.yaml/);
  });

  it("shows an object: what Git says, what runs, who owns each field", async () => {
    await go("/object/apps/Deployment/shop/web?from=Kustomization%2Fflux-system%2Fshop");
    const { page } = seen;
    await page.locator("h1").getByText("simulated").waitFor();
    await page.getByRole("button", { name: "All three" }).click();
    for (const name of ["Desired, from Git", "Last applied", "Live, in the cluster"])
      await page.getByRole("region", { name }).getByText("replicas").first().waitFor();
    await page.getByRole("button", { name: "Live, with owners" }).click();
    await page
      .getByRole("button", { name: /kustomize-controller/ })
      .first()
      .waitFor();
    await page.getByRole("tab", { name: "Who owns what" }).click();
    await page.getByRole("cell", { name: "spec.replicas", exact: true }).waitFor();
  });

  it("shows a drift as it comes, and heals it when asked, the plan first", async () => {
    await go("/");
    await row("shop").waitFor();
    await patch("noted", '{"data":{"colour":"red"}}');
    await row("shop").getByText("drifted").waitFor();
    await row("shop").getByRole("link").click();
    await seen.page.getByRole("button", { name: "Heal the drift…" }).click();
    const dialog = seen.page.getByRole("dialog");
    await dialog
      .getByText(/colour/)
      .first()
      .waitFor();
    await dialog.getByRole("button", { name: "Heal", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    await seen.page.locator(".verdict").getByText("ready").waitFor();
    expect((await home.object("configmap", "noted", "shop"))?.data?.["colour"]).toBe("green");
  });

  it("shows what heals by itself among what happened lately", async () => {
    await go("/");
    await patch("settings", '{"data":{"colour":"red"}}');
    await seen.page
      .getByRole("complementary")
      .getByText(/settings/)
      .first()
      .waitFor();
  });

  it("shows the difference of a drifted object, and opens the window for it", async () => {
    await patch("noted", '{"data":{"colour":"violet"}}');
    await go(noted);
    const { page } = seen;
    await page.getByText("1 field not as Git says").waitFor();
    expect(await page.locator(".field-diffs").innerText()).toMatch(/violet[\s\S]*green/);
    await page.getByRole("button", { name: "Heal…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Heal", exact: true }).click();
    await page.getByText("Every field that Git states is as Git says").waitFor();
  });

  it("suspends with a reason, and resumes, by keys alone", async () => {
    // A try before this one may have left it suspended.
    await home.resume("kustomization", "shop");
    await go(shop);
    const { page } = seen;
    // Until one may: rights are read with the page, and again once it has changed.
    await page.getByRole("button", { name: "Suspend…", disabled: false }).waitFor();
    await page.keyboard.press("s");
    const dialog = page.getByRole("dialog");
    await dialog.locator("input:focus").waitFor();
    await page.keyboard.type("while we look");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByText("while we look").first().waitFor();
    await page.getByRole("button", { name: "Resume…", disabled: false }).waitFor();
    await page.keyboard.press("s");
    // What Enter does is what has the focus, once the plan is there.
    await dialog.locator("button:focus", { hasText: "Resume" }).waitFor();
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Suspend…" }).waitFor();
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
  });

  it("reconciles, and shows a new commit while one looks", async () => {
    await go(shop);
    await seen.page.getByRole("button", { name: "Reconcile…" }).click();
    const dialog = seen.page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Reconcile now" }).click();
    await dialog.waitFor({ state: "detached" });
    repository.write({ "apps/shop/settings.yaml": configMap("settings", { colour: "white" }, "shop") });
    repository.commit("white settings");
    await seen.page.locator(".about").getByText("white settings").waitFor();
  });

  it("draws the timeline, and scrubs to a past moment", async () => {
    await go("/timeline");
    const { page } = seen;
    await page.getByText("white settings").first().waitFor();
    await page.getByText("a shop").first().waitFor();
    await page.getByText("Drift", { exact: true }).first().waitFor();
    await page.keyboard.press("[");
    await page.getByRole("region", { name: "How things stood" }).waitFor();
    expect(new URL(page.url()).searchParams.get("at")).toMatch(/^\d+$/);
    await page.keyboard.press("n");
    await page.getByText("Drag back").waitFor();
  });

  it("is driven by keys: rows, help, the palette, places", async () => {
    await go("/");
    const { page } = seen;
    await row("shop").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys and signs" }).getByText("Go to the timeline").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("j");
    await page.locator("[data-row]:focus", { hasText: /^broken$/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "broken" }).waitFor();
    await page.keyboard.press("Escape");
    await row("shop").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Name, kind/ }).fill("shop");
    await page.getByRole("option").filter({ hasText: "Kustomization in flux-system" }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.getByRole("heading", { level: 1, name: "Timeline" }).waitFor();
  });

  it("says when it is not connected, keeps what it knew, and catches up by itself", async () => {
    const before = seen.troubles.length;
    await go("/");
    await row("shop").waitFor();
    door.shut();
    try {
      await seen.page.getByText(/Not connected/).waitFor();
      expect(await row("shop").count()).toBe(1);
      await patch("noted", '{"data":{"colour":"black"}}');
    } finally {
      door.open();
    }
    await seen.page.getByText(/Not connected/).waitFor({ state: "detached" });
    await row("shop").getByText("drifted").waitFor();
    // The browser itself writes a line for each request that failed.
    seen.troubles.splice(
      before,
      seen.troubles.length,
      ...seen.troubles.slice(before).filter((line) => !/net::ERR|Failed to load/.test(line)),
    );
  });

  it("shows a big screen", async () => {
    await go("/wall");
    await seen.page.getByRole("heading", { level: 1, name: /need attention/ }).waitFor();
    await seen.page.getByRole("link", { name: "broken" }).waitFor();
  });

  const places = [
    "/",
    "/?group=namespace&show=sources",
    "/?q=web",
    "/?q=nothing-is-called-so",
    "/wall",
    "/timeline",
    shop,
    ...["view=list", "tab=plan", "tab=why", "tab=events", "tab=log", "tab=history"].map((query) => `${shop}?${query}`),
    broken,
    noted,
    ...["view=live", "view=three", "tab=owners"].map((query) => `${noted}&${query}`),
    "/no/where",
  ];
  const open = async ({ page, base }: Visit, path: string): Promise<void> => {
    await page.goto(base + path);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.locator(".awaiting").first().waitFor({ state: "detached" });
  };

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has nothing that axe finds, in ${colorScheme}`, async () => {
      const guest = await visit(browser, address, { colorScheme });
      const found: string[] = [];
      const look = async (where: string): Promise<void> =>
        void found.push(...(await axeFindings(guest.page)).map((finding) => `${where}: ${finding}`));
      for (const path of places) {
        await open(guest, path);
        await look(path);
      }
      await open(guest, shop);
      await guest.page.keyboard.press("?");
      await guest.page.getByRole("dialog").waitFor();
      await look("help");
      await guest.page.keyboard.press("Escape");
      await guest.page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.keyboard.press("Control+k");
      await guest.page.getByRole("combobox", { name: /Name, kind/ }).fill("shop");
      await guest.page.getByRole("option").first().waitFor();
      await look("palette");
      await guest.page.keyboard.press("Escape");
      await guest.page.getByRole("dialog").waitFor({ state: "detached" });
      await guest.page.getByRole("button", { name: "Suspend…", disabled: false }).click();
      await guest.page.getByRole("dialog").getByRole("textbox").waitFor();
      await look("an action's window");
      expect(found).toEqual([]);
      await guest.context.close();
    });
  }

  it("fits a phone: nothing is wider than the screen", async () => {
    const guest = await visit(browser, address, { width: 390, height: 844 });
    const wide: string[] = [];
    for (const path of places) {
      await open(guest, path);
      const over = await guest.page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
      if (over > 0) wide.push(`${path}: ${over} px`);
    }
    expect(wide).toEqual([]);
    await guest.context.close();
  });

  it("shows no secret anywhere: not in a page, not in an answer", async () => {
    const { page, answers } = seen;
    const texts: string[] = [];
    for (const path of ["/", shop, `${shop}?tab=plan`, "/timeline"]) {
      await go(path);
      texts.push(await page.content());
    }
    for (const view of ["", "&view=three", "&view=live", "&tab=owners"]) {
      await go(`/object/-/Secret/shop/keys?from=Kustomization%2Fflux-system%2Fshop${view}`);
      await page.getByRole("tab", { name: "Who owns what" }).waitFor();
      texts.push(await page.content());
    }
    const all = [...texts, ...answers].join("\n");
    expect(all).toContain("password");
    for (const form of [canary, Buffer.from(canary).toString("base64"), encodeURIComponent(canary)])
      expect(all.includes(form)).toBe(false);
  });

  it("asks who one is, and lets in with the token alone", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${seen.base}${shop}`);
    await page.getByRole("heading", { name: "Sign in to Keelson" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel("Token").fill(address.searchParams.get("token") ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    expect(page.url()).not.toContain("token");
    await context.close();
  });

  it("had no error, and asked nobody else for anything", () => expect(seen.troubles).toEqual([]));

  it("folds a graph of a thousand objects, draws what is in view, and opens a group", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => configMap(`many-${index}`, { n: String(index) }, "shop"));
    repository.write({
      "clusters/demo/many.yaml": kustomization("many", "./apps/many"),
      "apps/many/all.yaml": many.join("---\n"),
    });
    repository.commit("a thousand objects");
    await home.readyCondition("kustomization", "many", "True", patienceMs);
    const guest = await visit(browser, address);
    await guest.page.goto(`${guest.base}/Kustomization/flux-system/many`);
    const group = guest.page.getByRole("button", { name: "1000 ConfigMaps" });
    await group.click();
    await guest.page.getByRole("link", { name: "many-0", exact: true }).waitFor();
    expect(await guest.page.locator(".node").count()).toBeLessThan(120);
    await guest.page.locator(".graph-box").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await until("the last of them", async () =>
      (await guest.page.getByRole("link", { name: "many-999", exact: true }).count()) === 1 ? true : undefined,
    );
    expect(await guest.page.locator(".node").count()).toBeLessThan(120);
    expect(guest.troubles).toEqual([]);
    await guest.context.close();
  });
});
