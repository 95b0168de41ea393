// The methods of time.Time that templates call, and the types of their results: months, weekdays, locations.

import {
  Bytes,
  define,
  defineUncallable,
  GoError,
  type GoFunction,
  GoObject,
  Integer,
  type Value,
} from "#formats/gotemplate";
import { dayNames, encodeUtf8, monthNames } from "#kernel";
import { encodeBase64 } from "./base64.ts";
import { type CivilTime, floorDivide, modulo, zeroTime } from "./calendar.ts";
import { Duration, second } from "./duration.ts";

/** What the methods know of a time. */
type GoTime = GoObject & {
  readonly nanoseconds: bigint;
  readonly seconds: bigint;
  readonly zone: string;
  readonly place: string;
  civil(): CivilTime;
  at(nanoseconds: bigint): GoTime;
  in(zone: string): GoTime;
  add(nanoseconds: bigint): GoTime;
  format(layout: string): string;
};

/** The method of that name, or undefined. */
export function timeMethod(time: GoTime, name: string): GoFunction | undefined {
  return (
    clockMethod(time, name) ??
    calendarMethod(time, name) ??
    zoneMethod(time, name) ??
    relationMethod(time, name) ??
    writingMethod(time, name) ??
    severalResults(name)
  );
}

function clockMethod(time: GoTime, name: string): GoFunction | undefined {
  const civil = time.civil();
  const field: { readonly [method: string]: number } = {
    Year: civil.year,
    Day: civil.day,
    Hour: civil.hour,
    Minute: civil.minute,
    Second: civil.second,
    Nanosecond: civil.nanosecond,
    YearDay: civil.yearDay,
  };
  if (Object.hasOwn(field, name)) return define("", () => BigInt(field[name] as number));
  if (name === "Month") return define("", () => new NamedInteger(BigInt(civil.month), "time.Month"));
  if (name === "Weekday") return define("", () => new NamedInteger(BigInt(civil.weekday), "time.Weekday"));
  return undefined;
}

function calendarMethod(time: GoTime, name: string): GoFunction | undefined {
  const unit = { Unix: second, UnixMilli: 1_000_000n, UnixMicro: 1_000n, UnixNano: 1n }[name];
  if (unit !== undefined)
    return define("", () => new Integer("int64", BigInt.asIntN(64, floorDivide(time.nanoseconds, unit))));
  switch (name) {
    case "AddDate":
      return define("int, int, int", (years: bigint, monthCount: bigint, days: bigint) =>
        addDate(time, [years, monthCount, days]),
      );
    case "IsZero":
      return define("", () => time.nanoseconds === zeroTime);
    default:
      return undefined;
  }
}

function addDate(time: GoTime, [years, monthCount, dayCount]: [bigint, bigint, bigint]): Value {
  const { year, month, day, hour, minute, second: seconds, nanosecond, offsetSeconds } = time.civil();
  const days = wrappedDays(BigInt(year) + years, BigInt(month) + monthCount, BigInt(day) + dayCount);
  const sum = days * 86_400n + BigInt(hour * 3600 + minute * 60 + seconds - offsetSeconds);
  // Go counts seconds from the year 1 in 64 bits.
  const since1 = BigInt.asIntN(64, sum - zeroTime / second);
  return time.at((since1 + zeroTime / second) * second + BigInt(nanosecond));
}

/** Go counts years from here, so that all of them are positive. */
const firstYear = 292_277_022_400n;

/** Days from 1970 to a date as Go counts them, in 64 bits that overflow for years beyond all calendars (time.dateToAbsDays). */
function wrappedDays(year: bigint, month: bigint, day: bigint): bigint {
  const years = BigInt.asIntN(64, year) + floorDivide(BigInt.asIntN(64, month) - 1n, 12n);
  const inYear = modulo(BigInt.asIntN(64, month) - 1n, 12n) + 1n;
  const isEarly = inYear < 3n;
  const fromMarch = inYear + (isEarly ? 12n : 0n);
  const counted = BigInt.asUintN(64, years - (isEarly ? 1n : 0n) + firstYear);
  const centuryDays = BigInt.asUintN(64, 146_097n * (counted / 100n)) / 4n;
  const yearDays = (1461n * (counted % 100n)) / 4n + ((979n * fromMarch - 2919n) >> 5n);
  return BigInt.asIntN(64, centuryDays + yearDays + day - 1n) - daysBefore1970;
}

/** The same of January 1, 1970. */
const daysBefore1970 = 106_751_991_073_400n;

function zoneMethod(time: GoTime, name: string): GoFunction | undefined {
  switch (name) {
    case "UTC":
    case "Local":
      return define("", () => time.in(name));
    case "In":
      return define("location", (location: Location | null) => {
        if (location === null) throw new GoError("time: missing Location in call to Time.In");
        return time.in(location.zone);
      });
    case "Location":
      return define("", () => new Location(time.zone, time.place));
    case "IsDST":
      // What a template gets hold of has a zone of one offset.
      return define("", () => false);
    default:
      return undefined;
  }
}

const longest = 2n ** 63n - 1n;

/** Time from `before` to `after`; what a duration cannot hold is the longest there is. */
export function durationBetween(after: GoTime, before: GoTime): bigint {
  const difference = after.nanoseconds - before.nanoseconds;
  if (difference > longest) return longest;
  return difference < -longest - 1n ? -longest - 1n : difference;
}

