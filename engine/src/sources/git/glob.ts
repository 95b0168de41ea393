// One part of a path against one part of a pattern: `*`, `?`, `[…]` with ranges, negation and classes, `\` as escape; as
// git's wildmatch does between two slashes. Time is at most pattern length times name length.

type Token = { what: "star" } | { what: "one"; matches: (char: string) => boolean };

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  // oxlint-disable-next-line no-control-regex
  cntrl: /[\u0000-\u001f\u007f]/,
  digit: /\d/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** A test for one name; a malformed pattern matches nothing. */
export function compileGlob(pattern: string): (name: string) => boolean {
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern;
  const suffix = pattern.slice(1);
  if (pattern.startsWith("*") && !/[*?[\\]/.test(suffix)) return (name) => name.endsWith(suffix);
  const tokens = tokenize(Array.from(pattern));
  if (tokens === undefined) return () => false;
  return (name) => run(tokens, Array.from(name));
}

function tokenize(chars: readonly string[]): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at];
    if (char === "*") {
      if (tokens.at(-1)?.what !== "star") tokens.push({ what: "star" });
    } else if (char === "?") tokens.push({ what: "one", matches: () => true });
    else if (char === "[") {
      const set = bracket(chars, at + 1);
      if (set === undefined) return undefined;
      tokens.push({ what: "one", matches: set.matches });
      at = set.end;
    } else {
      if (char === "\\") at += 1;
      const literal = chars[at];
      if (literal === undefined) return undefined;
      tokens.push({ what: "one", matches: (other) => other === literal });
    }
  }
  return tokens;
}

/** From after `[` to its `]`; a `]` in first place is a member. */
function bracket(
  chars: readonly string[],
  start: number,
): { matches: (char: string) => boolean; end: number } | undefined {
  let at = start;
  const isNegated = chars[at] === "!" || chars[at] === "^";
  if (isNegated) at += 1;
  const tests: ((char: string) => boolean)[] = [];
  for (let isFirst = true; isFirst || chars[at] !== "]"; isFirst = false) {
    if (at >= chars.length) return undefined;
    const named = chars[at] === "[" && chars[at + 1] === ":" ? className(chars, at + 2) : undefined;
    if (named !== undefined) {
      const test = classes[named.name];
      if (test === undefined) return undefined;
      tests.push((char) => test.test(char));
      at = named.end;
      continue;
    }
    if (chars[at] === "\\") at += 1;
    const low = chars[at] ?? "";
    at += 1;
    if (chars[at] !== "-" || chars[at + 1] === "]" || at + 1 >= chars.length) {
      tests.push((char) => char === low);
      continue;
    }
    at += chars[at + 1] === "\\" ? 2 : 1;
    const high = chars[at] ?? "";
    at += 1;
    tests.push((char) => low <= char && char <= high);
  }
  return { matches: (char) => tests.some((test) => test(char)) !== isNegated, end: at };
}

function className(chars: readonly string[], start: number): { name: string; end: number } | undefined {
  let end = start;
  while (end < chars.length && chars[end] !== "]") end += 1;
  if (chars[end] !== "]" || chars[end - 1] !== ":") return undefined;
  return { name: chars.slice(start, end - 1).join(""), end: end + 1 };
}

/** Only the last star is ever taken back: an earlier one cannot help where a later one does not. */
function run(tokens: readonly Token[], name: readonly string[]): boolean {
  let token = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < name.length; ) {
    const current = tokens[token];
    if (current?.what === "star") {
      star = token++;
      resume = at;
    } else if (current?.matches(name[at] ?? "") === true) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else return false;
  }
  while (tokens[token]?.what === "star") token += 1;
  return token === tokens.length;
}
