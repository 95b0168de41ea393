// A console that may only be looked at: everything is shown, nothing that would change anything is offered, and whoever asks for it
// all the same is refused with the reason.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Action } from "../engine/src/api/console/index.ts";
import { hasChromium, openBrowser } from "./browser.ts";
import { ConsoleClient } from "./console-client.ts";
import { axeFindings, consoleAddress, type Visit, visit } from "./console-page.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const shop = "/Kustomization/flux-system/shop";
const noted = "/object/-/ConfigMap/shop/noted?from=Kustomization%2Fflux-system%2Fshop";
const actions: readonly Action[] = ["reconcile", "suspend", "resume", "approve", "heal", "accept", "roll-back"];

describe.skipIf(!hasChromium || !hasKubectl)("a console that is read-only", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let seen: Visit;

  beforeAll(async () => {
    const files = {
      "clusters/demo/shop.yaml": kustomization("shop", "./shop"),
      "shop/namespace.yaml": namespace("shop"),
      "shop/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
    };
    repository.write(files).commit("a shop");
    const args = ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo", "--console-read-only"];
    home = new Home({ args });
    home.start();
    await home.ready(patienceMs);
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
    // Something to heal, to accept and to go back to.
    repository.write({ "shop/more.yaml": configMap("more", { a: "b" }, "shop") }).commit("more");
    await until("the commit", () => home.object("configmap", "more", "shop"), patienceMs);
    const change = ["patch", "configmap", "noted", "-n", "shop", "--type=merge", "-p", '{"data":{"colour":"red"}}'];
    await home.kubectl(change);
    browser = await openBrowser();
    seen = await visit(browser, await consoleAddress(home));
  });

  afterAll(async () => {
    await browser?.close();
    await home?.[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  const go = async (path: string): Promise<void> => {
    await seen.page.goto(seen.base + path);
    await seen.page.getByRole("heading", { level: 1 }).first().waitFor();
  };

  it("says so on every page", async () => {
    for (const path of ["/", shop, noted, "/timeline"]) {
      await go(path);
      await seen.page.getByText(/^Read-only: /).waitFor();
    }
  });

  it("offers no action that could be taken, by the pointer or by a key, and says why", async () => {
    const { page } = seen;
    for (const [path, least] of [
      [shop, 4],
      [noted, 2],
    ] as const) {
      await go(path);
      await page.getByRole("button", { name: /^Heal/ }).waitFor();
      await page.locator("#why-not").filter({ hasText: /\w/ }).waitFor();
      const buttons = page.getByRole("group", { name: "Actions" }).getByRole("button");
      expect(await buttons.count()).toBeGreaterThanOrEqual(least);
      for (const button of await buttons.all()) expect(await button.getAttribute("aria-disabled")).toBe("true");
      for (const key of path === shop ? ["r", "s", "H", "A"] : ["H", "A"]) {
        await page.keyboard.press(key);
        await page.locator(".notice").waitFor();
        expect(await page.getByRole("dialog").count()).toBe(0);
      }
    }
    await go(`${shop}?tab=history`);
    await page.getByText(/No way back from here/).waitFor();
    expect(await page.getByRole("button", { name: /Roll back/ }).count()).toBe(0);
    await page.keyboard.press("R");
    await page.locator(".notice").filter({ hasText: "Roll back" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it("refuses every action, with the reason", async () => {
    const client = await ConsoleClient.of(() => home.output);
    const link = { kind: "Kustomization", namespace: "flux-system", name: "shop" };
    for (const action of actions) {
      for (const path of ["/api/actions/plan", "/api/actions"]) {
        const refusal = await client.refusal(path, { action, link, reason: "to see", plan: "0" });
        expect({ action, path, status: refusal.status, code: refusal.code }).toEqual({
          action,
          path,
          status: 403,
          code: "read-only",
        });
        expect(refusal.message).not.toBe("");
      }
    }
    expect((await home.object("configmap", "noted", "shop"))?.data?.["colour"]).toBe("red");
  });

  it("had no error", () => expect(seen.troubles).toEqual([]));
});
