// The order of map keys in go-yaml's output (sorter.go): letters after everything else, runs of digits as numbers.

const letter = /^\p{L}$/u;
const digit = /^\p{Nd}$/u;

/** Negative when `a` comes first. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === length) return a.length - b.length;
  return compareFrom(Array.from(a), Array.from(b));
}

function compareFrom(a: readonly string[], b: readonly string[]): number {
  let i = 0;
  while (a[i] === b[i] && i < a.length) i++;
  const [ca, cb] = [a[i], b[i]];
  if (ca === undefined || cb === undefined) return a.length - b.length;
  const [isLetterA, isLetterB] = [isLetter(ca), isLetter(cb)];
  if (isLetterA && isLetterB) return codePoint(ca) - codePoint(cb);
  if (isLetterA || isLetterB) return isLetterB ? -1 : 1;
  // A zero inside a number is a digit like others; leading zeros are not.
  const start = (ca === "0" || cb === "0") && followsNonZeroDigit(a, i) ? 1 : 0;
  const runA = readDigits(a, i, start);
  const runB = readDigits(b, i, start);
  if (runA.value !== runB.value) return runA.value < runB.value ? -1 : 1;
  if (runA.end !== runB.end) return runA.end - runB.end;
  return codePoint(ca) - codePoint(cb);
}

function followsNonZeroDigit(text: readonly string[], i: number): boolean {
  for (let j = i - 1; j >= 0 && isDigit(text[j] as string); j--) if (text[j] !== "0") return true;
  return false;
}

function readDigits(text: readonly string[], from: number, start: number): { value: bigint; end: number } {
  let value = BigInt(start);
  let end = from;
  // Go adds in int64, which wraps.
  for (; end < text.length && isDigit(text[end] as string); end++)
    value = BigInt.asIntN(64, value * 10n + BigInt(codePoint(text[end] as string) - 48));
  return { value, end };
}

function isLetter(character: string): boolean {
  const code = character.charCodeAt(0);
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return letter.test(character);
}

function isDigit(character: string): boolean {
  const code = character.charCodeAt(0);
  if (code < 128) return code >= 48 && code <= 57;
  return digit.test(character);
}

function codePoint(character: string): number {
  return character.codePointAt(0) as number;
}
