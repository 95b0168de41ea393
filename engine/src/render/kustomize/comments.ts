// Comments of YAML text that is written anew: node trees do not carry them, so they are laid over the new lines. A line that
// was read is found again by its number among those that are neither blank nor a comment; where a line was written as
// several, or several as one, numbers do not fit and comments are lost.

import type { YamlComment } from "#formats/yaml";

/** `after` with the comments of the text; `before` is what was read from it, written as `after` is. */
export function keepComments(
  original: { text: string; comments: readonly YamlComment[] },
  before: string,
  after: string,
): string {
  const { lines: found, foot } = linesOf(original.text, original.comments);
  const isContent = (line: string): boolean => line.trim() !== "";
  const oldLines = before.split("\n").filter(isContent);
  if (found.length !== oldLines.length) return after;
  const newLines = after.split("\n").filter(isContent);
  const sources = matchLines(oldLines, newLines);
  let next = 0;
  const written = after.split("\n").flatMap((line) => {
    if (!isContent(line)) return [line];
    const source = sources[next++];
    const comments = source === undefined ? undefined : found[source];
    if (comments === undefined) return [line];
    const padding = /^ */.exec(line)?.[0] ?? "";
    const indented = (texts: readonly string[], by: string): string[] =>
      texts.map((one) => (one === "" ? "" : by + one));
    const shown = line + (comments.end === "" ? "" : ` ${comments.end}`);
    if (comments.behindDash.length === 0) return [...indented(comments.head, padding), shown];
    const [first = "", ...more] = comments.behindDash;
    const inner = `${padding}  `;
    return [
      ...indented(comments.head, padding),
      `${padding}- ${first}`,
      ...indented(more, inner),
      inner + shown.slice(inner.length),
    ];
  });
  return [...written, ...foot].join("\n");
}

/** `head` stands in front of the line; an empty text is a blank line. `behindDash` comes between a dash and its item. */
type Line = { head: string[]; end: string; behindDash: string[] };

type ReadLine = Line & { isAnchor: boolean; isOnlyAnchor: boolean };

/** The lines with content, each with its comments, and what stands behind the last. */
function linesOf(text: string, comments: readonly YamlComment[]): { lines: ReadLine[]; foot: string[] } {
  const byLine = new Map(comments.map((comment) => [comment.line, comment]));
  const lines: ReadLine[] = [];
  let head: string[] = [];
  let dash: { head: string[]; behind: string[] } | undefined;
  for (const [i, raw] of text.split("\n").entries()) {
    const comment = byLine.get(i + 1);
    const content = (comment === undefined ? raw : raw.slice(0, comment.column - 1)).trim();
    const shown = comment === undefined ? "" : `#${comment.text}`.trimEnd();
    if (content !== "") {
      // A blank line counts only behind what stands at the very top.
      const kept = lines.length === 0 ? head : head.filter((one) => one !== "");
      head = [];
      if (content === "-") {
        dash = { head: kept, behind: shown === "" ? [] : [shown] };
        continue;
      }
      const behind = dash === undefined ? [] : [...dash.behind, ...kept];
      lines.push({
        head: dash === undefined ? kept : dash.head,
        end: shown,
        behindDash: behind,
        isAnchor: /(?:^|\s)&\S+$/.test(content),
        isOnlyAnchor: /^&\S+$/.test(content),
      });
      dash = undefined;
    } else if (comment !== undefined || head.length > 0 || lines.length > 0) head.push(shown);
  }
  while (head.at(-1) === "") head.pop();
  moveBehindAnchors(lines);
  return { lines, foot: head };
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
