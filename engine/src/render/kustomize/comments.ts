// Comments of YAML text that is written anew: node trees do not carry them, so they are laid over the new lines. A line that
// was read is found again by its number among those on which something begins: what goes on over several lines, as folded
// text does, may be written as fewer. Where numbers do not fit for another reason, comments are lost.

import { Composer, type YamlComment, type YamlNode } from "#formats/yaml";

/** `after` with the comments of the text; `before` is what was read from it, written as `after` is. */
export function keepComments(
  original: { text: string; comments: readonly YamlComment[] },
  before: string,
  after: string,
): string {
  const { lines: found, foot } = linesOf(original.text, original.comments);
  const old = pieces(before).map(([line]) => line as string);
  if (found.length !== old.length) return after;
  const fresh = pieces(after);
  const sources = matchLines(
    old,
    fresh.map(([line]) => line as string),
  );
  const written = fresh.flatMap((piece, i) => {
    const source = sources[i];
    const comments = source === undefined ? undefined : found[source];
    return comments === undefined ? piece : withComments(piece, comments, fresh[i + 1]?.[0]);
  });
  return [...written, ...foot].join("\n");
}

/** A line and what goes on of it, with its comments; `next` is the line behind. */
function withComments([line = "", ...rest]: readonly string[], comments: Line, next: string | undefined): string[] {
  const padding = indentOf(line);
  const inner = `${padding}  `;
  const indented = (texts: readonly string[], by: string): string[] => texts.map((one) => (one === "" ? "" : by + one));
  const shown = line + (comments.end === "" ? "" : ` ${comments.end}`);
  // A blank line tells what stands below from the head of what follows.
  const place = placeOf(line);
  const gap = comments.foot.length > 0 && next !== undefined && indentOf(next) === place ? [""] : [];
  const below = [...rest, ...indented(comments.foot, place), ...gap];
  if (comments.behindDash.length === 0) return [...indented(comments.head, padding), shown, ...below];
  const [first = "", ...more] = comments.behindDash;
  return [
    ...indented(comments.head, padding),
    `${padding}- ${first}`,
    ...indented(more, inner),
    inner + shown.slice(inner.length),
    ...below,
  ];
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? "";
}

/** Blanks up to where the key of a line stands, behind dashes too. */
function placeOf(line: string): string {
  const dashes = /^(?: |- )*/.exec(line)?.[0] ?? "";
  return / |:$/.test(line.slice(dashes.length)) && line.includes(":") ? " ".repeat(dashes.length) : indentOf(line);
}

/** The lines of a text, each with those on which it goes on. */
function pieces(text: string): string[][] {
  const starts = startLines(text);
  const all: string[][] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const last = all.at(-1);
    if (starts.has(i + 1) || last === undefined) all.push([line]);
    else last.push(line);
  }
  return all;
}

/**
 * `head` stands in front of the line; an empty text is a blank line. `behindDash` comes between a dash and its item. `foot`
 * stands below what the line begins.
 */
type Line = { head: string[]; end: string; behindDash: string[]; foot: string[] };

/** `hasFoot`: its value ends here, and is no flow. `column`: where its key stands. */
type ReadLine = Line & { isAnchor: boolean; isOnlyAnchor: boolean; hasFoot: boolean; column: number };

/** The lines on which a key, an item or a value begins; within a flow only the first. */
function startLines(text: string): Set<number> {
  const starts = new Set<number>();
  const visit = (node: YamlNode): void => {
    if (node.line > 0) starts.add(node.line);
    if (node.style !== "flow") for (const item of node.items) visit(item);
  };
  const root = new Composer(text).next();
  if (root !== undefined) visit(root);
  return starts;
}

