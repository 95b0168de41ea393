// Ages and lists as kubectl shows them.

import { formatAge } from "#kernel";

export function age(timestamp: unknown, nowMs: number): string {
  return typeof timestamp === "string" ? formatAge(nowMs - Date.parse(timestamp)) : "<unknown>";
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
