// Differences of two texts as people read them: unified, with three lines around each change.

import { diffCellsMost } from "./limits.ts";

type Line = { mark: " " | "-" | "+"; text: string };

const context = 3;

/** A unified diff without its header; "" when nothing differs. */
export function unifiedDiff(before: string, after: string): string {
  const lines = compare(linesOf(before), linesOf(after));
  const kept = lines.map(
    (line, at) =>
      line.mark !== " " || lines.slice(Math.max(0, at - context), at + context + 1).some(({ mark }) => mark !== " "),
  );
  const out: string[] = [];
  let [old, young] = [1, 1];
  for (let at = 0; at < lines.length; at++) {
    if (kept[at] === true && kept[at - 1] !== true) out.push(hunkHead(lines, kept, { at, old, young }));
    const { mark, text } = lines[at] as Line;
    if (kept[at] === true) out.push(`${mark}${text}`);
    if (mark !== "+") old++;
    if (mark !== "-") young++;
  }
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function hunkHead(
  lines: readonly Line[],
  kept: readonly boolean[],
  { at, old, young }: { at: number; old: number; young: number },
): string {
  let end = at;
  while (kept[end] === true) end++;
  const hunk = lines.slice(at, end);
  const count = (but: Line["mark"]): number => hunk.filter(({ mark }) => mark !== but).length;
  const [oldCount, youngCount] = [count("+"), count("-")];
  return `@@ -${oldCount === 0 ? old - 1 : old},${oldCount} +${youngCount === 0 ? young - 1 : young},${youngCount} @@`;
}

function compare(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (texts: readonly string[]): Line[] => texts.map((text) => ({ mark: " ", text }));
  const middle = compareMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...same(a.slice(0, head)), ...middle, ...same(a.slice(a.length - tail))];
}

/** By the longest common subsequence; texts too large for that are shown as wholly replaced. */
function compareMiddle(a: readonly string[], b: readonly string[]): Line[] {
  const removed = (): Line[] => a.map((text) => ({ mark: "-", text }));
  const added = (): Line[] => b.map((text) => ({ mark: "+", text }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > diffCellsMost) return [...removed(), ...added()];
  const width = b.length + 1;
  // The length of the longest common subsequence of what follows each pair of places.
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [down, right] = [longest[(i + 1) * width + j] as number, longest[i * width + j + 1] as number];
      longest[i * width + j] = a[i] === b[j] ? (longest[(i + 1) * width + j + 1] as number) + 1 : Math.max(down, right);
    }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: " ", text: a[i++] as string });
      j++;
    } else if (
      j >= b.length ||
      (i < a.length && (longest[(i + 1) * width + j] as number) >= (longest[i * width + j + 1] as number))
    )
      lines.push({ mark: "-", text: a[i++] as string });
    else lines.push({ mark: "+", text: b[j++] as string });
  }
  return lines;
}
