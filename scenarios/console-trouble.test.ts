// The console where things do not go as they should: a plan that has moved, a slow line, a line that breaks while one acts, a proxy
// that answers in the server's place, a stream of rubbish, texts written to do harm, a clock that is wrong, a session that ended.

import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Card, DeliveryPage, FleetState } from "../engine/src/api/console/index.ts";
import { hasChromium, openBrowser } from "./browser.ts";
import { type Door, frontDoor, type Visit, visit } from "./console-page.ts";
import { configMap, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// They tell a hang from a busy machine, nothing else.
vi.setConfig({ testTimeout: 480_000, hookTimeout: 480_000 });

const patienceMs = 240_000;
const shop = "/Kustomization/flux-system/shop";
const guarded = "/Kustomization/flux-system/guarded";
const html = "<!doctype html><title>Bad gateway</title><h1>nginx</h1>";

describe.skipIf(!hasChromium || !hasKubectl)("the console in trouble", () => {
  const repository = new Repository();
  let home: Home;
  let browser: Browser;
  let door: Door;
  let address: URL;
  let seen: Visit;
  let paints = 0;

  beforeAll(async () => {
    repository.write({
      "clusters/demo/shop.yaml": kustomization("shop", "./shop"),
      "clusters/demo/guarded.yaml": kustomization("guarded", "./guarded").replace(
        "  namespace: flux-system\n",
        "  namespace: flux-system\n  annotations: {keelson.dev/approval: required}\n",
      ),
      "shop/namespace.yaml": namespace("shop"),
      "shop/settings.yaml": configMap("settings", { colour: "blue" }, "shop"),
    });
    paint();
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready(patienceMs);
    await home.readyCondition("kustomization", "shop", "True", patienceMs);
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

  /** A commit that the guarded delivery holds back; resolves with the commit. */
  const paint = (): string => {
    const text = configMap("guarded", { coat: String(++paints) });
    return repository.write({ "guarded/coat.yaml": text }).commit(`coat ${paints}`);
  };
  const heldAt = (commit: string) =>
    until(
      "it to be held",
      async () => {
        const held = await home.condition("kustomization", "guarded", "Held");
        if (held?.status === "True" && held.message.includes(commit.slice(0, 7))) return true;
        throw new Error(JSON.stringify(held));
      },
      patienceMs,
    );
  const go = async (path: string, page: Page = seen.page): Promise<void> => {
    await page.goto(seen.base + path);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
  };
  const coat = async (): Promise<string | undefined> => (await home.object("configmap", "guarded"))?.data?.["coat"];
  /** A page of its own, for what would be an error in any other. */
  const guest = async (work: (page: Page) => Promise<void>): Promise<void> => {
    const { context, page } = await visit(browser, address);
    try {
      await work(page);
    } finally {
      await context.close();
    }
  };

  it("approves what is held: its plan first, and no other revision than what was shown", async () => {
    const { page } = seen;
    const dialog = page.getByRole("dialog");
    const approve = dialog.getByRole("button", { name: "Approve", exact: true, disabled: false });
    const first = paint();
    await heldAt(first);
    await go(guarded);
    await page.getByRole("button", { name: "Approve…", disabled: false }).click();
    await dialog.getByText(first.slice(0, 7)).first().waitFor();
    // Another commit comes while one reads.
    const second = paint();
    await heldAt(second);
    await page
      .locator("main")
      .getByText(`main@${second.slice(0, 7)} waits for approval`)
      .first()
      .waitFor();
    await approve.click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByText(second.slice(0, 7)).first().waitFor();
    // One more Enter agrees to nothing.
    await page.keyboard.press("Enter");
    expect(await dialog.count()).toBe(1);
    const wanted = String(paints);
    expect(await coat()).not.toBe(wanted);
    await approve.click();
    await dialog.waitFor({ state: "detached" });
    await until("what was approved", async () => ((await coat()) === wanted ? true : undefined), patienceMs);
    await page.locator(".verdict").getByText("ready").waitFor();
  });

  it("works on a slow line, and does once what is pressed twice", async () => {
    await home.resume("kustomization", "shop");
    await guest(async (page) => {
      const line = await page.context().newCDPSession(page);
      const slow = { offline: false, latency: 1_500, downloadThroughput: 20_000, uploadThroughput: 20_000 };
      await line.send("Network.enable");
      await line.send("Network.emulateNetworkConditions", slow);
      const sent: string[] = [];
      page.on("request", (request) => void (request.method() === "POST" && sent.push(new URL(request.url()).pathname)));
      await go(shop, page);
      await page.getByRole("tree").getByRole("link", { name: "settings" }).waitFor();
      await page.getByRole("button", { name: "Reconcile…", disabled: false }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText(/Looking what it would do/).waitFor();
      const does = dialog.getByRole("button", { name: "Reconcile now", disabled: false });
      await does.waitFor();
      await does.dblclick();
      await dialog.waitFor({ state: "detached" });
      expect(sent.filter((path) => path === "/api/actions")).toHaveLength(1);
    });
  });

  it("tells a line that breaks while one acts, and goes on where one was", async () => {
    await home.resume("kustomization", "shop");
    await guest(async (page) => {
      await go(shop, page);
      await page.getByRole("button", { name: "Suspend…", disabled: false }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox").fill("a broken line");
      door.shut();
      try {
        await dialog.getByRole("button", { name: "Suspend", exact: true }).click();
        await dialog.getByText("the server does not answer").waitFor();
      } finally {
        door.open();
      }
      expect(await dialog.getByRole("textbox").inputValue()).toBe("a broken line");
      await dialog.getByRole("button", { name: "Suspend", exact: true, disabled: false }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText("a broken line").first().waitFor();
      await page.getByText(/Not connected/).waitFor({ state: "detached" });
    });
    await home.resume("kustomization", "shop");
  });

  const answers: [what: string, answer: Parameters<Route["fulfill"]>[0], said: RegExp][] = [
    ["a proxy's page", { status: 502, contentType: "text/html", body: html }, /HTTP 502/],
    ["a page that says it is well", { status: 200, contentType: "text/html", body: html }, /no answer of Keelson/],
    ["nothing", { status: 500, body: "" }, /HTTP 500/],
    ["plain words", { status: 503, contentType: "text/plain", body: "upstream is gone" }, /upstream is gone/],
  ];
  for (const [what, answer, said] of answers) {
    it(`says so where ${what} comes in place of an answer, and reads again when asked`, async () => {
      await guest(async (page) => {
        await page.route("**/api/deliveries/**", (route) => route.fulfill(answer));
        await go(shop, page);
        await page.getByRole("alert").filter({ hasText: said }).first().waitFor();
        expect(await page.locator("main").innerText()).not.toContain("<h1>");
        await page.unroute("**/api/deliveries/**");
        await page.getByRole("button", { name: "Try again" }).first().click();
        await page.getByRole("button", { name: "Suspend…", disabled: false }).waitFor();
      });
    });
  }

  it("is not broken by an answer of another form: the other pages work", async () => {
    await guest(async (page) => {
      await page.route("**/api/timeline**", (route) => route.fulfill({ status: 200, body: '{"entries":[{}]}' }));
      await go("/timeline", page);
      await page.getByRole("heading", { name: "This page could not be drawn" }).waitFor();
      await page.getByRole("link", { name: "Back to the fleet" }).click();
      await page.getByRole("table", { name: "Deliveries" }).waitFor();
    });
  });

  const rubbish = [
    "event: changes\ndata: {not json\n\n",
    'event: changes\ndata: {"put":1}\n\n',
    "event: changes\ndata: [null]\n\n",
    "event: objects\ndata: []\n\n",
    "event: hello\ndata: 7\n\n",
    html,
  ];
  it("survives a stream of rubbish: it says that it is not connected, and catches up", async () => {
    for (const body of rubbish) {
      await guest(async (page) => {
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(error.message));
        await page.route("**/api/stream**", (route) => route.fulfill({ contentType: "text/event-stream", body }));
        await go("/", page);
        await page.getByText(/Not connected/).waitFor();
        await page.getByRole("table", { name: "Deliveries" }).getByRole("link", { name: "shop" }).waitFor();
        await page.unroute("**/api/stream**");
        await page.getByText(/Not connected/).waitFor({ state: "detached" });
        expect(errors).toEqual([]);
      });
    }
  });

  /** Answers with what the server says, changed. */
  const change =
    <T>(edit: (answer: T) => void) =>
    async (route: Route): Promise<void> => {
      const response = await route.fetch();
      const answer = (await response.json()) as T;
      edit(answer);
      await route.fulfill({ response, json: answer });
    };
  const harm = `<img src=x onerror="globalThis.harmed=1"><script>globalThis.harmed=1</script>`;
  const turned = "\u202Egnp.exe\u202C שלום 👩‍👩‍👧‍👦 ";
  const long = "very-long-name-".repeat(400);

  it("shows texts as texts: HTML, right to left, emoji, names without end, ten thousand conditions", async () => {
    await guest(async (page) => {
      await page.route(
        "**/api/fleet",
        change<FleetState>(({ cards }) => {
          const [first] = cards.filter((card) => card.role === "delivery") as [Card];
          for (const name of [harm, turned + harm, long])
            (cards as Card[]).push({
              ...first,
              name,
              key: `${first.kind}/${first.namespace}/${name}`,
              ready: "False",
              message: `${turned}${harm}${long}`,
              commit: {
                id: harm,
                author: turned,
                email: harm,
                atMs: Date.now() * 1_000,
                subject: turned + harm + long,
              },
            });
        }),
      );
      await page.route(
        "**/api/deliveries/*/*/shop",
        change<DeliveryPage>((answer) => {
          const [condition] = answer.conditions;
          const many = Array.from({ length: 10_000 }, (_, index) => ({
            ...condition,
            type: `Condition${index}${harm}`,
            message: turned + harm,
            advice: harm,
          }));
          Object.assign(answer, { conditions: many, limits: [harm, long] });
        }),
      );
      await go("/", page);
      await page.getByRole("table", { name: "Deliveries" }).getByRole("link", { name: long }).waitFor();
      const wide = async (): Promise<number> =>
        page.locator("html").evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(await wide()).toBe(0);
      for (const path of [
        `${shop}?tab=why`,
        `/object/${encodeURIComponent(harm)}/${long.slice(0, 300)}/-/${harm.length}`,
      ]) {
        await go(path, page);
        await page.locator(".conditions li, .trouble").first().waitFor();
        expect(await wide()).toBe(0);
      }
      await go(`${shop}?tab=why`, page);
      await page.getByRole("button", { name: "Show more of 10000" }).click();
      await page.locator(".conditions li").nth(199).waitFor();
      await page.getByRole("tab", { name: "Events" }).click();
      await page.locator(".conditions").waitFor({ state: "detached" });
      expect(await page.evaluate("globalThis.harmed")).toBeUndefined();
      expect(await page.locator("main img, main script").count()).toBe(0);
    });
  });

  it("reads addresses that lead nowhere: impossible moments, names, tabs", async () => {
    const odd = [
      `/timeline?at=1e300`,
      `/timeline?at=-5&delivery=no/such/thing`,
      `/object/-/ConfigMap/shop/settings?at=99999999999999999&from=%2F%2F%2F`,
      `${shop}?tab=nothing&view=nothing&find=%00&health=nothing`,
      "/?q=%22&group=nothing&sort=nothing",
      "/a/b/c/d/e/f/g",
      "/Kustomization/flux-system/absent",
    ];
    for (const path of odd) await go(path);
    await go("/");
    expect(seen.troubles.filter((line) => !/Failed to load resource/.test(line))).toEqual([]);
    seen.troubles.length = 0;
  });

  it("tells ages by the server's clock, however wrong the browser's is", async () => {
    for (const hours of [-30, 30]) {
      await guest(async (page) => {
        const ahead = hours * 3_600_000;
        await page.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${ahead}; }`);
        await home.kubectl(["annotate", "kustomization", "shop", "-n", "flux-system", `test=${hours}`, "--overwrite"]);
        await go(shop, page);
        await page.getByRole("tree").waitFor();
        expect(await page.locator(".verdict").innerText()).not.toMatch(/hour|day/);
      });
    }
  });

  it("keeps two tabs of one browser alike", async () => {
    await home.resume("kustomization", "shop");
    await guest(async (page) => {
      const other = await page.context().newPage();
      for (const one of [page, other]) await go(shop, one);
      await page.getByRole("button", { name: "Suspend…", disabled: false }).click();
      await page.getByRole("dialog").getByRole("textbox").fill("in one tab");
      await page.keyboard.press("Enter");
      await other.getByText("in one tab").first().waitFor();
      await other.getByRole("button", { name: "Resume…", disabled: false }).click();
      await other.getByRole("dialog").locator("button.primary:focus").waitFor();
      await other.keyboard.press("Enter");
      await page.getByRole("button", { name: "Suspend…", disabled: false }).waitFor();
    });
  });

  it("asks who one is once the session has ended, and leads back to the same view", async () => {
    const { page } = seen;
    await go("/?q=shop&group=namespace");
    await page.getByRole("link", { name: "shop", exact: true }).first().waitFor();
    // The cookie is gone, as at the end of its time; the next time that the page asks for anything, it is told so.
    await seen.context.clearCookies();
    door.shut();
    await page.getByText(/Not connected/).waitFor();
    door.open();
    await page.getByRole("heading", { name: "Sign in to Keelson" }).waitFor();
    await page.getByLabel("Token").fill("not the token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "not the token that the server printed" }).waitFor();
    await page.getByLabel("Token").fill(address.searchParams.get("token") ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "shop", exact: true }).first().waitFor();
    expect(page.url()).not.toContain("token");
  });
});
