// Shell patterns as substitution's trim functions know them: `*`, `?`, `[a-z]`, `[^a]`, `\x`. A slash is a character
// like any other.

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
  const isNegated = pattern[p] === "^" || pattern[p] === "!";
  if (isNegated) p += 1;
  let isFound = false;
  for (let first = true; p < pattern.length && (first || pattern[p] !== "]"); first = false) {
    const low = pattern[p] as string;
    const high = pattern[p + 1] === "-" && pattern[p + 2] !== "]" ? pattern[p + 2] : undefined;
    if (high === undefined) isFound ||= low === character;
    else isFound ||= low <= character && character <= high;
    p += high === undefined ? 1 : 3;
  }
  return p < pattern.length && isFound !== isNegated ? p + 1 : undefined;
}
