// What Go takes for blanks, which is not what JavaScript does: U+0085 is one, U+FEFF is none.

/** Unicode's White_Space, which Go's TrimSpace and IsSpace use, as a class of a pattern. */
export const space = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

/** What \s stands for in a regular expression of Go. */
export const patternSpace = "[\\t\\n\\f\\r ]";

const leading: RegExp = new RegExp(`^${space}+`);
const one: RegExp = new RegExp(`^${space}$`);

/** strings.TrimLeftFunc with unicode.IsSpace. */
export function trimSpaceStart(text: string): string {
  return text.replace(leading, "");
}

/** strings.TrimSpace. */
export function trimSpace(text: string): string {
  let end = text.length;
  // From the end: a pattern would try every run of blanks in a long text.
  while (end > 0 && one.test(text[end - 1] as string)) end--;
  return trimSpaceStart(text.slice(0, end));
}
