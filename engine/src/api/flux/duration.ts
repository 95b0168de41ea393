// Durations as Go writes them ("1h30m", "500ms"), in milliseconds.

const unitMs: { [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const group = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/y;

/** Milliseconds of a duration; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  group.lastIndex = 0;
  do {
    const match = group.exec(text);
    if (match === null) return undefined;
    total += Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0);
  } while (group.lastIndex < text.length);
  return total;
}

/** The form Go prints: `1h0m0s`, `2m30s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return "0s";
  if (ms < 1000) return `${trimmed(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = `${trimmed((ms % 60_000) / 1000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(6)));
}
