// What is wrong with a cron schedule, in the words of the parser that the real server uses (robfig/cron, v3).

import { isTimeZone } from "#kernel";

type Field = { least: number; most: number; names: readonly string[] };

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Minute, hour, day of the month, month, day of the week. */
const fields: readonly Field[] = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: ["", ...months] },
  { least: 0, most: 6, names: days },
];

const descriptors: ReadonlySet<string> = new Set([
  "@yearly",
  "@annually",
  "@monthly",
  "@weekly",
  "@daily",
  "@midnight",
  "@hourly",
]);

/** A zone in front, as a schedule may still be parsed; undefined: there is none. */
const zoned = /^(?:CRON_)?TZ=(\S*) +(.*)$/s;

/** One message at most. */
export function cronErrors(text: string): string[] {
  const [, zone, rest] = zoned.exec(text) ?? [];
  if (zone !== undefined && zone !== "" && zone !== "Local" && !isTimeZone(zone))
    return [`provided bad location ${zone}: unknown time zone ${zone}`];
  const schedule = rest ?? text;
  if (schedule.startsWith("@")) {
    const isKnown = descriptors.has(schedule) || /^@every \d/.test(schedule);
    return isKnown ? [] : [`unrecognized descriptor: ${schedule}`];
  }
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== fields.length) return [`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`];
  for (const [index, part] of parts.entries()) {
    const message = fieldError(part, fields[index] as Field);
    if (message !== undefined) return [message];
  }
  return [];
}

function fieldError(text: string, field: Field): string | undefined {
  const ranges = text.split(",").filter((range) => range !== "");
  return ranges.map((range) => rangeError(range, field)).find((message) => message !== undefined);
}

function rangeError(text: string, field: Field): string | undefined {
  const [range = "", step, ...moreSteps] = text.split("/");
  const bounds = range.split("-");
  const [low = "", high] = bounds;
  const isAny = low === "*" || low === "?";
  let start = field.least;
  let end = field.most;
  if (!isAny) {
    const [first, last] = [numberOf(low, field), numberOf(high ?? low, field)];
    if (typeof first === "string") return first;
    if (bounds.length > 2) return `too many hyphens: ${text}`;
    if (typeof last === "string") return last;
    start = first;
    end = last;
  }
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  const by = step === undefined ? 1 : numberOf(step, { ...field, names: [] });
  if (typeof by === "string") return by;
  // A start with a step goes on to the end of the field.
  if (step !== undefined && bounds.length === 1 && !isAny) end = field.most;
  if (start < field.least) return `beginning of range (${start}) below minimum (${field.least}): ${text}`;
  if (end > field.most) return `end of range (${end}) above maximum (${field.most}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return by === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** The number, or what is wrong with it. */
function numberOf(text: string, { names }: Field): number | string {
  const named = text === "" ? -1 : names.indexOf(text.toLowerCase());
  if (named >= 0) return named;
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text);
    return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
  }
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}
