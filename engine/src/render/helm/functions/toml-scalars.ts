// Strings, numbers, dates and times of TOML, as BurntSushi/toml v1.6.0 makes values of the words it found. Its words are
// wider than TOML's: what is none is refused here.

import { fitsInt64, parseFloatText, parseIntText } from "#formats/go-numbers";
import { GoError, int64, quote, type Value } from "#formats/gotemplate";
import { parseTime } from "./dates.ts";
import type { QuotedWord, TomlScanner, Word } from "./toml-scan.ts";

const escaped: { readonly [character: string]: string } = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\u001b",
  '"': '"',
  "\\": "\\",
};

/** The text that a string stands for. */
export function readQuoted(scanner: TomlScanner, word: QuotedWord): string {
  const text = word.isMultiline ? word.text.replace(/^\r?\n/, "") : word.text;
  if (!word.hasEscapes) return text;
  const joined = word.isMultiline ? joinLines(text) : text;
  return joined.replace(/\\(u.{4}|U.{8}|x.{2}|.)/gs, (_all, escape: string) => {
    const known = escaped[escape];
    if (known !== undefined) return known;
    if (escape.length === 1) scanner.fail(`invalid escape: '\\${escape}'`, word.end);
    const point = Number.parseInt(escape.slice(1), 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      scanner.fail(`Escaped character '\\u${escape.slice(1)}' is not valid UTF-8.`, word.end);
    return String.fromCodePoint(point);
  });
}

/** Without the backslashes that end a line, and all blanks and line ends behind them. */
function joinLines(text: string): string {
  return text.replace(/\\(\\|[ \t\r]*\n[ \t\r\n]*)/g, (all, next: string) => (next === "\\" ? all : ""));
}

/** True when each underscore stands between digits. A sign counts as none. */
function areUnderscoresRight(text: string): boolean {
  if (/^[+-]?(?:nan|inf)$/.test(text)) return true;
  return /[0-9a-fA-F]$/.test(text) && !/(?:^|[^0-9a-fA-F])_/.test(text);
}

function hasLeadingZero(text: string): boolean {
  return /^0[^box]|^[+-]0./.test(text);
}

export function readInteger(scanner: TomlScanner, { text, end }: Word): Value {
  const wrong = `Invalid integer ${quote(text)}`;
  if (!areUnderscoresRight(text)) scanner.fail(`${wrong}: underscores must be surrounded by digits`, end);
  if (hasLeadingZero(text)) scanner.fail(`${wrong}: cannot have leading zeroes`, end);
  const value = parseIntText(text, 0);
  if (value === undefined || !fitsInt64(value)) scanner.fail(`${text} is out of range for int64`, end);
  return int64(value);
}

export function readFloat(scanner: TomlScanner, { text, end }: Word): Value {
  const wrong = `Invalid float ${quote(text)}`;
  const parts = text.split(/[.eE]/).filter((part) => part !== "");
  if (!parts.every(areUnderscoresRight)) scanner.fail(`${wrong}: underscores must be surrounded by digits`, end);
  if (parts[0] !== undefined && hasLeadingZero(parts[0])) scanner.fail(`${wrong}: cannot have leading zeroes`, end);
  if (/\.(?![0-9])/.test(text)) scanner.fail(`${wrong}: '.' must be followed by one or more digits`, end);
  const value = parseFloatText(text.replaceAll("_", ""));
  if (value === undefined) scanner.fail(`Invalid float value: ${quote(text)}`, end);
  if (!Number.isFinite(value) && /[0-9]/.test(text)) scanner.fail(`${text} is out of range for float64`, end);
  return value;
}

/** The layouts in the order of trying, and the library's name for the zone of those that have none. */
const layouts: readonly (readonly [layout: string, zone?: string])[] = [
  ["2006-01-02T15:04:05.999999999Z07:00"],
  ["2006-01-02T15:04:05.999999999", "datetime-local"],
  ["2006-01-02", "date-local"],
  ["15:04:05.999999999", "time-local"],
  ["2006-01-02T15:04Z07:00"],
  ["2006-01-02T15:04", "datetime-local"],
  ["15:04", "time-local"],
];

export function readTime(scanner: TomlScanner, word: Word): Value {
  const text = word.text.replaceAll("z", "Z").replaceAll("t", "T").replaceAll(" ", "T");
  for (const [layout, zone] of layouts) {
    const time = readLayout(layout, text);
    if (time === undefined) continue;
    // Go takes an hour of one digit, TOML does not: the signs behind it stand elsewhere then.
    const fixed = /^[^.Z]*/.exec(layout)?.[0] as string;
    if ([...fixed.matchAll(/\D/g)].some(({ 0: sign, index }) => text[index] !== sign)) break;
    return zone === undefined ? time : time.in(zone);
  }
  scanner.fail(`invalid datetime: ${quote(text)}`, word.end);
}

function readLayout(layout: string, text: string): ReturnType<typeof parseTime> | undefined {
  try {
    return parseTime(layout, text);
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}
