// Go's reference-time layouts ("2006-01-02 15:04:05"): formatting and parsing.

import { GoError, quote } from "#formats/gotemplate";
import type { CivilTime } from "./time.ts";

const monthNames: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const dayNames: readonly string[] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

// Longest first: an element is found where the layout has it at the leftmost place.
const element =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|_2(?!006)|002|01|02|03|04|05|06|15|PM|pm|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?!\d)|1|2|3|4|5/g;

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/** Time.Format. */
export function formatLayout(time: CivilTime, layout: string): string {
  return layout.replace(element, (part) => formatElement(time, part));
}

function formatElement(time: CivilTime, part: string): string {
  if (/^[.,]/.test(part)) return formatFraction(time, part);
  if (/^[-Z]0/.test(part)) return formatOffset(time.offsetSeconds, part);
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  const known: { readonly [element: string]: string } = {
    January: monthNames[time.month - 1] as string,
    Jan: (monthNames[time.month - 1] as string).slice(0, 3),
    Monday: dayNames[time.weekday] as string,
    Mon: (dayNames[time.weekday] as string).slice(0, 3),
    MST: time.zone,
    "2006": time.year < 0 ? `-${pad(-time.year, 4)}` : pad(time.year, 4),
    "06": pad(((time.year % 100) + 100) % 100),
    "01": pad(time.month),
    "1": String(time.month),
    "02": pad(time.day),
    _2: String(time.day).padStart(2, " "),
    "2": String(time.day),
    "002": pad(time.yearDay, 3),
    __2: String(time.yearDay).padStart(3, " "),
    "15": pad(time.hour),
    "03": pad(hour12),
    "3": String(hour12),
    "04": pad(time.minute),
    "4": String(time.minute),
    "05": pad(time.second),
    "5": String(time.second),
    PM: time.hour >= 12 ? "PM" : "AM",
    pm: time.hour >= 12 ? "pm" : "am",
  };
  return known[part] ?? part;
}

function formatFraction(time: CivilTime, part: string): string {
  const digits = pad(time.nanosecond, 9).slice(0, part.length - 1);
  if (part[1] === "0") return part[0] + digits.padEnd(part.length - 1, "0");
  const trimmed = digits.replace(/0+$/, "");
  return trimmed === "" ? "" : part[0] + trimmed;
}

function formatOffset(offset: number, part: string): string {
  if (part.startsWith("Z") && offset === 0) return "Z";
  const size = Math.abs(offset);
  const fields = [pad(Math.floor(size / 3600)), pad(Math.floor((size % 3600) / 60)), pad(size % 60)];
  const separator = part.includes(":") ? ":" : "";
  const count = Math.ceil(part.replaceAll(":", "").slice(1).length / 2);
  return `${offset < 0 ? "-" : "+"}${fields.slice(0, count).join(separator)}`;
}

export type ParsedTime = { nanoseconds: bigint; offsetSeconds: number | undefined };

type Fields = { [element: string]: string };

const shapes: { readonly [element: string]: string } = {
  January: `(${monthNames.join("|")})`,
  Jan: `(${monthNames.map((name) => name.slice(0, 3)).join("|")})`,
  Monday: `(${dayNames.join("|")})`,
  Mon: `(${dayNames.map((name) => name.slice(0, 3)).join("|")})`,
  MST: "([A-Z]{3,5}|[+-]\\d{2,4})",
  "2006": "(\\d{4})",
  "06": "(\\d{2})",
  "01": "(\\d{2})",
  "1": "(\\d{1,2})",
  "02": "(\\d{1,2})",
  _2: " ?(\\d{1,2})",
  "2": "(\\d{1,2})",
  "002": "(\\d{3})",
  __2: " {0,2}(\\d{1,3})",
  "15": "(\\d{1,2})",
  "03": "(\\d{1,2})",
  "3": "(\\d{1,2})",
  "04": "(\\d{2})",
  "4": "(\\d{1,2})",
  "05": "(\\d{2}(?:[.,]\\d+)?)",
  "5": "(\\d{1,2}(?:[.,]\\d+)?)",
  PM: "(AM|PM)",
  pm: "(am|pm)",
};

