// The console in a browser, as scenarios drive it: signed in through a door that can be shut, with everything that goes wrong
// gathered: errors of the page, requests to elsewhere, secrets, and what axe finds.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Home, until } from "./home.ts";

/** The address that a home printed, with its token. */
export async function consoleAddress(home: Home): Promise<URL> {
  return until(
    "the console's address",
    () => Promise.resolve(/http:\/\/\S+\?token=[\w-]+/.exec(home.output)?.[0]),
    240_000,
  ).then((text) => new URL(text));
}

/** A door before a port: while it is shut, what comes is turned away and what was inside is thrown out. */
export class Door {
  readonly #server: Server;
  readonly #inside = new Set<Socket>();
  #isOpen = true;
  #inner = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A server that must know its own address beforehand is named later, by `leadTo`. */
  static async before(port = 0): Promise<Door> {
    const server = createServer();
    const door = new Door(server);
    door.leadTo(port);
    server.on("connection", (guest) => door.#let(guest));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return door;
  }

  leadTo(port: number): void {
    this.#inner = port;
  }

  #let(guest: Socket): void {
    if (!this.#isOpen) {
      guest.destroy();
      return;
    }
    const host = connect(this.#inner, "127.0.0.1");
    for (const [one, other] of [
      [guest, host],
      [host, guest],
    ] as const) {
      this.#inside.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#inside.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  shut(): void {
    this.#isOpen = false;
    for (const socket of this.#inside) socket.destroy();
  }

  open(): void {
    this.#isOpen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A door before a home's console, and the address with the token that leads through it. */
export async function frontDoor(home: Home): Promise<{ door: Door; address: URL }> {
  const address = await consoleAddress(home);
  const door = await Door.before(Number(address.port));
  address.port = String(door.port);
  return { door, address };
}

export type Visit = {
  context: BrowserContext;
  page: Page;
  /** The console's own origin. */
  base: string;
  /** What no page should have: errors in its console, requests to other origins. */
  troubles: string[];
  /** Every text that the server has answered. */
  answers: string[];
};

export type VisitOptions = { width?: number; height?: number; colorScheme?: "light" | "dark" };

/** Signs a browser in by the address with the token and opens the fleet. */
export async function visit(browser: Browser, address: URL, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1_440, height = 900, colorScheme = "light" } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  context.setDefaultTimeout(150_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  const answers: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== address.origin) troubles.push(`asked elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    // A stream has no end; its words are read from the page.
    if (response.headers()["content-type"]?.startsWith("text/event-stream") === true) return;
    response.text().then(
      (text) => answers.push(text),
      () => undefined,
    );
  });
  await page.goto(address.href);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { context, page, base: address.origin, troubles, answers };
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds wrong with the page as it is: rule, and the first place. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axe, "utf8"));
  return page.evaluate(async () => {
    type Finding = { id: string; nodes: { html: string; failureSummary?: string }[] };
    const { axe: tool } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    const { violations } = await tool.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ""}`);
  });
}
