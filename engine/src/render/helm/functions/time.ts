// time.Time with nanoseconds and a zone, and the methods that templates call. Local time is UTC: a render must not depend
// on where it runs.

import { define, type GoFunction, GoObject, Integer, type Value } from "#formats/gotemplate";
import { dayNames, monthNames, zoneOffsetSeconds } from "#kernel";
import { Duration, second } from "./duration.ts";
import { formatLayout } from "./layout.ts";
import { knownAbbreviation } from "./zone-names.ts";

/** Nanoseconds from Go's zero time, January 1 of year 1, to 1970. */
export const zeroTime: bigint = -62_135_596_800n * second;

export type CivilTime = {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  weekday: number;
  yearDay: number;
  offsetSeconds: number;
  zone: string;
};

/** A name that a text gave, and its seconds: `MST@0`. */
const namedZone = /^(.+)@(-?\d+)$/;

/** Seconds east of UTC of a named zone at an instant; undefined when the zone is unknown. */
export function zoneOffset(zone: string, ms: number): number | undefined {
  if (zone === "UTC" || zone === "Local" || zone === "" || zone.endsWith("-local")) return 0;
  const named = namedZone.exec(zone);
  if (named !== null) return Number(named[2]);
  const fixed = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (fixed !== null) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3]) * 60);
  return zoneOffsetSeconds(zone, ms);
}

/** The zone's abbreviation at an instant, as Go shows it: "CET", "-03" where there is none. */
function zoneName(zone: string, ms: number, offset: number): string {
  if (zone === "UTC" || zone === "Local" || zone === "") return "UTC";
  const named = namedZone.exec(zone);
  if (named !== null) return named[1] as string;
  const known = knownAbbreviation(zone, offset);
  if (known !== undefined && known !== "") return known;
  if (known === undefined && !/^[+-]|-local$/.test(zone)) {
    for (const locale of ["en-US", "en-GB", "en-AU"]) {
      const name = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" })
        .formatToParts(new Date(ms))
        .find((part) => part.type === "timeZoneName")?.value;
      if (name !== undefined && /^[A-Z]{2,5}$/.test(name)) return name;
    }
  }
  if (zone.endsWith("-local")) return zone;
  const size = Math.abs(offset);
  const minutes = Math.floor((size % 3600) / 60);
  return `${offset < 0 ? "-" : "+"}${String(Math.floor(size / 3600)).padStart(2, "0")}${minutes === 0 && !/^[+-]/.test(zone) ? "" : String(minutes).padStart(2, "0")}`;
}

export class GoTime extends GoObject {
  readonly goType: string = "time.Time";
  readonly kind: string = "struct";
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly zone: string;

  constructor(nanoseconds: bigint, zone = "UTC") {
    super();
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }

  get seconds(): bigint {
    const floor = this.nanoseconds / second;
    return this.nanoseconds % second < 0n ? floor - 1n : floor;
  }

  civil(): CivilTime {
    const ms = Number(this.seconds) * 1000;
    const offsetSeconds = zoneOffset(this.zone, ms) ?? 0;
    const local = new Date(ms + offsetSeconds * 1000);
    const year = local.getUTCFullYear();
    return {
      year,
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      nanosecond: Number(this.nanoseconds - this.seconds * second),
      weekday: local.getUTCDay(),
      yearDay: Math.floor((local.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
      offsetSeconds,
      zone: zoneName(this.zone, ms, offsetSeconds),
    };
  }

  override goSyntax(): string {
    const { year, month, day, hour, minute, second: seconds, nanosecond } = this.civil();
    const name = new Date(Date.UTC(2000, month - 1)).toLocaleString("en", { month: "long", timeZone: "UTC" });
    const zone = /^[+-]\d|^$/.test(this.zone) ? "" : this.zone.replace(namedZone, "$1");
    const place =
      this.zone === "UTC"
        ? "time.UTC"
        : /(^L|-l)ocal$/.test(this.zone)
          ? "time.Local"
          : `time.Location(${JSON.stringify(zone)})`;
    return `time.Date(${year}, time.${name}, ${day}, ${hour}, ${minute}, ${seconds}, ${nanosecond}, ${place})`;
  }

  /** Its fraction of a second, its seconds since the year 1, and its zone, which Go shows as an address: none for UTC. */
  override hidden(): readonly (readonly [name: string, value: Value])[] {
    const fraction = this.nanoseconds - this.seconds * second;
    return [
      ["wall", new Integer("uint64", fraction)],
      ["ext", new Integer("int64", this.seconds - zeroTime / second)],
      ["loc", new Integer("uint64", 0n)],
    ];
  }

  format(layout: string): string {
    return formatLayout(this.civil(), layout);
  }

  print(): string {
    return this.format("2006-01-02 15:04:05.999999999 -0700 MST");
  }

  plain(): Value {
    return this.format("2006-01-02T15:04:05.999999999Z07:00");
  }

  override equals(other: GoObject): boolean {
    return other instanceof GoTime && other.nanoseconds === this.nanoseconds && other.zone === this.zone;
  }

  in(zone: string): GoTime {
    return new GoTime(this.nanoseconds, zone);
  }

  add(nanoseconds: bigint): GoTime {
    return new GoTime(this.nanoseconds + nanoseconds, this.zone);
  }

  override method(name: string): GoFunction | undefined {
    return clockMethod(this, name) ?? calendarMethod(this, name) ?? relationMethod(this, name);
  }
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
  if (name === "Month")
    return define("", () => new NamedInteger(civil.month, monthNames[civil.month - 1] as string, "time.Month"));
  if (name === "Weekday")
    return define("", () => new NamedInteger(civil.weekday, dayNames[civil.weekday] as string, "time.Weekday"));
  return undefined;
}

function calendarMethod(time: GoTime, name: string): GoFunction | undefined {
  const unit = { Unix: second, UnixMilli: 1_000_000n, UnixMicro: 1_000n, UnixNano: 1n }[name];
  if (unit !== undefined)
    return define("", () => new Integer("int64", name === "Unix" ? time.seconds : time.nanoseconds / unit));
  switch (name) {
    case "Format":
      return define("string", (layout: string) => time.format(layout));
    case "String":
      return define("", () => time.print());
    case "UTC":
    case "Local":
      return define("", () => time.in(name));
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
    case "Truncate":
    case "Round":
      return define(
        "duration",
        (unit: Value) => new GoTime(time.nanoseconds - (time.nanoseconds % (unit as Integer).value), time.zone),
      );
    default:
      return undefined;
  }
}

function addDate(time: GoTime, [years, monthCount, days]: [bigint, bigint, bigint]): Value {
  const civil = time.civil();
  const ms = Date.UTC(
    civil.year + Number(years),
    civil.month - 1 + Number(monthCount),
    civil.day + Number(days),
    civil.hour,
    civil.minute,
    civil.second,
  );
  return new GoTime(BigInt(ms - civil.offsetSeconds * 1000) * 1_000_000n + BigInt(civil.nanosecond), time.zone);
}

/** An int that prints as a name: a month or a weekday. */
class NamedInteger extends GoObject {
  readonly kind: string = "int";
  readonly goType: string;
  readonly #name: string;
  readonly #value: number;
  constructor(value: number, name: string, goType: string) {
    super();
    this.#value = value;
    this.#name = name;
    this.goType = goType;
  }
  print(): string {
    return this.#name;
  }
  plain(): Value {
    return BigInt(this.#value);
  }
}
