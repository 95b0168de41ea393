import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "vite";

const root = fileURLToPath(new URL("../console", import.meta.url));
const kilobyte = 1_024;
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "keelson-console-size-"));
  await build({ root, logLevel: "silent", build: { outDir: folder, emptyOutDir: true } });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = (path: string): number => gzipSync(readFileSync(join(folder, path)), { level: 9 }).length;

/** The files that a file imports before it runs, with itself. */
function withImports(path: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  const text = readFileSync(join(folder, path), "utf8");
  for (const [, name = ""] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    withImports(`assets/${name}`, found);
  return found;
}

describe("the console's files", () => {
  it("open the page with at most 40 KB", () => {
    const page = readFileSync(join(folder, "index.html"), "utf8");
    const named = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    const shell = new Set(named.flatMap((path) => (path.endsWith(".js") ? [...withImports(path)] : [path])));
    const total = ["index.html", ...shell].map(size).reduce((sum, one) => sum + one, 0);
    expect(shell.size).toBeGreaterThan(1);
    expect(total).toBeLessThanOrEqual(40 * kilobyte);
  });

  it("have no part beyond 120 KB", () => {
    for (const name of readdirSync(join(folder, "assets")))
      expect(size(`assets/${name}`), name).toBeLessThanOrEqual(120 * kilobyte);
  });

  it("hold nothing that the page's policy forbids: no script in the page, no code made of text, nothing from elsewhere", () => {
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
    for (const name of readdirSync(join(folder, "assets"))) {
      const text = readFileSync(join(folder, "assets", name), "utf8");
      expect(text, name).not.toMatch(/\beval\(|new Function\(|@import|url\(\s*["']?https?:/);
    }
  });
});
