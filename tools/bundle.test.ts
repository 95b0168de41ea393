// What each command of the bundle loads before it runs; skips where nothing was built.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const folder = new URL("../engine/dist/command/", import.meta.url);

/** A file of the bundle with all that it imports before it runs. */
function loadedWith(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(new URL(file, folder), "utf8");
  for (const [, from = ""] of text.matchAll(/^(?:const \w+ = )?require\("\.\/([^"]+)"\);$/gm)) loadedWith(from, seen);
  return seen;
}

const marks = {
  helm: "values don't meet the specifications",
  database: 'require("lmdb")',
  kustomize: "kustomization.yaml",
  "JSON Schema": "class Ajv",
};

describe.skipIf(!existsSync(fileURLToPath(folder)))("the bundled command line", () => {
  const cases = [
    { starts: "main.cjs", loads: [] },
    { starts: "cli-commands-build.cjs", loads: ["kustomize"] },
    { starts: "cli-commands-template.cjs", loads: ["helm"] },
    { starts: "cli-commands-helm-list.cjs", loads: [] },
    { starts: "cli-commands-helm-rollback.cjs", loads: [] },
    { starts: "control-plane.cjs", loads: ["database"] },
  ];
  for (const { starts, loads } of cases) {
    it(`${starts} loads ${loads.join(", ") || "no room at all"}`, () => {
      const text = [...loadedWith(starts)].map((file) => readFileSync(new URL(file, folder), "utf8")).join("");
      const found = Object.entries(marks).filter(([, mark]) => text.includes(mark));
      expect(found.map(([name]) => name)).toEqual(loads);
    });
  }
});
