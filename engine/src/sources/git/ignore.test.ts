import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob } from "./glob.ts";
import { IgnoreRules } from "./ignore.ts";
import { temporaryFolder } from "./repository.contract.ts";

function kept(text: string, paths: string[], folder = ""): string[] {
  const rules = new IgnoreRules([{ folder, text }]);
  return paths.filter((path) => !rules.isExcluded(path, false));
}

describe("ignore rules", () => {
  it("leave out pictures, archives, CI and version control files unless there are own patterns", () => {
    const paths = [
      "a.yaml",
      "a.png",
      ".github/workflows/x.yaml",
      "b/.sops.yaml",
      "b/c.tar.gz",
      ".gitignore",
      "b/.gitattributes",
    ];
    expect(kept("", paths)).toEqual(["a.yaml"]);
    expect(kept("# only a comment\n\n", paths)).toEqual(["a.yaml"]);
    expect(kept("nothing", paths)).toEqual([
      "a.yaml",
      "a.png",
      ".github/workflows/x.yaml",
      "b/.sops.yaml",
      "b/c.tar.gz",
    ]);
  });

  it.each([
    [
      "everything but one folder",
      "/*\n!/deploy",
      ["deploy/a.yaml", "deploy/x/b.yaml"],
      ["a.yaml", "src/deploy/a.yaml"],
    ],
    [
      "a folder deep below an excluded one",
      "/*\n!/clusters/prod",
      ["clusters/prod/a.yaml"],
      ["clusters/dev/a.yaml", "x"],
    ],
    [
      "an ending inside a folder that is kept",
      "/*\n!/deploy\n/deploy/**/*.md",
      ["deploy/a.yaml"],
      ["deploy/a.md", "deploy/b/c.md"],
    ],
    ["a folder, not a file of its name", "docs/", ["a/docs"], ["docs/a", "a/docs/b"]],
    ["** between", "a/**/z", ["a/y"], ["a/z", "a/b/z", "a/b/c/z/file"]],
    ["** at the end: what is below, not the folder", "a/**", ["a"], ["a/b", "a/b/c"]],
    ["a slash in front: the root only", "/a", ["b/a"], ["a"]],
    ["an escaped mark", "\\#a\n\\!b", ["a"], ["#a", "!b"]],
    ["trailing blanks", "a  \nb\\ ", ["b"], ["a", "b "]],
    ["windows line ends", "a\r\nb\r\n", ["c"], ["a", "b"]],
  ])("%s", (_name, text, visible, hidden) => {
    expect(kept(text, [...visible, ...hidden])).toEqual(visible);
  });

  it("hold only below the folder they stand in", () => {
    expect(kept("*.md\n/x", ["a.md", "sub/a.md", "sub/x", "x"], "sub")).toEqual(["a.md", "x"]);
  });

  it("match as git itself does, where git has no folder rule to add", () => {
    const folder = temporaryFolder("ignore");
    const part = fc.stringMatching(/^[ab*?[\]!-]{1,4}$/).filter((text) => !text.startsWith("!"));
    const name = fc.stringMatching(/^[ab!-]{1,4}$/);
    const names = fc.uniqueArray(name, { minLength: 12, maxLength: 12 });
    const patterns = fc.uniqueArray(part, { minLength: 8, maxLength: 8 });
    const git = (args: string[], input: string): string[] => {
      const environment = { PATH: env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1", HOME: folder };
      try {
        return execFileSync("git", ["-C", folder, ...args], { input, env: environment, encoding: "utf8" }).split("\0");
      } catch (error) {
        return (error as { status: number; stdout: string }).stdout.split("\0");
      }
    };
    git(["init", "-q"], "");
    const check = (patternList: string[], nameList: string[]): void => {
      for (const pattern of patternList) {
        mkdirSync(dirname(join(folder, ".gitignore")), { recursive: true });
        writeFileSync(join(folder, ".gitignore"), `${pattern}\n`);
        const ignored = git(["check-ignore", "-z", "--stdin", "--no-index"], `${nameList.join("\0")}\0`).filter(
          Boolean,
        );
        const matches = compileGlob(pattern.replace(/ +$/, ""));
        expect([pattern, nameList.filter(matches)]).toEqual([pattern, ignored]);
      }
    };
    fc.assert(fc.property(patterns, names, check), { numRuns: 5, seed: 7 });
    rmSync(folder, { recursive: true });
  });

  it("take no more time for hostile patterns", () => {
    const pattern = `${"*a".repeat(50)}b`;
    expect(compileGlob(pattern)("a".repeat(4000))).toBe(false);
    expect(kept(`${"**/".repeat(40)}z`, [`${"a/".repeat(100)}b`])).toHaveLength(1);
  });
});
