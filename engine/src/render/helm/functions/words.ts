// Words and cases as the packages behind Sprig see them: xstrings v1.5.0 for snake, kebab and camel case, goutils v1.1.1
// for the rest.

import { byteLength, bytesOf, isAscii, sliceBytes, stringOf } from "#formats/gotemplate";

const connector = /[-_\s\u0085]/u;
const upper = /\p{Lu}/u;
const letter = /\p{L}/u;
const number = /\p{N}/u;
const punctuation = /\p{P}/u;
const caseless = /[\p{Lo}\p{Lm}]/u;

type WordType = "number" | "upper" | "alphabet" | "connector" | "punctuation" | "other" | "none";
type Word = { type: WordType; text: string };

/** Letters that have a case; others (Han, Kana) are words of their own kind in xstrings. */
function isAlphabet(character: string): boolean {
  return letter.test(character) && !caseless.test(character);
}

function run(points: readonly string[], start: number, belongs: (character: string) => boolean): number {
  let end = start;
  while (end < points.length && belongs(points[end] as string)) end++;
  return end;
}

/** The end of the word that begins at `start`, and its type. */
function wordAt(points: readonly string[], start: number): { type: WordType; end: number } {
  const first = points[start];
  if (first === undefined) return { type: "none", end: start };
  if (connector.test(first)) return { type: "connector", end: run(points, start, (c) => connector.test(c)) };
  if (punctuation.test(first)) return { type: "punctuation", end: run(points, start, (c) => punctuation.test(c)) };
  if (upper.test(first)) return { type: "upper", end: upperEnd(points, start) };
  const isLower = (c: string): boolean => isAlphabet(c) && !upper.test(c);
  if (isAlphabet(first)) return { type: "alphabet", end: run(points, start, isLower) };
  if (number.test(first)) return { type: "number", end: run(points, start, (c) => number.test(c)) };
  const isOther = (c: string): boolean =>
    !connector.test(c) && !isAlphabet(c) && !number.test(c) && !punctuation.test(c);
  return { type: "other", end: run(points, start + 1, isOther) };
}

/** "HTTPServer" is two words: the last capital of a run belongs to the letters after it. */
function upperEnd(points: readonly string[], start: number): number {
  const second = points[start + 1];
  if (second === undefined) return start + 1;
  if (upper.test(second)) {
    const end = run(points, start, (c) => upper.test(c));
    const next = points[end];
    return next !== undefined && isAlphabet(next) ? end - 1 : end;
  }
  return run(points, start + 1, (c) => isAlphabet(c) && !upper.test(c));
}

/** Characters. Bytes that are none, and the sign for them, belong to the next character, at the end to the last one. */
function pointsOf(text: string): string[] {
  const points: string[] = text.match(/[\ud800-\udfff\ufffd]*[^\ud800-\udfff\ufffd]/gu) ?? [];
  const rest = /[\ud800-\udfff\ufffd]*$/u.exec(text)?.[0] ?? "";
  if (rest !== "") points.push((points.pop() ?? "") + rest);
  return points;
}

/** snakecase and kebabcase. */
export function toDelimited(text: string, mark: string): string {
  if (text === "") return "";
  const points = pointsOf(text);
  let at = 0;
  const next = (): Word => {
    const { type, end } = wordAt(points, at);
    const word = { type, text: points.slice(at, end).join("") };
    at = end;
    return word;
  };
  const lower = (word: Word): string => {
    if (word.type === "connector" || word.type === "upper")
      return Array.from(word.text, (c) =>
        connector.test(c) ? mark : /[\ud800-\udfff]/u.test(c) ? "\ufffd" : c.toLowerCase(),
      ).join("");
    return word.text;
  };
  return delimit({ next, lower, mark, isAtEnd: () => at >= points.length });
}

type Words = { next(): Word; lower(word: Word): string; mark: string; isAtEnd(): boolean };

function delimit(words: Words): string {
  const { mark } = words;
  const lower = (of: Word): string => words.lower(of);
  let out = "";
  let word = words.next();
  while (!words.isAtEnd()) {
    if (word.type !== "connector") out += lower(word);
    const previous = word;
    word = words.next();
    if (previous.type === "connector") out += lower(previous);
    else if (previous.type === "number") {
      [out, word] = joinRun(words, out, word);
      if (!endsGroup(word.type)) out += mark;
    } else if (previous.type !== "punctuation") [out, word] = afterLetters(words, out, word);
  }
  return out + lower(word);
}

/** Digits stick to the letters that follow them. */
function joinRun(words: Words, text: string, first: Word): [string, Word] {
  let out = text;
  let word = first;
  while (word.type === "alphabet" || word.type === "number") {
    out += words.lower(word);
    word = words.next();
  }
  return [out, word];
}

