// Names of the calendar in English, and how far a zone's clocks are ahead of UTC. The zones' rules are the platform's
// (Intl), which carries the same tables wherever we run.

export const monthNames: readonly string[] = [
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

/** From Sunday on, as `Date` counts them. */
export const dayNames: readonly string[] = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

/** Making a format costs a thousand times as much as using it. False: no such zone. */
const clocks = new Map<string, Intl.DateTimeFormat | false>();
/** There are about 600 zones; names that nobody knows must not fill the memory. */
const clocksMost = 1_000;

function clockOf(zone: string): Intl.DateTimeFormat | false {
  let clock = clocks.get(zone);
  if (clock !== undefined) return clock;
  try {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    clock = false;
  }
  if (clocks.size >= clocksMost) clocks.clear();
  clocks.set(zone, clock);
  return clock;
}

/** True for a zone's name, such as Europe/Berlin. */
export function isTimeZone(zone: string): boolean {
  return clockOf(zone) !== false;
}

/** The year 1000: no zone's clocks changed before it, and the platform writes far earlier years otherwise. */
const firstMs = Date.UTC(1000, 0);

/** Seconds that a zone's clocks are ahead of UTC at an instant; undefined when there is no such zone. */
export function zoneOffsetSeconds(zone: string, instantMs: number): number | undefined {
  if (zone === "UTC") return 0;
  const clock = clockOf(zone);
  if (clock === false) return undefined;
  const ms = Math.max(instantMs, firstMs);
  const parts = new Map(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const at = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const wall = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return wall / 1000 - Math.floor(ms / 1000);
}
