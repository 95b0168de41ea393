// A HelmRelease in the console: what it holds, what its chart says beside what runs, its revisions with their charts, a drift, and the
// way back to an earlier revision and forward again.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, openBrowser } from "./browser.ts";
import { axeFindings, consoleAddress, type Visit, visit } from "./console-page.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const paint = "/HelmRelease/flux-system/paint";
const object = "/object/-/ConfigMap/flux-system/paint?from=HelmRelease%2Fflux-system%2Fpaint";

const chart: Record<string, string> = {
  "charts/paint/Chart.yaml": "apiVersion: v2\nname: paint\nversion: 0.1.0\nappVersion: 1.2.3\n",
  "charts/paint/values.yaml": "colour: blue\n",
  "charts/paint/templates/paint.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  colour: {{ .Values.colour }}\n",
};

const grey = '{"data":{"colour":"grey"}}';

const release = (colour: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: paint
  namespace: flux-system
spec:
  interval: 10m
  driftDetection: {mode: warn}
  chart:
    spec:
      chart: ./charts/paint
      sourceRef: {kind: GitRepository, name: flux-system}
  values: {colour: ${colour}}
`;

describe.skipIf(!hasChromium || !hasKubectl)("a release in the console", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let seen: Visit;

  const commit = (colour: string): string =>
    repository.write({ "clusters/demo/paint.yaml": release(colour) }).commit(`${colour} paint`);
  const live = (colour: string) =>
    until(
      `paint to be ${colour}`,
      async () => {
        const found = (await home.object("configmap", "paint", "flux-system"))?.data?.["colour"];
        if (found === colour) return true;
        throw new Error(`it is ${found}`);
      },
      patienceMs,
    );
  const go = async (path: string): Promise<void> => {
    await seen.page.goto(seen.base + path);
    await seen.page.getByRole("heading", { level: 1 }).first().waitFor();
  };

  beforeAll(async () => {
    repository.git("config", "receive.denyCurrentBranch", "updateInstead");
    repository.write(chart);
    commit("green");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(patienceMs);
    await live("green");
    await home.readyCondition("helmrelease", "paint", "True", patienceMs);
    commit("red");
    await live("red");
    await home.readyCondition("helmrelease", "paint", "True", patienceMs);
    browser = await openBrowser();
    seen = await visit(browser, await consoleAddress(home));
  });

  afterAll(async () => {
    await browser?.close();
    await home?.[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  it("shows what it holds, as a graph and as a list", async () => {
    const { page } = seen;
    await go(paint);
    await page.getByRole("tree").getByRole("link", { name: "paint", exact: true }).waitFor();
    await page.keyboard.press("v");
    await page.getByRole("table", { name: "Objects" }).getByRole("link", { name: "paint", exact: true }).waitFor();
  });

  it("shows its plan, now and last", async () => {
    const { page } = seen;
    await go(`${paint}?tab=plan`);
    await page.getByText(/Nothing to do/).waitFor();
    await page.keyboard.press("p");
    await page.locator(".field-diffs").getByText("data.colour").waitFor();
    expect(await page.locator(".field-diffs").innerText()).toMatch(/green[\s\S]*red/);
  });

  it("goes back to an earlier revision, the plan first, and on again", async () => {
    const { page } = seen;
    await go(`${paint}?tab=history`);
    const rows = page.locator(".history li");
    const first = rows.filter({ hasText: "v1" }).first();
    await first.getByText(/paint 0\.1\.0/).waitFor();
    await first.getByRole("button", { name: /Roll back/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("button.primary:focus").waitFor();
    const holding = dialog.getByRole("radio", { name: /holding/ });
    if ((await holding.count()) > 0) await holding.check();
    await dialog.getByRole("button", { name: "Roll back", exact: true, disabled: false }).click();
    await dialog.waitFor({ state: "detached" });
    await live("green");
    await page.getByRole("button", { name: "Resume…", disabled: false }).click();
    await dialog.locator("button.primary:focus").waitFor();
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await live("red");
  });

  it("shows an object beside its chart, the template and the values that state it, and a drift", async () => {
    const { page } = seen;
    await home.kubectl(["patch", "configmap", "paint", "-n", "flux-system", "--type=merge", "-p", grey]);
    await go(object);
    await page.getByText("1 field not as the chart says").waitFor();
    expect(await page.locator(".field-diffs").innerText()).toMatch(/grey[\s\S]*red/);
    await page
      .locator(".about")
      .getByText(/charts\/paint\/templates\/paint\.yaml/)
      .first()
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it("had no error", () => expect(seen.troubles).toEqual([]));
});
