// Ages and lists as kubectl shows them (apimachinery util/duration).

export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return withRest(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 365 * 8 ? withRest(years, "y", days % 365, "d") : `${years}y`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

export function age(timestamp: unknown, nowMs: number): string {
  return typeof timestamp === "string" ? humanDuration(nowMs - Date.parse(timestamp)) : "<unknown>";
}

/** `a=b,c=d`, or <none>. */
export function labelText(labels: unknown): string {
  const entries = Object.entries((labels ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? "<none>" : entries.map(([key, value]) => `${key}=${value}`).join(",");
}

type Expression = { key: string; operator: string; values?: string[] };

/** A metav1.LabelSelector in the text form. */
export function selectorText(selector: unknown): string {
  if (selector === undefined || selector === null) return "<none>";
  const { matchLabels, matchExpressions } = selector as { matchLabels?: object; matchExpressions?: Expression[] };
  const parts = Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  for (const { key, operator, values } of matchExpressions ?? []) {
    const list = (values ?? []).join(",");
    if (operator === "In") parts.push(`${key} in (${list})`);
    else if (operator === "NotIn") parts.push(`${key} notin (${list})`);
    else parts.push(operator === "Exists" ? key : `!${key}`);
  }
  return parts.length === 0 ? "<none>" : parts.sort().join(",");
}
