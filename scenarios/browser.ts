// A real browser for scenarios: Debian's Chromium driven by playwright-core, each with a fresh profile of its own, and the
// built library bundled as a web page's author would bundle it. Scenarios skip where no Chromium is installed.

import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The Chromium on this machine; undefined where there is none. */
export const chromiumPath: string | undefined = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

export const hasChromium: boolean = chromiumPath !== undefined;

/** It speaks to nobody but the page under test. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser, to be closed by `await using`. The profile is new and goes with it. */
export async function openBrowser(): Promise<Browser> {
  // Loaded here, so that scenarios without a browser do not pay for it.
  const { chromium } = await import("playwright-core");
  if (chromiumPath === undefined) throw new Error("no Chromium is installed");
  return await chromium.launch({ executablePath: chromiumPath, args: flags, timeout: 120_000 });
}

/** A page whose errors are gathered: a scenario ends with `expect(errors).toEqual([])`. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const errors: string[] = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  await page.goto(url);
  return { page, errors };
}

/** A page whose `keelson` is the built library: what `specifiers` export (`keelson/helm`), by their last part (`keelson.helm`). */
export async function serveLibrary(...specifiers: readonly string[]): Promise<Pages> {
  const page =
    '<!doctype html><script type="module">import * as all from "/library.js"; globalThis.keelson = all;</script>';
  return servePages({ "/": page, "/library.js": await bundleForBrowser(specifiers) });
}

async function bundleForBrowser(specifiers: readonly string[]): Promise<string> {
  const { rolldown } = await import("rolldown");
  const entry = "\0entry";
  const lines = specifiers.map((one) => `export * as ${one.slice(one.lastIndexOf("/") + 1)} from "${one}";`);
  const bundle = await rolldown({
    input: entry,
    cwd: root,
    platform: "browser",
    plugins: [
      {
        name: "entry",
        resolveId(id, importer) {
          if (id === entry) return id;
          return importer === entry ? this.resolve(id, join(root, "scenarios/browser.ts")) : undefined;
        },
        load: (id) => (id === entry ? lines.join("\n") : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  return output[0].code;
}

/** Serves files by path on loopback, to be closed by `await using`. */
export async function servePages(files: Readonly<Record<string, string>>): Promise<Pages> {
  const server = createServer((request, response) => {
    const text = files[request.url ?? "/"];
    if (text === undefined) response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
    else response.setHeader("content-type", request.url?.endsWith(".js") ? "text/javascript" : "text/html").end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new Pages(server);
}

export class Pages {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