/** The lines with content, each with its comments, and what stands behind the last. */
function linesOf(text: string, comments: readonly YamlComment[]): { lines: ReadLine[]; foot: string[] } {
  const byLine = new Map(comments.map((comment) => [comment.line, comment]));
  const starts = startLines(text);
  const lines: ReadLine[] = [];
  // Comments and blank lines in front of what comes next.
  let head: string[] = [];
  let columns: number[] = [];
  let dash: { head: string[]; behind: string[] } | undefined;
  for (const [i, raw] of text.split("\n").entries()) {
    const comment = byLine.get(i + 1);
    const content = (comment === undefined ? raw : raw.slice(0, comment.column - 1)).trim();
    const shown = comment === undefined ? "" : `#${comment.text}`.trimEnd();
    if (content !== "") {
      const isGoingOn = content !== "-" && !starts.has(i + 1);
      const last = lines.at(-1);
      if (isGoingOn) {
        if (last !== undefined && shown !== "") last.end = shown;
        continue;
      }
      const { foot, kept } =
        last === undefined ? { foot: [], kept: head } : splitHead(head, last, { columns, next: indentOf(raw).length });
      last?.foot.push(...foot);
      head = [];
      columns = [];
      if (content === "-") {
        dash = { head: kept, behind: shown === "" ? [] : [shown] };
        continue;
      }
      const behind = dash === undefined ? [] : [...dash.behind, ...kept];
      lines.push({
        head: dash === undefined ? kept : dash.head,
        end: shown,
        behindDash: behind,
        foot: [],
        hasFoot: !/[:\]}]$/.test(content),
        column: placeOf(raw).length,
        isAnchor: /(?:^|\s)&\S+$/.test(content),
        isOnlyAnchor: /^&\S+$/.test(content),
      });
      dash = undefined;
    } else if (comment !== undefined || head.length > 0 || lines.length > 0) {
      head.push(shown);
      columns.push((comment?.column ?? 1) - 1);
    }
  }
  while (head.at(-1) === "") head.pop();
  moveBehindAnchors(lines);
  return { lines, foot: splitFoot(head, columns, lines.at(-1)) };
}

/** What stands farther in than the margin below the last line belongs to that line; the rest is the text's own. */
function splitFoot(foot: readonly string[], columns: readonly number[], last: ReadLine | undefined): string[] {
  const isOutside = (i: number): boolean => last === undefined || (columns[i] as number) < Math.max(1, last.column);
  const outer = foot.findIndex((one, i) => one !== "" && isOutside(i));
  const inner = outer < 0 ? foot.length : outer;
  last?.foot.push(...foot.slice(0, inner).filter(Boolean));
  return foot.slice(inner);
}

/** Comments right below a line and apart from the next belong to the former; blank lines within others stay. */
function splitHead(
  head: readonly string[],
  line: ReadLine,
  { columns, next }: { columns: readonly number[]; next: number },
): { foot: string[]; kept: string[] } {
  const { hasFoot, column } = line;
  const place = { column: columns[head.findIndex(Boolean)] ?? 0, next };
  // One that stands farther out than those above it, and than what these belong to, begins anew.
  const outer = head.findIndex((one, i) => one !== "" && (columns[i] as number) < Math.min(place.column, column));
  if (outer > 0 && place.column >= column) {
    const rest = splitHead(head.slice(outer), line, { columns: columns.slice(outer), next });
    return { foot: [...head.slice(0, outer).filter(Boolean), ...rest.foot], kept: rest.kept };
  }
  // What stands farther in than the next line, where the former does too, can only belong to the former.
  if (place.column > place.next && column > place.next && head.some(Boolean))
    return { foot: head.filter(Boolean), kept: [] };
  const blank = head.indexOf("");
  const isBelow = blank > 0 && hasFoot && place.column >= column;
  if (isBelow) return { foot: head.slice(0, blank), kept: withoutDoubled(head.slice(blank)) };
  const kept = withoutDoubled(head);
  // Behind a value that could not have a foot, the blank line at the end goes.
  if (place.column >= column) while (kept.at(-1) === "") kept.pop();
  return { foot: [], kept };
}

/** One blank line for several, and none at the beginning. */
function withoutDoubled(head: readonly string[]): string[] {
  return head.filter((one, i) => one !== "" || (i > 0 && head[i - 1] !== "" && head.slice(0, i).some(Boolean)));
}

/** What stands at the anchor of a block belongs to the block's first line. */
function moveBehindAnchors(lines: readonly ReadLine[]): void {
  for (const [i, line] of lines.entries()) {
    const next = lines[i + 1];
    if (!line.isAnchor || next === undefined) continue;
    if (line.isOnlyAnchor) next.head.unshift(...line.head.splice(0));
    if (next.end !== "") continue;
    next.end = line.end;
    line.end = "";
  }
}

/** For each new line the old one it was: equal ones from both ends, what is between in its order. */
function matchLines(before: readonly string[], after: readonly string[]): (number | undefined)[] {
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && before[start] === after[start]) start++;
  let end = 0;
  while (end < least - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return after.map((_, i) => {
    if (i >= after.length - end) return i - after.length + before.length;
    return i < before.length - end ? i : undefined;
  });
}
