// What a flag's words mean, as Go's pflag reads them: truth, numbers, durations, lists and pairs. What Go's would
// refuse is refused, also where a command has no use for the value.

import { parseBoolText } from "#formats/go-numbers";

/** What a value must be beside text. */
export type ValueKind = "boolean" | "duration" | "integer" | "number";

type Reading = { isGood: (text: string) => boolean; is: string };

const readings: Readonly<Record<ValueKind, Reading>> = {
  boolean: { isGood: (text) => parseBoolText(text) !== undefined, is: "true or false" },
  duration: { isGood: isDuration, is: "a duration, such as 30s, 5m or 1h30m" },
  integer: { isGood: (text) => /^[-+]?(?:0x[0-9a-f]+|0b[01]+|0o?[0-7]*|[1-9]\d*)$/i.test(text), is: "a whole number" },
  number: { isGood: (text) => /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text), is: "a number" },
};

/** What the value should have been; undefined when it is that. */
export function wrongKind(kind: ValueKind, text: string): string | undefined {
  const { isGood, is } = readings[kind];
  return isGood(text) ? undefined : is;
}

const unitSeconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Whether time.ParseDuration takes it; 64 bits of nanoseconds reach for 292 years. */
function isDuration(text: string): boolean {
  if (/^[-+]?0$/.test(text)) return true;
  if (!/^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return false;
  let seconds = 0;
  for (const [, count, unit = ""] of text.matchAll(/([\d.]+)([a-zµμ]+)/g))
    seconds += Number(count) * (unitSeconds[unit] ?? 0);
  return seconds < 2 ** 63 / 1e9;
}

/** One record of comma-separated values, as encoding/csv reads it: undefined where a quote stands in the wrong place. */
export function splitList(text: string): string[] | undefined {
  if (text === "") return [];
  const lines = text.replaceAll("\r\n", "\n").replace(/^\n+/, "");
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))(?=,|\n|$)/y;
  for (let at = 0; ; at = field.lastIndex + 1) {
    field.lastIndex = at;
    const found = field.exec(lines);
    if (found === null) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (lines[field.lastIndex] !== ",") return fields;
  }
}

/** KEY=VALUE, several of them with commas between, as pflag's StringToString; `bad` is the first that is none. */
export function splitPairs(text: string): { pairs: string[]; bad?: string } {
  const isSole = text.split("=").length === 2;
  const pairs = isSole ? [text.replaceAll(/^"+|"+$/g, "")] : splitList(text);
  if (pairs === undefined || !text.includes("=")) return { pairs: [], bad: text };
  const bad = pairs.find((pair) => !pair.includes("="));
  return { pairs, ...(bad === undefined ? {} : { bad }) };
}
