// Every page of the console on every size of screen, and what a browser does by itself: reload, back and forward keep the view;
// nothing is wider than the screen, nothing jumps, axe finds nothing on a phone either, light or dark; times follow the zone that one chose.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, openBrowser } from "./browser.ts";
import { axeFindings, consoleAddress, type Visit, visit } from "./console-page.ts";
import { configMap, deployment, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const shop = "/Kustomization/flux-system/shop";
const podinfo = "/HelmRelease/flux-system/little";
const from = "?from=Kustomization%2Fflux-system%2Fshop";
const noted = `/object/-/ConfigMap/shop/noted${from}`;

const places = [
  "/",
  "/?show=sources",
  "/?q=web&group=namespace&sort=name",
  "/timeline?delivery=Kustomization%2Fflux-system%2Fshop",
  "/wall",
  ...["", "?view=list", "?find=web", "?tab=plan", "?tab=why", "?tab=events", "?tab=log", "?tab=history"].map(
    (query) => shop + query,
  ),
  ...["", "?view=list", "?tab=plan", "?tab=why", "?tab=history"].map((query) => podinfo + query),
  ...["", "&view=three", "&view=live", "&tab=owners", "&tab=events"].map((query) => noted + query),
  "/GitRepository/flux-system/flux-system",
];

/** Where there is nothing: each says so. */
const nowhere = [
  "/Kustomization/flux-system/shop-of-a-name-that-nobody-has",
  `/object/apps/Deployment/shop/gone${from}`,
  "/no/page",
];

/** What one notices, by the measure of browsers; a busy machine's answers come in pieces. */
const shiftMost = 0.2;

const chart: Record<string, string> = {
  "charts/little/Chart.yaml": "apiVersion: v2\nname: little\nversion: 0.1.0\nappVersion: 1.2.3\n",
  "charts/little/values.yaml": "colour: blue\n",
  "charts/little/templates/settings.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  colour: {{ .Values.colour }}\n",
  "clusters/demo/little.yaml": `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: little
  namespace: flux-system
spec:
  interval: 10m
  chart:
    spec:
      chart: ./charts/little
      sourceRef: {kind: GitRepository, name: flux-system}
`,
};

describe.skipIf(!hasChromium || !hasKubectl)("the console's views", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let address: URL;

  beforeAll(async () => {
    const files = {
      "clusters/demo/shop.yaml": kustomization("shop", "./shop"),
      "shop/namespace.yaml": namespace("shop"),
      "shop/web.yaml": deployment("web", "shop"),
      "shop/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
    };
    repository.write({ ...files, ...chart }).commit("a shop and a chart");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(patienceMs);
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
    await home.readyCondition("helmrelease", "little", "True", patienceMs);
    await home.kubectl([
      "patch",
      "configmap",
      "noted",
      "-n",
      "shop",
      "--type=merge",
      "-p",
      '{"data":{"colour":"red"}}',
    ]);
    address = await consoleAddress(home);
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await home?.[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  const settled = async (page: Page): Promise<void> => {
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.locator(".awaiting").first().waitFor({ state: "detached" });
  };
  const open = async ({ page, base }: Visit, path: string): Promise<void> => {
    await page.goto(base + path);
    await settled(page);
  };
  /** What tells one view from another: page, tab, what is pressed, what is typed. */
  const viewOf = (page: Page): Promise<string> => page.evaluate<string>(describeView);

  it("are the same after a reload, and on the way back and forward", async () => {
    const guest = await visit(browser, address);
    const { page } = guest;
    const views: string[] = [];
    for (const path of places) {
      await open(guest, path);
      const view = await viewOf(page);
      views.push(view);
      await page.reload();
      await until(`${path} after a reload`, async () => ((await viewOf(page)) === view ? true : undefined), patienceMs);
    }
    for (let back = places.length - 2; back >= places.length - 8; back--) {
      await page.goBack();
      await until(
        `back at ${places[back]}`,
        async () => ((await viewOf(page)) === views[back] ? true : undefined),
        patienceMs,
      );
    }
    for (let on = places.length - 7; on < places.length; on++) {
      await page.goForward();
      await until(
        `on at ${places[on]}`,
        async () => ((await viewOf(page)) === views[on] ? true : undefined),
        patienceMs,
      );
    }
    expect(guest.troubles).toEqual([]);
    await guest.context.close();
  });

  const screens: [name: string, width: number, height: number][] = [
    ["a phone", 390, 844],
    ["a small laptop", 1_024, 768],
    ["a television", 2_560, 1_440],
  ];
  for (const [name, width, height] of screens) {
    it(`fit ${name}: nothing is wider, nothing jumps`, async () => {
      const guest = await visit(browser, address, { width, height });
      const { page } = guest;
      await page.addInitScript(watchShifts);
      const wrong: string[] = [];
      for (const path of [...places, ...nowhere]) {
        await open(guest, path);
        const over = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
        if (over > 0) wrong.push(`${path}: ${over} px too wide`);
        const shift = Number(await page.evaluate("globalThis.shift"));
        if (shift > shiftMost) wrong.push(`${path}: jumps by ${shift}`);
        for (const colorScheme of width < 500 ? (["light", "dark"] as const) : []) {
          await page.emulateMedia({ colorScheme });
          wrong.push(...(await axeFindings(page)).map((finding) => `${path}, ${colorScheme}: ${finding}`));
        }
      }
      expect(wrong).toEqual([]);
      await guest.context.close();
    });
  }

  it("tell times in the zone that one chose, in every tab, from then on", async () => {
    const context = await browser.newContext({ timezoneId: "Asia/Kathmandu" });
    context.setDefaultTimeout(150_000);
    const page = await context.newPage();
    await page.goto(address.href);
    const at = Date.UTC(2026, 0, 2, 3, 4, 5);
    const openMoment = async (): Promise<void> => {
      await page.goto(`${address.origin}/timeline?at=${at}`);
      await page.locator(".scrubber-words b").waitFor();
    };
    await openMoment();
    expect(await page.locator(".scrubber-words b").innerText()).toContain("2026-01-02 08:49:05");
    await page.keyboard.press("z");
    await page.locator(".scrubber-words b", { hasText: "2026-01-02 03:04:05 UTC" }).waitFor();
    await openMoment();
    expect(await page.locator(".scrubber-words b").innerText()).toBe("2026-01-02 03:04:05 UTC");
    await page.keyboard.press("z");
    await page.locator(".scrubber-words b", { hasText: "08:49:05" }).waitFor();
    await context.close();
  });

  it("stand still where motion is not wanted", async () => {
    const guest = await visit(browser, address);
    await open(guest, shop);
    const moving = await guest.page.evaluate<number>(countMoving);
    expect(moving).toBe(0);
    await guest.context.close();
  });
});

/** In the page: how far what one sees has moved by itself. */
const watchShifts = `globalThis.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });`;

/** In the page. */
const describeView = `JSON.stringify([
  document.title,
  [...document.querySelectorAll('main [aria-selected="true"][role="tab"], main [aria-pressed="true"], main [aria-current]')]
    .map((one) => one.textContent),
  [...document.querySelectorAll("main input, main select")].map((field) => field.value),
])`;

/** In the page. */
const countMoving = `[...document.querySelectorAll("*")].filter((one) => {
  const { animationName, transitionDuration } = getComputedStyle(one);
  return animationName !== "none" || transitionDuration !== "0s";
}).length`;
