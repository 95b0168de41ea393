import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DiffLine, differingPart, diffLines, hunksOf } from "./line-diff.ts";

const signs = { same: " ", removed: "-", added: "+", changed: "~" } as const;

function show(lines: readonly DiffLine[]): string[] {
  return lines.map(({ what, left, right }) =>
    what === "changed" ? `~${left?.text} → ${right?.text}` : signs[what] + (left?.text ?? right?.text ?? ""),
  );
}

describe("a difference of texts", () => {
  const cases: [string, string, string, string[]][] = [
    ["is nothing between equals", "a\nb\n", "a\nb\n", [" a", " b"]],
    [
      "shows a changed field as one line",
      "kind: A\nreplicas: 2\n",
      "kind: A\nreplicas: 3\n",
      [" kind: A", "~replicas: 2 → replicas: 3"],
    ],
    ["shows what was added", "a: 1\n", "a: 1\nb: 2\n", [" a: 1", "+b: 2"]],
    ["shows what was removed", "a: 1\nb: 2\n", "a: 1\n", [" a: 1", "-b: 2"]],
    ["keeps lines that moved past others", "x\na\nb\n", "a\nb\nx\n", ["-x", " a", " b", "+x"]],
    ["tells fields at another depth apart", "  a: 1\n", "a: 1\n", ["-  a: 1", "+a: 1"]],
    ["begins with nothing", "", "a: 1\n", ["+a: 1"]],
    ["is empty between nothing and nothing", "", "", []],
  ];
  for (const [name, left, right, lines] of cases) it(name, () => expect(show(diffLines(left, right))).toEqual(lines));

  const lines = fc.array(fc.constantFrom("a: 1", "a: 2", "b: 1", "  c: 1", "- x", "", "}"), { maxLength: 40 });
  it("holds every line of both sides, in order, and calls equal only what is", () => {
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const [left, right] = [a.map((line) => `${line}\n`).join(""), b.map((line) => `${line}\n`).join("")];
        const diff = diffLines(left, right);
        expect(diff.flatMap((line) => line.left?.text ?? [])).toEqual(a);
        expect(diff.flatMap((line) => line.right?.text ?? [])).toEqual(b);
        for (const line of diff) if (line.what === "same") expect(line.left?.text).toBe(line.right?.text);
        expect(diff.flatMap((line) => line.left?.number ?? [])).toEqual(a.map((_, index) => index + 1));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it("finds the part of a line that differs", () => {
    expect(differingPart("image: web:1.2.0", "image: web:1.3.0")).toEqual(["image: web:1.", "2", ".0"]);
    expect(differingPart("a", "a")).toEqual(["a", "", ""]);
    expect(differingPart("aa", "aaa")).toEqual(["aa", "", ""]);
  });

  it("skips long stretches that are the same", () => {
    const text = Array.from({ length: 40 }, (_, index) => `line${index}: x\n`).join("");
    const hunks = hunksOf(diffLines(text, text.replace("line20: x", "line20: y")));
    expect(hunks.map((hunk) => `${hunk.what} ${hunk.lines.length}`)).toEqual(["skipped 17", "lines 7", "skipped 16"]);
    expect(hunksOf(diffLines(text, text))).toHaveLength(1);
  });

  it("ends soon with texts that have nothing in common", () => {
    const far = (letter: string): string => Array.from({ length: 6_000 }, (_, index) => `${letter}${index}\n`).join("");
    expect(diffLines(far("a"), far("b"))).toHaveLength(12_000);
  });
});
