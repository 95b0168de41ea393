// Times in words: short ages that a row can carry, and exact times in the zone that the reader chose.

export type Zone = "local" | "UTC" | (string & {});

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** True for what can be shown as a time: 0 is not known, and an address may hold any number. */
export function isTime(atMs: number): boolean {
  return atMs > 0 && atMs < 8.64e15;
}

/** The moment that an address names; 0 where it names none. */
export function parseMoment(text: string): number {
  const atMs = Number(text);
  return isTime(atMs) ? atMs : 0;
}

/** `12s`, `4m`, `3h`, `2d`: as kubectl says an age. */
export function formatAge(fromMs: number, nowMs: number): string {
  const age = Math.max(0, nowMs - fromMs);
  if (age < 2 * minute) return `${Math.floor(age / second)}s`;
  if (age < 2 * hour) return `${Math.floor(age / minute)}m`;
  if (age < 2 * day) return `${Math.floor(age / hour)}h`;
  return `${Math.floor(age / day)}d`;
}

/** `3 minutes ago`, for sentences and for screen readers. */
export function formatAgo(fromMs: number, nowMs: number): string {
  const age = Math.max(0, nowMs - fromMs);
  if (age < 10 * second) return "just now";
  const [count, unit] =
    age < 2 * minute
      ? [Math.floor(age / second), "second"]
      : age < 2 * hour
        ? [Math.floor(age / minute), "minute"]
        : age < 2 * day
          ? [Math.floor(age / hour), "hour"]
          : [Math.floor(age / day), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}

/** `340 ms`, `4.2 s`, `3 min 5 s`: how long something took. */
export function formatTook(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < minute) return `${(ms / second).toFixed(ms < 10 * second ? 1 : 0)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min${rest(Math.floor((ms % minute) / second), "s")}`;
  return `${Math.floor(ms / hour)} h${rest(Math.floor((ms % hour) / minute), "min")}`;
}

const rest = (count: number, unit: string): string => (count === 0 ? "" : ` ${count} ${unit}`);

/** `2026-11-21 12:03:22 UTC`: sortable, and never without its zone. */
export function formatExact(atMs: number, zone: Zone): string {
  return `${formatDay(atMs, zone)} ${formatClock(atMs, zone)} ${zoneName(atMs, zone)}`;
}

/** `2026-11-21` */
export function formatDay(atMs: number, zone: Zone): string {
  const { year, month, day: date } = partsOf(atMs, zone);
  return `${year}-${month}-${date}`;
}

/** `12:03:22` */
export function formatClock(atMs: number, zone: Zone): string {
  const { hour: hours, minute: minutes, second: seconds } = partsOf(atMs, zone);
  return `${hours}:${minutes}:${seconds}`;
}

/** `Saturday, 21 November`: the heading of a day in a list. */
export function formatDayName(atMs: number, zone: Zone, nowMs: number): string {
  if (formatDay(atMs, zone) === formatDay(nowMs, zone)) return "Today";
  if (formatDay(atMs, zone) === formatDay(nowMs - day, zone)) return "Yesterday";
  const parts = partsOfFormat(
    formatter(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    atMs,
  );
  return `${parts["weekday"]}, ${parts["day"]} ${parts["month"]} ${parts["year"]}`;
}

function zoneName(atMs: number, zone: Zone): string {
  const parts = formatter(zone, { timeZoneName: "short" }).formatToParts(atMs);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC";
}

function partsOf(atMs: number, zone: Zone): Record<string, string> {
  const digits = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const format = formatter(zone, { ...digits, second: "2-digit", hourCycle: "h23" });
  return partsOfFormat(format, atMs);
}

/** Browsers differ in what they put between the parts. */
function partsOfFormat(format: Intl.DateTimeFormat, atMs: number): Record<string, string> {
  return Object.fromEntries(format.formatToParts(atMs).map((part) => [part.type, part.value]));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one costs far more than using it. */
function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", zone === "local" ? options : { ...options, timeZone: zone });
  formatters.set(key, made);
  return made;
}
