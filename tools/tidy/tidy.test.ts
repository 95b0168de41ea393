// Style enforced by machine: reads the whole tree and fails with the place and the mend. UPDATE_GOLDEN=1 rewrites the
// folder graph and lowers the ratchet.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  checkBannedCalls,
  checkDoors,
  checkFolders,
  checkHeaders,
  checkOrphans,
  checkPackages,
  checkRatchet,
  checkReminders,
  faultCodes,
  folderGraph,
  oversized,
  type Sizes,
} from "./check.ts";
import { functionsOf, importsOf, loadSources, type SourceFile } from "./source.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const isUpdating = process.env["UPDATE_GOLDEN"] === "1";
const engine = loadSources(root, "engine/src");
const entryPoints = ["engine/src/main.ts"];

function read(path: string): string {
  return existsSync(root + path) ? readFileSync(root + path, "utf8") : "";
}

describe("the tree is tidy", () => {
  it("imports only packages that have a reason, where they belong", () => expect(checkPackages(engine)).toEqual([]));
  it("makes no banned call", () => expect(checkBannedCalls(engine)).toEqual([]));
  it("crosses folders by their doors", () => expect(checkDoors(engine)).toEqual([]));
  it("has no leftover reminder", () => expect(checkReminders(engine)).toEqual([]));
  it("says at the top of each file what it is", () => expect(checkHeaders(engine)).toEqual([]));
  it("has a line in ARCHITECTURE.md for each folder, and a folder for each line", () => {
    const beside = readdirSync(root).map((name) => `${name}/`);
    expect(checkFolders(engine, read("ARCHITECTURE.md"), [...beside, "engine/dist/command/"])).toEqual([]);
  });
  it("has no file that nobody imports", () => expect(checkOrphans(engine, entryPoints)).toEqual([]));

  it("explains every fault code in docs/faults.md, and no other", () => {
    const codes = faultCodes(engine);
    const explained = [...read("docs/faults.md").matchAll(/^\| `([a-z-]+)` +\|/gm)].map((match) => match[1] ?? "");
    expect([...codes].filter((code) => !explained.includes(code))).toEqual([]);
    expect(explained.filter((code) => !codes.has(code))).toEqual([]);
  });

  it("keeps functions and files small, and lets old excess only shrink", () => {
    const path = "tools/tidy/ratchet.json";
    const before = JSON.parse(read(path) || "{}") as Sizes;
    const now = oversized(engine);
    expect(checkRatchet(now, before)).toEqual([]);
    if (isUpdating) writeFileSync(root + path, `${JSON.stringify(now, null, 2)}\n`);
  });

  it("has the folder graph that was reviewed", () => {
    const path = "tools/tidy/folder-graph.golden.txt";
    const graph = folderGraph(engine);
    if (isUpdating) writeFileSync(root + path, graph);
    expect(graph).toBe(read(path));
  });
});

function source(path: string, text: string): SourceFile {
  return { path, text, lines: text.split("\n"), isTest: false };
}

describe("tidy itself", () => {
  it("finds functions, methods and arrows, and no control flow", () => {
    const text =
      "export function one(a: number): void {\n  if (a) {\n  }\n}\n\nclass A {\n  async two(\n    b: string,\n  ): Promise<void> {\n    x();\n  }\n}\nconst three = (c: number) => {\n};\n";
    expect(functionsOf(source("a.ts", text)).map((span) => `${span.name} ${span.lines}`)).toEqual([
      "one 4",
      "two 5",
      "three 2",
    ]);
  });

  it("sees static, dynamic and re-exporting imports", () => {
    const text =
      'import { a } from "#kernel";\nexport { b } from "./b.ts";\nconst c = await import("./c.ts");\nimport "node:fs";\n';
    expect(
      importsOf(source("a.ts", text))
        .map((each) => each.specifier)
        .sort(),
    ).toEqual(["#kernel", "./b.ts", "./c.ts", "node:fs"]);
  });

  it("finds folders that the map has lost, and such as it shows and are gone", () => {
    const files = [source("engine/src/plan/order.ts", ""), source("engine/src/store/log/a.ts", "")];
    expect(checkFolders(files, "`plan/`, `store/`, `docs/`, `store/lost/`", ["docs/"])).toEqual([
      "engine/src/store/log: ARCHITECTURE.md has no line for store/log/",
      "ARCHITECTURE.md: there is no folder store/lost/",
    ]);
  });

  it("complains with the place and the mend", () => {
    const file = source(
      "engine/src/plan/a.ts",
      '// A.\nimport x from "left-pad";\nconst t = Date.now();\n// FIXME later\n',
    );
    expect(checkPackages([file])[0]).toContain("engine/src/plan/a.ts:2: package left-pad");
    expect(checkBannedCalls([file])[0]).toContain("use an injected Clock");
    expect(checkReminders([file])).toHaveLength(1);
    expect(checkOrphans([file], [])).toEqual(["engine/src/plan/a.ts: nobody imports it"]);
    expect(checkRatchet({ a: 80 }, { a: 79 })[0]).toContain("grew from 79 to 80");
  });
});
