// Reading a time by one of Go's layouts, element by element as time.Parse does: where it stops decides its words.

import { GoError } from "#formats/gotemplate";
import { dayNames, encodeUtf8, monthNames } from "#kernel";
import { layoutElement } from "./layout.ts";

/** `zone` is a name that the text gives without saying how far it is ahead of UTC. */
/** `isUtc`: the text says so itself. */
export type ParsedTime = {
  nanoseconds: bigint;
  offsetSeconds: number | undefined;
  zone: string | undefined;
  isUtc: boolean;
};

type Found = {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: bigint;
  isAfternoon: boolean | undefined;
  offsetSeconds: number | undefined;
  zone: string | undefined;
  /** Said by `Z` or `UTC`, which counts before any other word about the zone. */
  isUtc: boolean;
};

/** The text does not have the form of the element. */
class Mismatch extends Error {}
/** The form is right, the number is none that a clock or calendar shows. */
class OutOfRange extends Error {}

/** What is still to read; `held` is what a refusal shows. */
class Rest {
  text: string;
  held: string;
  constructor(text: string) {
    this.text = text;
    this.held = text;
  }

  /** Takes what the pattern, which begins with `^`, matches. */
  take(pattern: RegExp): RegExpExecArray {
    const found = pattern.exec(this.text);
    if (found === null) throw new Mismatch();
    this.text = this.text.slice(found[0].length);
    return found;
  }

  number(pattern: RegExp): number {
    return Number(this.take(pattern)[0]);
  }

  within(pattern: RegExp, name: string, range: readonly [number, number]): number {
    const value = this.number(pattern);
    if (value < range[0] || value > range[1]) throw new OutOfRange(name);
    return value;
  }

  /** The index of the name that comes next, in whatever case. */
  name(names: readonly string[]): number {
    const lower = this.text.toLowerCase();
    const index = names.findIndex((name) => lower.startsWith(name.toLowerCase()));
    if (index < 0) throw new Mismatch();
    this.text = this.text.slice((names[index] as string).length);
    return index;
  }

  /** Text of the layout itself; runs of blanks match runs of blanks. */
  skip(literal: string): void {
    this.held = this.text;
    let wanted = literal;
    while (wanted !== "") {
      if (wanted.startsWith(" ")) {
        if (this.text !== "" && !this.text.startsWith(" ")) break;
        wanted = wanted.replace(/^ +/, "");
        this.text = this.text.replace(/^ +/, "");
      } else {
        if (this.text.charAt(0) !== wanted.charAt(0)) break;
        wanted = wanted.slice(1);
        this.text = this.text.slice(1);
      }
      this.held = this.text;
    }
    if (wanted !== "") throw new Mismatch();
  }
}

const oneOrTwo = /^\d\d?/;
const two = /^\d\d/;

function short(names: readonly string[]): string[] {
  return names.map((name) => name.slice(0, 3));
}

type Reader = (rest: Rest, found: Found) => void;

const month =
  (pattern: RegExp): Reader =>
  (rest, found) =>
    (found.month = rest.within(pattern, "month", [1, 12]));
const hour12 =
  (pattern: RegExp): Reader =>
  (rest, found) =>
    (found.hour = rest.within(pattern, "hour", [0, 12]));
const minute =
  (pattern: RegExp): Reader =>
  (rest, found) =>
    (found.minute = rest.within(pattern, "minute", [0, 59]));
const half =
  (afternoon: string, morning: string): Reader =>
  (rest, found) =>
    (found.isAfternoon = rest.take(new RegExp(`^(?:${afternoon}|${morning})`))[0] === afternoon);

