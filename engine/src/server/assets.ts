// The console's built files, held in memory: they are few and small.

import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

export type Asset = { body: Buffer; type: string; isImmutable: boolean };

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** All files of a folder by their path in a URL; empty when the console was not built. */
export function loadAssets(folder: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  const load = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = `${below}/${entry.name}`;
      if (entry.isDirectory()) load(path);
      else
        assets.set(path, {
          body: readFileSync(join(folder, path)),
          type: types[extname(entry.name)] ?? "application/octet-stream",
          // The build puts a hash of the content into these names.
          isImmutable: path.startsWith("/assets/"),
        });
    }
  };
  try {
    load("");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return assets;
}
