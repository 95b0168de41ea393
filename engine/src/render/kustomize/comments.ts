// Comments of YAML text that is written anew: node trees do not carry them, so they are laid over the new lines where the
// old text, written the same way, has one line for each of its own. Where it has not, comments are lost.

/** `after` with the comments of `original`; `before` is what was read from `original`, written as `after` is. */
export function keepComments(original: string, before: string, after: string): string {
  if (!original.includes("#")) return after;
  const oldLines = before.split("\n");
  const newLines = after.split("\n");
  const found = matchLines(original.split("\n"), oldLines);
  if (found === undefined || newLines.length !== oldLines.length) return after;
  return newLines
    .flatMap((line, i) => {
      const { head, end } = found[i] as Comments;
      const padding = /^ */.exec(line)?.[0] ?? "";
      return [...head.map((comment) => padding + comment), line + (end === "" ? "" : ` ${end}`)];
    })
    .join("\n");
}

type Comments = { head: string[]; end: string };

/** Comments in front of and behind each line; undefined when the lines are not those of the text. */
function matchLines(text: readonly string[], lines: readonly string[]): Comments[] | undefined {
  const result: Comments[] = [];
  let head: string[] = [];
  for (const raw of text) {
    const line = raw.trim();
    if (line === "") continue;
    if (line.startsWith("#")) {
      head.push(line);
      continue;
    }
    const wanted = lines[result.length]?.trim();
    if (wanted === undefined || !line.startsWith(wanted)) return undefined;
    const end = line.slice(wanted.length).trim();
    if (end !== "" && !end.startsWith("#")) return undefined;
    result.push({ head, end });
    head = [];
  }
  return head.length === 0 && result.length === lines.length ? result : undefined;
}
