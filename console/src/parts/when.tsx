// Times: an age that keeps itself current, exact on hover and for machines, in the zone that the reader chose.

import type { JSX } from "preact";
import { now } from "../state/now.ts";
import { zone } from "../state/preferences.ts";
import { formatAge, formatAgo, formatClock, formatExact, isTime } from "../words/time.ts";

/** `4m`; nothing when the time is not known. */
export function Age({ atMs }: { atMs: number }): JSX.Element | null {
  if (!isTime(atMs)) return null;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatExact(atMs, zone.value)}>
      {formatAge(atMs, now.value)}
    </time>
  );
}

/** `4 minutes ago` */
export function Ago({ atMs }: { atMs: number }): JSX.Element | null {
  if (!isTime(atMs)) return null;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatExact(atMs, zone.value)}>
      {formatAgo(atMs, now.value)}
    </time>
  );
}

/** `12:03:22` */
export function Clock({ atMs }: { atMs: number }): JSX.Element | null {
  if (!isTime(atMs)) return null;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatExact(atMs, zone.value)}>
      {formatClock(atMs, zone.value)}
    </time>
  );
}

/** `2026-11-21 12:03:22 UTC` */
export function Exact({ atMs }: { atMs: number }): JSX.Element | null {
  if (!isTime(atMs)) return null;
  return <time dateTime={new Date(atMs).toISOString()}>{formatExact(atMs, zone.value)}</time>;
}
