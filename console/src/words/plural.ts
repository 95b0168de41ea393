// Counts with their nouns.

/** `1 object`, `1,204 objects`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? noun : many}`;
}

/** `3 Deployments`, `2 Ingresses`, `1 NetworkPolicy`. */
export function pluralKind(count: number, kind: string): string {
  if (count === 1) return `1 ${kind}`;
  if (/[^aeiou]y$/.test(kind)) return `${count} ${kind.slice(0, -1)}ies`;
  // Endpoints have their s already.
  if (kind.endsWith("points")) return `${count} ${kind}`;
  return ["s", "x", "ch", "sh"].some((end) => kind.endsWith(end)) ? `${count} ${kind}es` : `${count} ${kind}s`;
}
