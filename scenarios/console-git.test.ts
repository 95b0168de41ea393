// What the console does to Git, in a browser: a roll-back as a commit, a roll-back as a pin, a drift accepted into the file that
// states it. Each is shown before, as a diff; then the repository holds it, and the cluster follows.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, openBrowser } from "./browser.ts";
import { consoleAddress, type Visit, visit } from "./console-page.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const shop = "/Kustomization/flux-system/shop";
const settings = "shop/settings.yaml";

describe.skipIf(!hasChromium || !hasKubectl)("the console and Git", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let seen: Visit;

  beforeAll(async () => {
    repository.write({
      "clusters/demo/shop.yaml": kustomization("shop", "./shop"),
      "shop/namespace.yaml": namespace("shop"),
      "shop/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
    });
    // What is pushed to it is checked out as well.
    repository.git("config", "receive.denyCurrentBranch", "updateInstead");
    paint("blue");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(patienceMs);
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
    browser = await openBrowser();
    seen = await visit(browser, await consoleAddress(home));
  });

  afterAll(async () => {
    await browser?.close();
    await home?.[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  const paint = (colour: string): void => {
    repository.write({ [settings]: configMap("settings", { colour }, "shop") }).commit(`${colour} settings`);
  };
  /** A new commit is there, and the page offers to go back to the one before it. */
  const paintAndGoBack = async (colour: string): Promise<void> => {
    const { page, base } = seen;
    // A try before this one may have left it pinned.
    const unpinned = ["annotate", "kustomization", "shop", "-n", "flux-system", "keelson.dev/pinned-revision-"];
    await home.kubectl(unpinned);
    paint(colour);
    const newest = page.locator(".history li").first();
    await until(
      "the commit in the history",
      async () => {
        await page.goto(`${base}${shop}?tab=history`);
        await newest.getByText(`${colour} settings`).waitFor({ timeout: 10_000 });
        return true;
      },
      patienceMs,
    );
    await page.getByRole("button", { name: "Roll back to this", disabled: false }).first().click();
    await page.getByRole("dialog").locator("button.primary:focus").waitFor();
  };
  const agree = async (verb: string): Promise<void> => {
    const dialog = seen.page.getByRole("dialog");
    await dialog.getByRole("button", { name: verb, exact: true, disabled: false }).click();
    await dialog.waitFor({ state: "detached" });
  };
  const live = (name: string, isRight: (colour: string | undefined) => boolean) =>
    until(
      `${name} to have its colour`,
      async () => (isRight((await home.object("configmap", name, "shop"))?.data?.["colour"]) ? true : undefined),
      patienceMs,
    );
  const inGit = (path: string): string => repository.git("show", `HEAD:${path}`);

  it("rolls back by a commit, the diff first", async () => {
    const { page } = seen;
    await paintAndGoBack("orange");
    const dialog = page.getByRole("dialog");
    expect(await dialog.innerText()).toMatch(/settings\.yaml[\s\S]*orange/);
    await agree("Roll back");
    await page.locator(".about").getByText("Roll back").waitFor();
    expect(inGit(settings)).not.toContain("orange");
    await live("settings", (colour) => colour !== "orange");
  });

  it("rolls back by keys alone: jump to it, its history, the commit before, the plan, done", async () => {
    const { page, base } = seen;
    const unpinned = ["annotate", "kustomization", "shop", "-n", "flux-system", "keelson.dev/pinned-revision-"];
    await home.kubectl(unpinned);
    paint("violet");
    await page.goto(base);
    await page.getByRole("link", { name: "shop", exact: true }).first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Name, kind/ }).waitFor();
    await page.keyboard.type("shop");
    await page.locator('[role="option"][aria-selected="true"]', { hasText: "Kustomization in" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    await page.getByRole("tab", { name: "History" }).waitFor();
    await page.keyboard.press("6");
    const rows = page.locator(".history li");
    await until(
      "the commit in the history",
      async () => {
        await rows
          .first()
          .getByText("violet settings")
          .waitFor({ timeout: 10_000 })
          .catch(() => page.reload());
        return (await rows.first().getByText("violet settings").count()) > 0 ? true : undefined;
      },
      patienceMs,
    );
    await rows
      .nth(1)
      .getByRole("button", { name: /Roll back/ })
      .waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.locator('[data-row="1"]:focus').waitFor();
    await page.keyboard.press("R");
    // What Enter does is what has the focus, once the plan is there.
    await page.getByRole("dialog").locator("button.primary:focus", { hasText: "Roll back" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await live("settings", (colour) => colour !== "violet");
    expect(inGit(settings)).not.toContain("violet");
    // The focus is back where one was.
    await page.locator("[data-row]:focus").waitFor();
  });

  it("pins where that is chosen, and resumes", async () => {
    const { page } = seen;
    await paintAndGoBack("pink");
    await page.getByRole("radio", { name: /holding/ }).check();
    await agree("Roll back");
    await page
      .getByText(/pinned at/)
      .first()
      .waitFor();
    await live("settings", (colour) => colour !== "pink");
    expect(inGit(settings)).toContain("pink");
    await page.getByRole("button", { name: "Resume…", disabled: false }).click();
    await page.getByRole("dialog").locator("button.primary:focus").waitFor();
    await agree("Resume");
    await live("settings", (colour) => colour === "pink");
  });

  it("accepts a drift into the file that states it", async () => {
    const { page, base } = seen;
    await home.kubectl([
      "patch",
      "configmap",
      "noted",
      "-n",
      "shop",
      "--type=merge",
      "-p",
      '{"data":{"colour":"amber"}}',
    ]);
    await page.goto(base + shop);
    await page.locator(".drifts").getByText(/amber/).waitFor();
    await page.getByRole("button", { name: "Accept into Git…", disabled: false }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("button.primary:focus").waitFor();
    expect(await dialog.innerText()).toMatch(/noted\.yaml[\s\S]*amber/);
    await agree("Accept");
    await page.locator(".drifts").waitFor({ state: "detached" });
    expect(inGit("shop/noted.yaml")).toContain("amber");
    await live("noted", (colour) => colour === "amber");
  });
});
