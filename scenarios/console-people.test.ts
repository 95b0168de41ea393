// Two people before one console in two browsers: both sign in at an issuer; one may look, one may act. What one may not is not
// hidden: it says why. What the other does is seen at once; who signs out in one tab is out in all.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasChromium, openBrowser } from "./browser.ts";
import { axeFindings, consoleAddress, Door } from "./console-page.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Issuer, type Person } from "./issuer.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const shop = "/Kustomization/flux-system/shop";
const ann: Person = { email: "ann@acme.example", groups: ["developers"] };
const bob: Person = { email: "bob@acme.example", groups: ["developers"] };

const files: Record<string, string> = {
  "clusters/demo/shop.yaml": kustomization("shop", "./shop"),
  "shop/namespace.yaml": namespace("shop"),
  "shop/settings.yaml": configMap("settings", { colour: "blue" }, "shop"),
};

const rbac = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lookers}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: developers-look}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lookers}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: bob-acts}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ${bob.email}}]
`;

describe.skipIf(!hasChromium || !hasKubectl)("two people in two browsers", () => {
  const repository = new Repository();
  let issuer: Issuer;
  let door: Door;
  let home: Home;
  let browser: Browser;
  let base: string;

  beforeAll(async () => {
    repository.write(files).commit("a shop");
    issuer = await Issuer.start();
    door = await Door.before();
    base = `http://127.0.0.1:${door.port}`;
    const signIn = ["--console-url", base, "--oidc-issuer-url", issuer.url, "--oidc-client-id", "console"];
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo", ...signIn] });
    home.start();
    await home.ready(patienceMs);
    expect((await home.kubectl(["apply", "-f", "-"], rbac)).err).toBe("");
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
    door.leadTo(Number((await consoleAddress(home)).port));
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await home?.[Symbol.asyncDispose]();
    await door?.[Symbol.asyncDispose]();
    issuer?.close();
    repository[Symbol.dispose]();
  });

  /** A browser of one's own, signed in at the issuer, on the page of the delivery. */
  const enter = async (person: Person): Promise<Page> => {
    issuer.expect(person);
    const context = await browser.newContext();
    context.setDefaultTimeout(150_000);
    const page = await context.newPage();
    await page.goto(base + shop);
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    return page;
  };

  it("leads back to the page that one came for, as who one is", async () => {
    const page = await enter(ann);
    expect(new URL(page.url()).pathname).toBe(shop);
    await page.getByText(ann.email).first().waitFor();
    await page.context().close();
  });

  it("says to whoever may only look why each button does nothing, and does nothing", async () => {
    const page = await enter(ann);
    const suspend = page.getByRole("button", { name: "Suspend…" });
    const why = page.locator("#why-not");
    await why.filter({ hasText: "patch" }).waitFor();
    expect(await why.innerText()).toMatch(/may not patch/);
    expect(await suspend.getAttribute("aria-disabled")).toBe("true");
    expect(await suspend.getAttribute("aria-describedby")).toBe("why-not");
    await suspend.click({ force: true });
    await page.keyboard.press("s");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    await page.context().close();
  });

  it("shows at once what the other does, with the name", async () => {
    await home.resume("kustomization", "shop");
    const [looking, acting] = [await enter(ann), await enter(bob)];
    await acting.getByRole("button", { name: "Suspend…", disabled: false }).click();
    const dialog = acting.getByRole("dialog");
    await dialog.getByRole("textbox").fill("a load test");
    await dialog.getByRole("button", { name: "Suspend", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    await looking.locator(".verdict").getByText("suspended").waitFor();
    await looking.getByText("a load test").first().waitFor();
    await until(
      "Bob's Event",
      async () => {
        const { out } = await home.kubectl(["get", "events", "-A", "-o", "json"]);
        return out.includes(bob.email) && !out.includes(ann.email) ? true : undefined;
      },
      patienceMs,
    );
    for (const page of [looking, acting]) await page.context().close();
  });

  it("lets nobody stay in another tab who has signed out in one", async () => {
    const page = await enter(bob);
    const other = await page.context().newPage();
    await other.goto(`${base}/`);
    await other.getByRole("table", { name: "Deliveries" }).waitFor();
    await page.keyboard.press(",");
    await page.getByRole("button", { name: "Sign out" }).click();
    for (const tab of [page, other]) await tab.getByRole("heading", { name: "Sign in to Keelson" }).waitFor();
    await page.context().close();
  });
});
