// Measures the console's page: bundle sizes; time to the first useful paint and until it is quiet, with 1,000 and 5,000
// deliveries; the answer to a keystroke; frame times while 200 objects a second change, in the list, in the list while it is
// scrolled from end to end, and in a graph.
//
//   node bench/console-page.mjs [--seconds 10]        needs a build (npm run build) and Chromium

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { makeFleet, makeTree, serveFleet } from "./console/fleet.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "10" } } });
const seconds = Number(values.seconds);
const dist = fileURLToPath(new URL("../console/dist", import.meta.url));
const changesASecond = 200;
const batchesASecond = 10;

function printSizes() {
  const page = readFileSync(join(dist, "index.html"), "utf8");
  const size = (path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
  const shell = new Set();
  const add = (path) => {
    if (shell.has(path)) return;
    shell.add(path);
    if (!path.endsWith(".js")) return;
    const text = readFileSync(join(dist, path), "utf8");
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) add(`assets/${name}`);
  };
  for (const [, path] of page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) add(path);
  const total = [...shell, "index.html"].reduce((sum, path) => sum + size(path), 0);
  console.log(`shell          ${kilobytes(total)} gzip`);
  const lazy = readdirSync(join(dist, "assets"))
    .map((name) => `assets/${name}`)
    .filter((path) => !shell.has(path));
  for (const path of lazy.sort((a, b) => size(b) - size(a)).slice(0, 5))
    console.log(`  lazy         ${kilobytes(size(path))} gzip  ${path.slice(7)}`);
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1).padStart(6)} KB`;

function chromiumPath() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const paths = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return paths.find(existsSync);
}

/** In the page, before anything else: when the first row stood there, and every task that kept the page busy. */
function watchOpening() {
  globalThis.opening = { rowMs: 0, busyUntilMs: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.opening.busyUntilMs = entry.startTime + entry.duration;
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (document.querySelector(".card-row") === null) requestAnimationFrame(look);
    else globalThis.opening.rowMs = performance.now();
  };
  requestAnimationFrame(look);
}

/** In the page: the times between frames for a while, in milliseconds. */
function frameTimes(forMs) {
  return new Promise((resolve) => {
    const times = [];
    let before = performance.now();
    const end = before + forMs;
    const frame = (now) => {
      times.push(now - before);
      before = now;
      if (now < end) requestAnimationFrame(frame);
      else resolve(times.slice(1));
    };
    requestAnimationFrame(frame);
  });
}

/** In the page: scrolls down, a screen every six frames, and up again at the end. */
function scrollThrough() {
  const step = () => {
    const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    scrollTo(0, isAtEnd ? 0 : scrollY + innerHeight / 6);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function quantiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  const late = times.filter((time) => time > 34).length;
  return `p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  max ${at(1)} ms; ${late} of ${times.length} frames late (over 34 ms)`;
}

async function open(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(watchOpening);
  await page.goto(url);
  return page;
}

async function measureOpening(browser, url) {
  const rows = [];
  const quiet = [];
  for (let round = 0; round < 5; round++) {
    const page = await open(browser, url);
    await page.waitForFunction(() => globalThis.opening.rowMs > 0);
    await page.waitForTimeout(500);
    const { rowMs, busyUntilMs } = await page.evaluate(() => globalThis.opening);
    rows.push(rowMs);
    quiet.push(Math.max(rowMs, busyUntilMs));
    await page.close();
  }
  const median = (list) => [...list].sort((a, b) => a - b)[2].toFixed(0);
  console.log(
    `  first rows ${median(rows)} ms, quiet and ready for input ${median(quiet)} ms (median of 5, cold cache)`,
  );
}

/** From a key to the frame that shows what it left, in the page's own clock. */
async function measureKeystroke(page) {
  await page.focus("input[type=search]");
  const times = [];
  for (const key of "mail-api") {
    times.push(
      await page.evaluate(
        (letter) =>
          new Promise((resolve) => {
            const input = document.querySelector("input[type=search]");
            const from = performance.now();
            input.value += letter;
            input.dispatchEvent(new InputEvent("input", { bubbles: true }));
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
          }),
        key,
      ),
    );
  }
  console.log(`  a keystroke in the filter shows after ${Math.max(...times).toFixed(0)} ms at most`);
}

/** Sends changes for as long as `work` takes. */
async function whileChanging(server, next, work) {
  let step = 0;
  const timer = setInterval(() => next(server, step++), 1000 / batchesASecond);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function measureFleet(browser, count) {
  console.log(`${count.toLocaleString("en-GB")} deliveries`);
  const fleet = makeFleet(count);
  const server = await serveFleet(fleet, 1_000);
  await measureOpening(browser, server.url);
  const page = await open(browser, server.url);
  await page.waitForSelector(".card-row");
  const perBatch = changesASecond / batchesASecond;
  const change = (to, step) => {
    const changes = Array.from({ length: perBatch }, (_, index) => {
      const card = fleet.cards[(step * perBatch + index * 37) % count];
      return { put: { ...card, phase: step % 2 === 0 ? "applying" : "idle", changedMs: Date.now() } };
    });
    to.send("changes", changes);
  };
  const list = await whileChanging(server, change, () => page.evaluate(frameTimes, seconds * 1_000));
  console.log(`  list, ${changesASecond} changes a second:  ${quantiles(list)}`);
  await measureKeystroke(page);
  await page.goto(server.url);
  await page.waitForSelector(".card-row");
  await page.evaluate(scrollThrough);
  const scrolled = await whileChanging(server, change, () => page.evaluate(frameTimes, seconds * 1_000));
  console.log(`  the same, scrolled all the time:  ${quantiles(scrolled)}`);
  const card = fleet.cards[0];
  await page.goto(`${server.url}/${card.key}`);
  await page.waitForSelector(".node");
  const { nodes } = makeTree(card, 1_000, fleet.nowMs);
  for (const group of await page.$$(".group-face")) await group.click().catch(() => undefined);
  const changeObjects = (to, step) => {
    const put = Array.from({ length: perBatch }, (_, index) => {
      const node = nodes[1 + ((step * perBatch + index * 13) % (nodes.length - 1))];
      return { ...node, health: step % 2 === 0 ? "progressing" : "healthy", info: `${step % 4}/3 ready` };
    });
    to.send("objects", { put, removed: [] });
  };
  const graph = await whileChanging(server, changeObjects, () => page.evaluate(frameTimes, seconds * 1_000));
  console.log(`  graph of 1,000 objects, ${changesASecond} changes a second:  ${quantiles(graph)}`);
  const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  console.log(`  the page's heap ${(heap / 2 ** 20).toFixed(0)} MB`);
  await page.close();
  await server.close();
}

printSizes();
const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--headless", "--no-sandbox"] });
try {
  for (const count of [1_000, 5_000]) await measureFleet(browser, count);
} finally {
  await browser.close();
}
