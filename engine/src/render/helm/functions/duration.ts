// time.Duration: parsing, printing, rounding.

import { fitsInt64 } from "#formats/go-numbers";
import { define, GoError, type GoFunction, Integer, quote, type Value } from "#formats/gotemplate";

export const second: bigint = 1_000_000_000n;
export const minute: bigint = 60n * second;
export const hour: bigint = 60n * minute;

/** The duration in a unit, as Go computes it: whole ones and the rest apart. */
export function durationIn(value: bigint, unit: bigint): number {
  return Number(value / unit) + Number(value % unit) / Number(unit);
}

const int64Max = 2n ** 63n - 1n;

/** A time.Duration, in nanoseconds. */
export class Duration extends Integer {
  constructor(nanoseconds: bigint) {
    super("int64", BigInt.asIntN(64, nanoseconds), "time.Duration");
  }
  override print(): string {
    return formatDuration(this.value);
  }
  override withValue(value: bigint): Integer {
    return new Duration(value);
  }
  override method(name: string): GoFunction | undefined {
    const value = this.value;
    switch (name) {
      case "String":
        return define("", () => this.print());
      case "Seconds":
        return define("", () => durationIn(value, second));
      case "Minutes":
        return define("", () => durationIn(value, minute));
      case "Hours":
        return define("", () => durationIn(value, hour));
      case "Milliseconds":
        return define("", () => new Integer("int64", value / 1_000_000n));
      case "Microseconds":
        return define("", () => new Integer("int64", value / 1_000n));
      case "Nanoseconds":
        return define("", () => new Integer("int64", value));
      case "Abs":
        return define("", () => new Duration(value < 0n ? (-value > int64Max ? int64Max : -value) : value));
      case "Round":
        return define("duration", (unit: Value) => new Duration(roundTo(value, nanosecondsOf(unit))));
      case "Truncate":
        return define("duration", (unit: Value) => new Duration(truncateTo(value, nanosecondsOf(unit))));
      default:
        return undefined;
    }
  }
}

function nanosecondsOf(value: Value): bigint {
  return value instanceof Integer ? value.value : 0n;
}

export function roundTo(value: bigint, unit: bigint): bigint {
  if (unit <= 0n) return value;
  const rest = value % unit;
  const size = rest < 0n ? -rest : rest;
  if (size * 2n < unit) return value - rest;
  const rounded = value < 0n ? value - unit - rest : value + unit - rest;
  // Beyond what a duration holds stands the longest one.
  return rounded > int64Max ? int64Max : rounded < -int64Max - 1n ? -int64Max - 1n : rounded;
}

export function truncateTo(value: bigint, unit: bigint): bigint {
  return unit <= 0n ? value : value - (value % unit);
}

/** Duration.String: "1h2m3.5s". */
export function formatDuration(value: bigint): string {
  if (value === 0n) return "0s";
  const sign = value < 0n ? "-" : "";
  const size = value < 0n ? -value : value;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${withFraction(size, 1_000n)}µs`;
  if (size < second) return `${sign}${withFraction(size, 1_000_000n)}ms`;
  const seconds = withFraction(size % minute, second);
  if (size < minute) return `${sign}${seconds}s`;
  const minutes = (size / minute) % 60n;
  if (size < hour) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${size / hour}h${minutes}m${seconds}s`;
}

function withFraction(value: bigint, unit: bigint): string {
  const rest = value % unit;
  if (rest === 0n) return `${value / unit}`;
  const digits = String(unit).length - 1;
  return `${value / unit}.${String(rest).padStart(digits, "0").replace(/0+$/, "")}`;
}

const units: { readonly [name: string]: bigint } = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: minute,
  h: hour,
};

/** time.ParseDuration. Throws a GoError. */
export function parseDuration(text: string): bigint {
  const fail = (reason: string): never => {
    throw new GoError(`time: ${reason}`);
  };
  const isNegative = text.startsWith("-");
  const body = text.replace(/^[+-]/, "");
  if (body === "0") return 0n;
  if (body === "") return fail(`invalid duration ${quote(text)}`);
  let total = 0n;
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/y;
  while (part.lastIndex < body.length) {
    const [all, whole = "", fraction = "", name = ""] = part.exec(body) as RegExpExecArray;
    if (whole + fraction === "" || all === "") return fail(`invalid duration ${quote(text)}`);
    if (name === "") return fail(`missing unit in duration ${quote(text)}`);
    const unit = Object.hasOwn(units, name)
      ? (units[name] as bigint)
      : fail(`unknown unit ${quote(name)} in duration ${quote(text)}`);
    total += BigInt(whole || "0") * unit + (BigInt(fraction || "0") * unit) / 10n ** BigInt(fraction.length);
  }
  const value = isNegative ? -total : total;
  return fitsInt64(value) ? value : fail(`invalid duration ${quote(text)}`);
}
