// The library in a browser: `keelson/kustomize`, bundled, gives in Chromium the bytes that the real kustomize gives.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hasChromium, openBrowser, openPage, serveLibrary } from "./browser.ts";

const golden = fileURLToPath(new URL("../engine/src/render/kustomize/testdata/golden", import.meta.url));

type Case = { name: string; files: Record<string, string>; expected: string };

function cases(): Case[] {
  return readdirSync(golden).flatMap((name) => {
    const folder = join(golden, name);
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files: Record<string, string> = {};
    for (const { parentPath, name: file } of paths)
      files[relative(folder, join(parentPath, file))] = readFileSync(join(parentPath, file), "utf8");
    const { "expected.golden.yaml": expected = "", ...input } = files;
    return [{ name, files: input, expected: expected.slice(expected.indexOf("\n") + 1) }];
  });
}

/** What the page's module offers: the library's own types are the compiler's business, not the page's. */
type Library = {
  kustomize: {
    build: (tree: unknown, path: string) => { text: string };
    memoryTree: (files: Record<string, string>) => unknown;
  };
};

describe.skipIf(!hasChromium)("keelson/kustomize in a browser", () => {
  it("builds every golden case to the same bytes", { timeout: 120_000 }, async () => {
    await using pages = await serveLibrary("keelson/kustomize");
    await using browser = await openBrowser();
    const { page, errors } = await openPage(browser, pages.url);
    for (const { name, files, expected } of cases()) {
      const text = await page.evaluate((input) => {
        const { kustomize } = (globalThis as unknown as { keelson: Library }).keelson;
        return kustomize.build(kustomize.memoryTree(input), ".").text;
      }, files);
      expect(text, name).toBe(expected);
    }
    expect(errors).toEqual([]);
  });
});