const readers: { readonly [element: string]: Reader } = {
  "2006": (rest, found) => (found.year = rest.number(/^\d{4}/)),
  "06": (rest, found) => {
    const year = rest.number(/^(?:\d\d|[+-]\d)/);
    found.year = year + (year >= 69 ? 1900 : 2000);
  },
  January: (rest, found) => (found.month = rest.name(monthNames) + 1),
  Jan: (rest, found) => (found.month = rest.name(short(monthNames)) + 1),
  Monday: (rest) => rest.name(dayNames),
  Mon: (rest) => rest.name(short(dayNames)),
  "01": month(two),
  "1": month(oneOrTwo),
  "02": (rest, found) => (found.day = rest.number(two)),
  _2: (rest, found) => (found.day = rest.number(/^ ?\d\d?/)),
  "2": (rest, found) => (found.day = rest.number(oneOrTwo)),
  "002": (rest, found) => (found.yearDay = rest.number(/^\d{3}/)),
  __2: (rest, found) => (found.yearDay = rest.number(/^ {0,2}\d{1,3}/)),
  "15": (rest, found) => (found.hour = rest.within(oneOrTwo, "hour", [0, 23])),
  "03": hour12(two),
  "3": hour12(oneOrTwo),
  "04": minute(two),
  "4": minute(oneOrTwo),
  PM: half("PM", "AM"),
  pm: half("pm", "am"),
  MST: (rest, found) => {
    const name = rest.take(zoneName)[0];
    if (name === "UTC") found.isUtc = true;
    else found.zone = name;
  },
};

// Names of three to five capitals (of four and five only those of a known form), GMT and bare signs with hours.
const zoneName =
  /^(?:UTC|ChST|MeST|GMT(?:[+-](?:2[0-3]|[01]?\d)(?!\d))?|[+-](?:2[0-3]|[01]?\d)(?!\d)|[A-Z]{4}T(?![A-Z])|(?:[A-Z]{3}T|WITA)(?![A-Z])|[A-Z]{3}(?![A-Z]))/;

function readSecond(pattern: RegExp, next: string | undefined): Reader {
  return (rest, found) => {
    found.second = rest.within(pattern, "second", [0, 59]);
    // A fraction may follow that the layout does not name.
    if (!/^[.,]/.test(next ?? "") && /^[.,]\d/.test(rest.text)) readFraction(rest, found, /^[.,]\d+/);
  };
}

function readFraction(rest: Rest, found: Found, pattern: RegExp): void {
  const digits = rest.take(pattern)[0].slice(1, 10);
  found.nanosecond = BigInt(digits.padEnd(9, "0"));
}

function readOffset(element: string): Reader {
  return (rest, found) => {
    if (element.startsWith("Z") && rest.text.startsWith("Z")) {
      rest.take(/^Z/);
      found.isUtc = true;
      return;
    }
    const gap = element.includes(":") ? ":" : "";
    const count = (element.replaceAll(":", "").length - 1) / 2;
    const shape = Array.from({ length: count }, () => "(..)").join(gap);
    const [, sign, ...parts] = rest.take(new RegExp(`^(.)${shape}`, "s"));
    const [hours = 0, minutes = 0, seconds = 0] = offsetParts(parts);
    if (sign !== "+" && sign !== "-") throw new Mismatch();
    found.offsetSeconds = (hours * 3600 + minutes * 60 + seconds) * (sign === "-" ? -1 : 1);
  };
}

const offsetRanges = [
  ["hour", 24],
  ["minute", 60],
  ["second", 60],
] as const;

/** A number that is out of its range counts before a sign or a later number that is none. */
function offsetParts(parts: readonly string[]): number[] {
  const bad = parts.findIndex((part) => !/^\d\d$/.test(part));
  const numbers = (bad < 0 ? parts : parts.slice(0, bad)).map(Number);
  for (const [i, value] of numbers.entries()) {
    const [name, most] = offsetRanges[i] as (typeof offsetRanges)[number];
    if (value > most) throw new OutOfRange(`time zone offset ${name}`);
  }
  if (bad >= 0) throw new Mismatch();
  return numbers;
}

function readerOf(element: string, next: string | undefined): Reader {
  if (/^[.,]0/.test(element))
    return (rest, found) => readFraction(rest, found, new RegExp(`^[.,]\\d{${element.length - 1}}`));
  if (/^[.,]/.test(element))
    return (rest, found) => {
      if (/^[.,]\d/.test(rest.text)) readFraction(rest, found, /^[.,]\d+/);
    };
  if (/^[-Z]0/.test(element)) return readOffset(element);
  if (element === "05") return readSecond(two, next);
  if (element === "5") return readSecond(oneOrTwo, next);
  return readers[element] as Reader;
}

