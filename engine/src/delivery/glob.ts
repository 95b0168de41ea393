// Shell patterns as substitution's trim functions know them (fluxcd/pkg/envsubst/path): `*`, `?`, `[a-z]`, `[^a]`, `\x`.
// A slash is a character like any other.

/** True when a pattern can be read at all: classes closed and not empty, nothing after a last backslash. */
export function readsAsGlob(pattern: string): boolean {
  for (let p = 0; p < pattern.length; p++) {
    if (pattern[p] === "\\") {
      p += 1;
      if (p >= pattern.length) return false;
    } else if (pattern[p] === "[") {
      const end = classEnd(pattern, p);
      if (end === undefined) return false;
      p = end;
    }
  }
  return true;
}

/** Where a class that opens at `start` closes; its first character may not be `]` or `-`. */
function classEnd(pattern: string, start: number): number | undefined {
  let p = start + (pattern[start + 1] === "^" ? 2 : 1);
  for (let isFirst = true; p < pattern.length; isFirst = false) {
    if (pattern[p] === "]" && !isFirst) return p;
    for (let isHigh = false; ; isHigh = true) {
      if (pattern[p] === "-" || pattern[p] === "]") return undefined;
      p += pattern[p] === "\\" ? 2 : 1;
      if (isHigh || pattern[p] !== "-") break;
      p += 1;
    }
  }
  return undefined;
}

/** True when the pattern matches the whole text. Time is bounded by the product of the two lengths. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    const next = p < pattern.length && pattern[p] !== "*" ? matchOne(pattern, p, text[t] as string) : undefined;
    if (next !== undefined) {
      p = next;
      t += 1;
    } else if (pattern[p] === "*") {
      starAt = p;
      starText = t;
      p += 1;
    } else if (starAt >= 0) {
      p = starAt + 1;
      starText += 1;
      t = starText;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}

/** Where the pattern goes on when its part at `p` matches the character; undefined when it does not. */
function matchOne(pattern: string, p: number, character: string): number | undefined {
  const part = pattern[p];
  if (part === "?") return p + 1;
  if (part === "\\" && p + 1 < pattern.length) return pattern[p + 1] === character ? p + 2 : undefined;
  if (part === "[") return matchClass(pattern, p, character);
  return part === character ? p + 1 : undefined;
}

function matchClass(pattern: string, start: number, character: string): number | undefined {
  let p = start + 1;
  const isNegated = pattern[p] === "^";
  if (isNegated) p += 1;
  let isFound = false;
  const read = (): string => {
    if (pattern[p] === "\\") p += 1;
    return pattern[p++] ?? "";
  };
  for (let isFirst = true; p < pattern.length && (isFirst || pattern[p] !== "]"); isFirst = false) {
    const low = read();
    let high = low;
    if (pattern[p] === "-") {
      p += 1;
      high = read();
    }
    isFound ||= low <= character && character <= high;
  }
  return p < pattern.length && isFound !== isNegated ? p + 1 : undefined;
}