function endsGroup(type: WordType): boolean {
  return type === "none" || type === "punctuation" || type === "connector";
}

function afterLetters(words: Words, text: string, word: Word): [string, Word] {
  const { mark } = words;
  if (word.type !== "number")
    return [word.type === "connector" || word.type === "punctuation" ? text : text + mark, word];
  if (words.isAtEnd()) return [text, word];
  const digits = word;
  const following = words.next();
  if (following.type !== "alphabet") {
    const out = text + words.lower(digits);
    return [following.type === "connector" || following.type === "punctuation" ? out : out + mark, following];
  }
  const [out, rest] = joinRun(words, text + mark + words.lower(digits), following);
  return [endsGroup(rest.type) ? out : out + mark, rest];
}

/** camelcase: xstrings.ToPascalCase. */
export function toPascalCase(text: string): string {
  const points = Array.from(text);
  const start = run(points, 0, (c) => connector.test(c));
  let out = points.slice(0, start).join("");
  // The library writes the last connector twice when there is nothing else.
  if (start >= points.length) return out + (points.at(-1) ?? "");
  let isRunUpper = upper.test(points[start] as string);
  let current = (points[start] as string).toUpperCase();
  if (start === points.length - 1) return out + current;
  for (const point of points.slice(start + 1)) {
    const previous = current;
    current = point;
    if (connector.test(current) && connector.test(previous)) {
      out += previous;
      continue;
    }
    if (connector.test(previous)) {
      isRunUpper = upper.test(current);
      current = current.toUpperCase();
      continue;
    }
    if (isRunUpper) {
      if (upper.test(current)) current = current.toLowerCase();
      else isRunUpper = false;
    }
    out += previous;
  }
  return out + current;
}

export function swapCase(text: string): string {
  return Array.from(text)
    .map((c) => (upper.test(c) || /\p{Lt}/u.test(c) ? c.toLowerCase() : c.toUpperCase()))
    .join("");
}

export function initials(text: string): string {
  let out = "";
  let isGap = true;
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte);
    if (/[\s\u0085]/.test(character)) isGap = true;
    else if (isGap) {
      out += character;
      isGap = false;
    }
  }
  return out;
}

export function abbreviate(width: bigint, text: string): string {
  return width < 4n ? text : abbreviateAt(text, 0, Number(width));
}

export function abbreviateBoth(left: bigint, right: bigint, text: string): string {
  if (right < 4n || (left > 0n && right < 7n)) return text;
  return abbreviateAt(text, Number(left), Number(right));
}

function abbreviateAt(text: string, from: number, width: number): string {
  const length = byteLength(text);
  if (length <= width) return text;
  let offset = Math.min(from, length);
  // The rest behind the least of all offsets is too long for Go's int and turns negative.
  const rest = length - offset >= 2 ** 63 ? -(2 ** 63) : length - offset;
  if (rest < width - 3) offset = length - (width - 3);
  if (offset <= 4) return `${sliceBytes(text, 0, width - 3)}...`;
  if (width < 7) return "";
  if (offset + width - 3 < length) return `...${abbreviateAt(sliceBytes(text, offset), 0, width - 3)}`;
  return `...${sliceBytes(text, length - (width - 3))}`;
}

/** Breaks at blanks so that lines have at most `width` bytes; longer words only where `cutsWords`. */
export function wrap(text: string, wantedWidth: number, separator: string, cutsWords: boolean): string {
  const width = Math.max(1, wantedWidth);
  const bytes = oneByteEach(text);
  const lines: string[] = [];
  let offset = 0;
  while (bytes.length - offset > width) {
    if (bytes[offset] === " ") {
      offset++;
      continue;
    }
    const blank = bytes.slice(offset, offset + width + 1).lastIndexOf(" ");
    const next = blank >= 0 ? offset + blank : cutsWords ? -1 : bytes.indexOf(" ", offset + width);
    if (next < 0 && !cutsWords) break;
    const end = next < 0 ? offset + width : next;
    lines.push(bytes.slice(offset, end));
    offset = next < 0 ? end : end + 1;
  }
  const wrapped = [...lines, bytes.slice(offset)].join(oneByteEach(separator));
  return isAscii(text + separator) ? wrapped : stringOf(Uint8Array.from(wrapped, (byte) => byte.charCodeAt(0)));
}

/** The text's bytes, a character each. */
function oneByteEach(text: string): string {
  if (isAscii(text)) return text;
  return Array.from(bytesOf(text), (byte) => String.fromCharCode(byte)).join("");
}