function relationMethod(time: GoTime, name: string): GoFunction | undefined {
  const difference = (other: Value): bigint => time.nanoseconds - (other as GoTime).nanoseconds;
  switch (name) {
    case "Add":
      return define("duration", (duration: Value) => time.add((duration as Integer).value));
    case "Sub":
      return define("time", (other: Value) => new Duration(durationBetween(time, other as GoTime)));
    case "Before":
      return define("time", (other: Value) => difference(other) < 0n);
    case "After":
      return define("time", (other: Value) => difference(other) > 0n);
    case "Equal":
      return define("time", (other: Value) => difference(other) === 0n);
    case "Compare":
      return define("time", (other: Value) => (difference(other) < 0n ? -1n : difference(other) > 0n ? 1n : 0n));
    case "Truncate":
      return define("duration", (unit: Value) => roundedTo(time, (unit as Integer).value, false));
    case "Round":
      return define("duration", (unit: Value) => roundedTo(time, (unit as Integer).value, true));
    default:
      return undefined;
  }
}

/** The multiple of a unit, counted from the year 1, that lies before the time or nearest to it. */
function roundedTo(time: GoTime, unit: bigint, isNearest: boolean): GoTime {
  if (unit <= 0n) return time;
  const rest = modulo(time.nanoseconds - zeroTime, unit);
  return time.add(isNearest && rest * 2n >= unit ? unit - rest : -rest);
}

function writingMethod(time: GoTime, name: string): GoFunction | undefined {
  const bytes = (text: string): Bytes => new Bytes(encodeUtf8(text), encodeBase64);
  const appended = (start: Bytes | null, more: Uint8Array): Bytes =>
    new Bytes(Uint8Array.from([...(start?.bytes ?? []), ...more]), encodeBase64);
  switch (name) {
    case "Format":
      return define("string", (layout: string) => time.format(layout));
    case "AppendFormat":
      return define("bytes, string", (start: Bytes | null, layout: string) =>
        appended(start, encodeUtf8(time.format(layout))),
      );
    case "AppendText":
      return define("bytes", (start: Bytes | null) => appended(start, encodeUtf8(strictText(time, name))));
    case "AppendBinary":
      return define("bytes", (start: Bytes | null) => appended(start, binaryForm(time)));
    case "String":
      return define("", () => time.print());
    case "GoString":
      return define("", () => time.goSyntax());
    case "MarshalJSON":
      return define("", () => bytes(`"${strictText(time, name)}"`));
    case "MarshalText":
      return define("", () => bytes(strictText(time, name)));
    case "MarshalBinary":
    case "GobEncode":
      return define("", () => new Bytes(binaryForm(time), encodeBase64));
    default:
      return undefined;
  }
}

/** RFC 3339, which has no years beyond four digits and no zones beyond a day. Throws a GoError in the method's words. */
export function strictText(time: GoTime, method: string): string {
  const { year, offsetSeconds } = time.civil();
  const refuse = (words: string): never => {
    throw new GoError(`Time.${method}: ${words}`);
  };
  if (year < 0 || year > 9999) refuse("year outside of range [0,9999]");
  if (Math.abs(offsetSeconds) >= 24 * 3600) refuse("timezone hour outside of range [0,23]");
  return time.format("2006-01-02T15:04:05.999999999Z07:00");
}

/** Go's own form: a version, seconds since the year 1, nanoseconds, minutes east of UTC, and seconds where there are some. */
function binaryForm(time: GoTime): Uint8Array {
  const { nanosecond, offsetSeconds } = time.civil();
  const rest = offsetSeconds % 60;
  const form = new DataView(new ArrayBuffer(rest === 0 ? 15 : 16));
  form.setUint8(0, rest === 0 ? 1 : 2);
  form.setBigInt64(1, time.seconds - zeroTime / second);
  form.setInt32(9, nanosecond);
  form.setInt16(13, time.place === "UTC" ? -1 : Math.trunc(offsetSeconds / 60));
  if (rest !== 0) form.setInt8(15, rest);
  return new Uint8Array(form.buffer);
}

/** Methods that give more than templates can take. */
function severalResults(name: string): GoFunction | undefined {
  const results: { readonly [method: string]: readonly string[] } = {
    Clock: ["int", "int", "int"],
    Date: ["int", "time.Month", "int"],
    ISOWeek: ["int", "int"],
    Zone: ["string", "int"],
    ZoneBounds: ["time.Time", "time.Time"],
  };
  return Object.hasOwn(results, name) ? defineUncallable(name, results[name] as readonly string[]) : undefined;
}

/** A *time.Location. */
class Location extends GoObject {
  readonly goType: string = "*time.Location";
  readonly kind: string = "ptr";
  readonly zone: string;
  readonly #name: string;
  constructor(zone: string, name: string) {
    super();
    this.zone = zone;
    this.#name = name;
  }
  print(): string {
    return this.#name;
  }
  plain(): Value {
    return {};
  }
  override exported(): [] {
    return [];
  }
  /** A copy of what has no exported fields is empty. */
  override copied(): GoObject {
    return new Location("UTC", "");
  }
  override method(name: string): GoFunction | undefined {
    return name === "String" ? define("", () => this.#name) : undefined;
  }
}

/** An int that prints as a name: a month or a weekday. */
class NamedInteger extends Integer {
  constructor(value: bigint, goType: "time.Month" | "time.Weekday") {
    super("int", value, goType);
  }
  override print(): string {
    const names = this.goType === "time.Month" ? [undefined, ...monthNames] : dayNames;
    return names[Number(this.value)] ?? `%!${this.goType.slice(5)}(${this.value})`;
  }
  override withValue(value: bigint): Integer {
    return new NamedInteger(value, this.goType as "time.Month");
  }
  override method(name: string): GoFunction | undefined {
    return name === "String" ? define("", () => this.print()) : undefined;
  }
}
