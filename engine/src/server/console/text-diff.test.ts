import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "./text-diff.ts";

describe("a difference", () => {
  it("shows what changed with three lines around", () => {
    const before = "a\nb\nc\nd\ne\nf\ng\nh\n";
    expect(unifiedDiff(before, before.replace("e", "E"))).toBe("@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
    expect(unifiedDiff("", "a\n")).toBe("@@ -0,0 +1,1 @@\n+a\n");
    expect(unifiedDiff("a\n", "")).toBe("@@ -1,1 +0,0 @@\n-a\n");
    expect(unifiedDiff(before, before)).toBe("");
  });

  it("is one that `git apply` brings about", () => {
    const folder = mkdtempSync(join(tmpdir(), "keelson-diff-"));
    try {
      const texts = fc.array(fc.constantFrom("a", "b", "c", "", "d"), { maxLength: 40 });
      fc.assert(
        fc.property(texts, texts, (one, other) => {
          const [before, after] = [one, other].map((lines) => ["first", ...lines, ""].join("\n")) as [string, string];
          if (before === after) return;
          writeFileSync(join(folder, "f"), before);
          const patch = `--- a/f\n+++ b/f\n${unifiedDiff(before, after)}`;
          const applied = spawnSync(
            "git",
            ["apply", "--whitespace=nowarn", "--unsafe-paths", "--directory", folder, "-"],
            {
              input: patch,
              cwd: folder,
            },
          );
          expect([applied.status, applied.stderr.toString()]).toEqual([0, ""]);
          const said = spawnSync("cat", ["f"], { cwd: folder }).stdout.toString();
          expect(said).toBe(after);
        }),
        { numRuns: 30, seed: 7 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