/** time.Parse in UTC. Throws a GoError in Go's words. */
export function parseLayout(layout: string, text: string): ParsedTime {
  const names: string[] = [];
  let pattern = "";
  let at = 0;
  for (const match of layout.matchAll(element)) {
    pattern += escape(layout.slice(at, match.index)) + shapeOf(match[0]);
    names.push(match[0]);
    at = match.index + match[0].length;
  }
  pattern += escape(layout.slice(at));
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (found === null)
    throw new GoError(
      `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(text)} as ${quote(names[0] ?? "")}`,
    );
  const fields: Fields = {};
  for (const [i, name] of names.entries()) fields[name] = found[i + 1] ?? "";
  return assemble(fields, { layout, text });
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function shapeOf(name: string): string {
  if (/^[.,]/.test(name)) return name[1] === "9" ? "((?:[.,]\\d+)?)" : `([.,]\\d{${name.length - 1}})`;
  if (name.startsWith("Z0")) return `(Z|[+-]\\d{2}${name.includes(":") ? ":" : ""}(?:\\d{2})?)`;
  if (name.startsWith("-0")) return `([+-]\\d{2}${name.includes(":") ? ":" : ""}(?:\\d{2})?)`;
  return shapes[name] ?? "()";
}

function assemble(fields: Fields, input: { layout: string; text: string }): ParsedTime {
  const number = (...names: string[]): number | undefined => {
    for (const name of names) if (fields[name] !== undefined) return Number.parseInt(fields[name], 10);
    return undefined;
  };
  const short = number("06");
  const year = number("2006") ?? (short === undefined ? 0 : short + (short >= 69 ? 1900 : 2000));
  const month = number("01", "1") ?? monthOf(fields) ?? 1;
  const day = number("02", "_2", "2") ?? 1;
  const [hour, minute, second] = [hourOf(fields, number), number("04", "4") ?? 0, number("05", "5") ?? 0];
  const range = (name: string): never => {
    throw new GoError(`parsing time ${quote(input.text)}: ${name} out of range`);
  };
  if (month < 1 || month > 12) range("month");
  if (hour > 23) range("hour");
  if (minute > 59) range("minute");
  if (second > 59) range("second");
  const date = new Date(Date.UTC(2000, month - 1, 1, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  if (day < 1 || date.getUTCDate() !== day) range("day");
  const offset = offsetOf(fields);
  const nanoseconds = BigInt(date.getTime() - (offset ?? 0) * 1000) * 1_000_000n + fractionOf(fields);
  return { nanoseconds, offsetSeconds: offset };
}

function monthOf(fields: Fields): number | undefined {
  const name = fields["January"] ?? fields["Jan"];
  if (name === undefined) return undefined;
  return monthNames.findIndex((month) => month.startsWith(name)) + 1;
}

function hourOf(fields: Fields, number: (...names: string[]) => number | undefined): number {
  const hour = number("15") ?? number("03", "3") ?? 0;
  const half = (fields["PM"] ?? fields["pm"])?.toUpperCase();
  if (half === "PM") return hour < 12 ? hour + 12 : hour;
  return half === "AM" && hour === 12 ? 0 : hour;
}

function fractionOf(fields: Fields): bigint {
  const inSeconds = /[.,](\d+)/.exec(fields["05"] ?? fields["5"] ?? "")?.[1];
  const own = Object.entries(fields)
    .find(([name]) => /^[.,]/.test(name))?.[1]
    ?.slice(1);
  const digits = own || inSeconds;
  return digits === undefined ? 0n : BigInt(digits.slice(0, 9).padEnd(9, "0"));
}

function offsetOf(fields: Fields): number | undefined {
  const text = Object.entries(fields).find(([name]) => /^[-Z]0/.test(name))?.[1];
  if (text === undefined) return undefined;
  if (text === "Z") return 0;
  const digits = text.slice(1).replaceAll(":", "");
  const size = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4) || "0") * 60;
  return text.startsWith("-") ? -size : size;
}
