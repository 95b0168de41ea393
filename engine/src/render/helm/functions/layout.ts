// Go's reference-time layouts ("2006-01-02 15:04:05"): formatting. Parsing stands in layout-parse.ts.

import { dayNames, monthNames } from "#kernel";
import type { CivilTime } from "./calendar.ts";

// Longest first: an element is found where the layout has it at the leftmost place.
export const layoutElement: RegExp =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|_2(?!006)|002|01|02|03|04|05|06|15|PM|pm|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,](?:0+|9+)(?!\d)|1|2|3|4|5/g;

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/** Time.Format. */
export function formatLayout(time: CivilTime, layout: string): string {
  return layout.replace(layoutElement, (part) => formatElement(time, part));
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
