// time.Time with nanoseconds and a zone, and the methods that templates call. Local time is UTC: a render must not depend
// on where it runs.

import { GoError, type GoFunction, GoObject, Integer, type Value } from "#formats/gotemplate";
import { monthNames, zoneOffsetSeconds } from "#kernel";
import { type CivilTime, dateOf, zeroTime } from "./calendar.ts";
import { second } from "./duration.ts";
import { formatLayout } from "./layout.ts";
import { strictText, timeMethod } from "./time-methods.ts";
import { knownAbbreviation } from "./zone-names.ts";

/** What a Date of the platform holds. */
const dateMostMs = 8.64e15;

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
  const known = offset % 60 === 0 ? knownAbbreviation(zone, offset) : undefined;
  if (known !== undefined && known !== "") return known;
  const told = known === undefined && !/^[+-]|-local$/.test(zone) ? platformAbbreviation(zone, ms, offset) : undefined;
  if (told !== undefined) return told;
  // A mean time of one town differs from the hour by seconds.
  if (offset % 60 !== 0 && !/^[+-]/.test(zone)) return "LMT";
  if (zone.endsWith("-local")) return zone;
  const size = Math.abs(offset);
  const minutes = Math.floor((size % 3600) / 60);
  return `${offset < 0 ? "-" : "+"}${String(Math.floor(size / 3600)).padStart(2, "0")}${minutes === 0 && !/^[+-]/.test(zone) ? "" : String(minutes).padStart(2, "0")}`;
}

/** The platform has no abbreviations before 1970: a later instant with the same offset has the same one. */
function platformAbbreviation(zone: string, ms: number, offset: number): string | undefined {
  if (ms >= 0) return abbreviationAt(zone, ms);
  for (let later = ms; later < lastSearchedMs; later += halfYearMs) {
    const name = later >= 0 && zoneOffset(zone, later) === offset ? abbreviationAt(zone, later) : undefined;
    if (name !== undefined) return name;
  }
  return undefined;
}

const halfYearMs = 15_778_800_000;
/** The year 1990: offsets of before 1970 that were not used until then were used by other names. */
const lastSearchedMs = 631_152_000_000;

function abbreviationAt(zone: string, ms: number): string | undefined {
  for (const locale of ["en-US", "en-GB", "en-AU"]) {
    const name = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" })
      .formatToParts(new Date(ms))
      .find((part) => part.type === "timeZoneName")?.value;
    if (name !== undefined && /^[A-Z]{2,5}$/.test(name)) return name;
  }
  return undefined;
}

export class GoTime extends GoObject {
  readonly goType: string = "time.Time";
  readonly kind: string = "struct";
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly zone: string;
  /** Of a zone that the time's own text made up: Go compares such zones by where they lie in memory. */
  readonly #origin: symbol | undefined;

  constructor(nanoseconds: bigint, zone = "UTC", origin?: symbol) {
    super();
    this.nanoseconds = nanoseconds;
    this.zone = zone;
    this.#origin = origin;
  }

  get seconds(): bigint {
    const floor = this.nanoseconds / second;
    return this.nanoseconds % second < 0n ? floor - 1n : floor;
  }

  civil(): CivilTime {
    const offsetSeconds = zoneOffset(this.zone, this.#ms()) ?? 0;
    const date = dateOf(this.seconds + BigInt(offsetSeconds));
    return {
      ...date,
      nanosecond: Number(this.nanoseconds - this.seconds * second),
      offsetSeconds,
      zone: zoneName(this.zone, this.#ms(), offsetSeconds),
    };
  }

  /** Milliseconds since 1970, as far as the platform's dates reach. */
  #ms(): number {
    return Math.min(Math.max(Number(this.seconds) * 1000, -dateMostMs), dateMostMs);
  }

  override goSyntax(): string {
    const { year, month, day, hour, minute, second: seconds, nanosecond } = this.civil();
    const place = /^(?:UTC|Local)$/.test(this.place)
      ? `time.${this.place}`
      : `time.Location(${JSON.stringify(this.place)})`;
    return `time.Date(${year}, time.${monthNames[month - 1]}, ${day}, ${hour}, ${minute}, ${seconds}, ${nanosecond}, ${place})`;
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

  /** The zone's name, as Go's Location has it: numbers alone are none. */
  get place(): string {
    if (/(^L|-l)ocal$/.test(this.zone)) return "Local";
    return /^[+-]\d|^$/.test(this.zone) ? "" : this.zone.replace(namedZone, "$1");
  }

  print(): string {
    return this.format("2006-01-02 15:04:05.999999999 -0700 MST");
  }

  plain(): Value {
    return this.format("2006-01-02T15:04:05.999999999Z07:00");
  }

  /** As encoding/json writes it. Throws a GoError for a year or a zone that it does not write. */
  json(): string {
    try {
      return strictText(this, "MarshalJSON");
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      throw new GoError(`json: error calling MarshalJSON for type time.Time: ${error.message}`);
    }
  }

  override equals(other: GoObject): boolean {
    return other instanceof GoTime && other.nanoseconds === this.nanoseconds && other.zone === this.zone;
  }

  override isIdentical(other: GoObject): boolean {
    return this.equals(other) && (other as GoTime).#origin === this.#origin;
  }

  in(zone: string): GoTime {
    return new GoTime(this.nanoseconds, zone);
  }

  /** Another time in the same zone. */
  at(nanoseconds: bigint): GoTime {
    return new GoTime(nanoseconds, this.zone, this.#origin);
  }

  add(nanoseconds: bigint): GoTime {
    return new GoTime(this.nanoseconds + nanoseconds, this.zone, this.#origin);
  }

  override method(name: string): GoFunction | undefined {
    return timeMethod(this, name);
  }
}
