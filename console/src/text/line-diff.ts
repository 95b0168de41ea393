// The difference of two texts by lines (Myers: "An O(ND) Difference Algorithm and Its Variations", 1986), lines that were
// changed beside each other, and within them the words that differ.

export type DiffLine = {
  /** same: in both. changed: one stands for the other. */
  what: "same" | "removed" | "added" | "changed";
  /** Numbered from 1; undefined where the side has no such line. */
  left: { number: number; text: string } | undefined;
  right: { number: number; text: string } | undefined;
};

/** Beyond this many differences two texts have little in common, and searching for the least costs the square of it. */
const editsMost = 2_000;

/** All lines of both texts in order. */
export function diffLines(left: string, right: string): DiffLine[] {
  const [a, b] = [linesOf(left), linesOf(right)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const kept = commonLines(a.slice(start, endA), b.slice(start, endB));
  const pairs: [number, number][] = [
    ...range(start).map((index): [number, number] => [index, index]),
    ...kept.map(([x, y]): [number, number] => [x + start, y + start]),
    ...range(a.length - endA).map((index): [number, number] => [endA + index, endB + index]),
  ];
  return alignedBy(pairs, a, b);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Pairs of indexes of equal lines, the longest such sequence. */
function commonLines(a: readonly string[], b: readonly string[]): [number, number][] {
  const trace = shortestEdits(a, b);
  if (trace === undefined) return [];
  const pairs: [number, number][] = [];
  let [x, y] = [a.length, b.length];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reached = trace[edits] as Map<number, number>;
    const diagonal = x - y;
    const isDown =
      diagonal === -edits ||
      (diagonal !== edits && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1));
    const before = isDown ? diagonal + 1 : diagonal - 1;
    const fromX = edits === 0 ? 0 : (reached.get(before) ?? 0);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    [x, y] = [fromX, fromY];
  }
  return pairs.reverse();
}

/** For each number of edits, how far each diagonal was reached before it; undefined when there are too many. */
function shortestEdits(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(editsMost, a.length + b.length); edits++) {
    trace.push(new Map(furthest));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const isDown =
        diagonal === -edits ||
        (diagonal !== edits && (furthest.get(diagonal - 1) ?? -1) < (furthest.get(diagonal + 1) ?? -1));
      let x = isDown ? (furthest.get(diagonal + 1) ?? 0) : (furthest.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return trace;
    }
  }
  return undefined;
}

function alignedBy(pairs: readonly [number, number][], a: readonly string[], b: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [0, 0];
  const gapTo = (endX: number, endY: number): void => {
    lines.push(...gap(a.slice(x, endX), b.slice(y, endY), { left: x + 1, right: y + 1 }));
    [x, y] = [endX, endY];
  };
  for (const [atX, atY] of pairs) {
    gapTo(atX, atY);
    lines.push({ what: "same", left: side(a, x++), right: side(b, y++) });
  }
  gapTo(a.length, b.length);
  return lines;
}

const side = (lines: readonly string[], index: number): { number: number; text: string } => ({
  number: index + 1,
  text: lines[index] ?? "",
});

/** Lines of one side against those of the other: a field that both have (`replicas: 2`, `replicas: 3`) is one changed line. */
function gap(a: readonly string[], b: readonly string[], first: { left: number; right: number }): DiffLine[] {
  const lines: DiffLine[] = [];
  let y = 0;
  const added = (end: number): void => {
    for (; y < end; y++)
      lines.push({ what: "added", left: undefined, right: { number: first.right + y, text: b[y] ?? "" } });
  };
  for (const [x, text] of a.entries()) {
    const left = { number: first.left + x, text };
    const key = keyOf(text);
    const match = key === "" ? -1 : b.findIndex((other, index) => index >= y && keyOf(other) === key);
    if (match < 0) {
      lines.push({ what: "removed", left, right: undefined });
      continue;
    }
    added(match);
    lines.push({ what: "changed", left, right: { number: first.right + match, text: b[match] ?? "" } });
    y = match + 1;
  }
  added(b.length);
  return lines;
}

/** Indentation and key of a line of YAML; "" for a line without a key. */
function keyOf(text: string): string {
  return /^(\s*(?:- )?[^\s:#'"][^:]*:)(?:\s|$)/.exec(text)?.[1] ?? "";
}

/** The parts of a line before, within and after what differs from another line. */
export function differingPart(text: string, other: string): [before: string, differing: string, after: string] {
  let start = 0;
  while (start < text.length && start < other.length && text[start] === other[start]) start++;
  let end = 0;
  while (end < text.length - start && end < other.length - start && text.at(-1 - end) === other.at(-1 - end)) end++;
  return [text.slice(0, start), text.slice(start, text.length - end), text.slice(text.length - end)];
}

export type Hunk =
  | { what: "lines"; lines: readonly DiffLine[] }
  | { what: "skipped"; id: number; lines: readonly DiffLine[] };

/** Lines kept around a change, so that it is seen where it is. */
const contextLines = 3;

/** Long stretches that are the same, or that `isQuiet` calls as good as that, taken together. */
export function hunksOf(lines: readonly DiffLine[], isQuiet: (line: DiffLine) => boolean = () => false): Hunk[] {
  const isNear = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (line.what === "same" || isQuiet(line)) continue;
    for (let near = index - contextLines; near <= index + contextLines; near++) isNear.add(near);
  }
  const hunks: Hunk[] = [];
  let from = 0;
  for (let index = 1; index <= lines.length; index++) {
    if (index < lines.length && isNear.has(index) === isNear.has(from)) continue;
    const part = lines.slice(from, index);
    hunks.push(
      isNear.has(from) || part.length <= 2
        ? { what: "lines", lines: part }
        : { what: "skipped", id: from, lines: part },
    );
    from = index;
  }
  return lines.length === 0 ? [] : hunks;
}