/** time.Parse in UTC. Throws a GoError in Go's words. */
export function parseLayout(layout: string, text: string): ParsedTime {
  const found: Found = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0n,
    isAfternoon: undefined,
    offsetSeconds: undefined,
    zone: undefined,
    isUtc: false,
  };
  const rest = new Rest(text);
  let at = 0;
  const read = (step: string, run: () => void): void => attempt(run, { step, layout, text, rest });
  const elements = [...layout.matchAll(layoutElement)];
  for (const [i, { index, 0: element }] of elements.entries()) {
    const literal = layout.slice(at, index);
    read(literal, () => rest.skip(literal));
    rest.held = rest.text;
    read(element, () => readerOf(element, elements[i + 1]?.[0])(rest, found));
    at = index + element.length;
  }
  const end = layout.slice(at);
  read(end, () => rest.skip(end));
  if (rest.text !== "") throw new GoError(`parsing time ${quote(text)}: extra text: ${quote(rest.text)}`);
  return assemble(found, text);
}

function attempt(run: () => void, where: { step: string; layout: string; text: string; rest: Rest }): void {
  try {
    run();
  } catch (thrown) {
    const { step, layout, text, rest } = where;
    if (thrown instanceof OutOfRange) throw new GoError(`parsing time ${quote(text)}: ${thrown.message} out of range`);
    if (!(thrown instanceof Mismatch)) throw thrown;
    throw new GoError(
      `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest.held)} as ${quote(step)}`,
    );
  }
}

function assemble(found: Found, text: string): ParsedTime {
  const { year, minute: minutes, second, offsetSeconds, zone } = found;
  const refuse = (words: string): never => {
    throw new GoError(`parsing time ${quote(text)}: ${words}`);
  };
  let hour = found.hour;
  if (found.isAfternoon === true && hour < 12) hour += 12;
  else if (found.isAfternoon === false && hour === 12) hour = 0;
  const { month: monthNumber, day } = dateOf(found, refuse);
  const date = new Date(Date.UTC(2000, monthNumber - 1, 1, hour, minutes, second));
  date.setUTCFullYear(year, monthNumber - 1, day);
  if (day < 1 || date.getUTCDate() !== day) refuse("day out of range");
  const wall = BigInt(date.getTime()) * 1_000_000n + found.nanosecond;
  if (found.isUtc) return { nanoseconds: wall, offsetSeconds: 0, zone: undefined, isUtc: true };
  // What stands beside a name of unknown offset counts as UTC, even where the name says more.
  const nanoseconds = wall - BigInt(offsetSeconds ?? 0) * 1_000_000_000n;
  return { nanoseconds, offsetSeconds: offsetSeconds ?? gmtOffset(zone), zone, isUtc: false };
}

/** Of names only `GMT-3` and the like say how far they are ahead. */
function gmtOffset(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  return zone.startsWith("GMT") ? Number(zone.slice(3)) * 3600 : 0;
}

function dateOf(found: Found, refuse: (words: string) => never): { month: number; day: number } {
  const { year, yearDay } = found;
  if (yearDay === undefined) return { month: found.month ?? 1, day: found.day ?? 1 };
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (yearDay < 1 || yearDay > (isLeap ? 366 : 365)) refuse("day-of-year out of range");
  const date = new Date(Date.UTC(isLeap ? 2000 : 2001, 0, yearDay));
  const [monthNumber, day] = [date.getUTCMonth() + 1, date.getUTCDate()];
  if (found.month !== undefined && found.month !== monthNumber) refuse("day-of-year does not match month");
  if (found.day !== undefined && found.day !== day) refuse("day-of-year does not match day");
  return { month: monthNumber, day };
}

/** As package time quotes: control characters and all that is not ASCII as bytes. */
function quote(text: string): string {
  let out = "";
  for (const sign of text) {
    if (sign === '"' || sign === "\\") out += `\\${sign}`;
    else if (sign >= " " && sign < "\u0080") out += sign;
    else for (const byte of encodeUtf8(sign)) out += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${out}"`;
}
