// What a plain scalar means, in the two dialects that Kubernetes' tools speak: go-yaml v2 (sigs.k8s.io/yaml, Helm: YAML
// 1.1) and go-yaml v3 (kyaml, kustomize's resources: 1.2 with some of 1.1). Both share Go's number syntax.

export type Dialect = "v2" | "v3";

export type Resolved =
  | { tag: "!!null"; value: null }
  | { tag: "!!bool"; value: boolean }
  | { tag: "!!int"; value: number | bigint }
  | { tag: "!!float"; value: number }
  | { tag: "!!str" | "!!merge" | "!!timestamp"; value: string };

const nullWord: Resolved = { tag: "!!null", value: null };
const trueWord: Resolved = { tag: "!!bool", value: true };
const falseWord: Resolved = { tag: "!!bool", value: false };

const commonWords: { readonly [word: string]: Resolved } = {
  "": nullWord,
  "~": nullWord,
  null: nullWord,
  Null: nullWord,
  NULL: nullWord,
  true: trueWord,
  True: trueWord,
  TRUE: trueWord,
  false: falseWord,
  False: falseWord,
  FALSE: falseWord,
  "<<": { tag: "!!merge", value: "<<" },
};

const words: { readonly [dialect in Dialect]: ReadonlyMap<string, Resolved> } = {
  v3: new Map([...Object.entries(commonWords), ...floatWords()]),
  v2: new Map([
    ...Object.entries(commonWords),
    ...floatWords(),
    ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, trueWord] as const),
    ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, falseWord] as const),
  ]),
};

function floatWords(): [string, Resolved][] {
  const list: [string, Resolved][] = [];
  for (const word of [".nan", ".NaN", ".NAN"]) list.push([word, { tag: "!!float", value: Number.NaN }]);
  for (const word of [".inf", ".Inf", ".INF"]) {
    list.push([word, { tag: "!!float", value: Number.POSITIVE_INFINITY }]);
    list.push([`+${word}`, { tag: "!!float", value: Number.POSITIVE_INFINITY }]);
    list.push([`-${word}`, { tag: "!!float", value: Number.NEGATIVE_INFINITY }]);
  }
  return list;
}

/** The meaning of a plain scalar without a tag. */
export function resolvePlain(text: string, dialect: Dialect): Resolved {
  if (text === "") return nullWord;
  const first = text.charCodeAt(0);
  const isSignOrDigit = (first >= 48 && first <= 57) || first === 43 || first === 45;
  if (!isSignOrDigit && first !== 46) {
    // Only words of these first letters have a meaning of their own.
    if (text.length > 5 || !"yYnNtTfFoO~<".includes(text.charAt(0))) return { tag: "!!str", value: text };
    // go-yaml looks the table up only for first letters that it lists; "<" is not one of them.
    return first === 60 ? { tag: "!!str", value: text } : (words[dialect].get(text) ?? { tag: "!!str", value: text });
  }
  const word = words[dialect].get(text);
  if (word !== undefined) return word;
  if (first === 46) return resolveDotFloat(text);
  return resolveNumber(text);
}

function resolveDotFloat(text: string): Resolved {
  const value = parseGoFloat(text);
  return value === undefined ? { tag: "!!str", value: text } : { tag: "!!float", value };
}

const yamlFloat = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

function resolveNumber(text: string): Resolved {
  if (isTimestamp(text)) return { tag: "!!timestamp", value: text };
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  const whole = parseGoInteger(plain);
  if (whole !== undefined) return { tag: "!!int", value: whole };
  if (yamlFloat.test(plain)) {
    const value = Number(plain);
    if (Number.isFinite(value)) return { tag: "!!float", value };
  }
  return { tag: "!!str", value: text };
}

const int64Min = -(2n ** 63n);
const uint64Max = 2n ** 64n - 1n;
const goInteger = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/;

/** strconv.ParseInt with base 0, then ParseUint: 0x, 0b, 0o and a leading 0 choose the base; int64 or uint64. */
function parseGoInteger(text: string): number | bigint | undefined {
  const match = goInteger.exec(text);
  if (match === null) return undefined;
  const sign = match[1] as string;
  const digits = match[2] as string;
  if (/^0[oO]$/.test(digits)) return undefined;
  let magnitude: bigint;
  if (digits.length < 16 && digits.charCodeAt(0) !== 48) {
    const value = Number(digits);
    return sign === "-" ? -value : value;
  }
  if (/^0[0-7]+$/.test(digits)) magnitude = BigInt(`0o${digits.slice(1)}`);
  else magnitude = BigInt(digits);
  const value = sign === "-" ? -magnitude : magnitude;
  if (value < int64Min || value > uint64Max) return undefined;
  if (sign === "+" && value > 2n ** 63n - 1n) return undefined;
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

const goFloat = /^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$/;

/** strconv.ParseFloat of decimal text; undefined when it is none or out of range. */
function parseGoFloat(text: string): number | undefined {
  if (!goFloat.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const timestamp =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:([Tt])(\d{1,2}):(\d{1,2}):(\d{1,2})([.,]\d+)?(Z|[-+]\d{2}:\d{2})| (\d{1,2}):(\d{1,2}):(\d{1,2})([.,]\d+)?)?$/;

/** True for the four date forms that go-yaml takes as a timestamp (resolve.go, allowedTimestampFormats). */
export function isTimestamp(text: string): boolean {
  if (text.charCodeAt(4) !== 45) return false;
  return matchTimestamp(text) !== undefined;
}

type TimestampParts = {
  date: [number, number, number];
  time: [number, number, number];
  fraction: string;
  zone: string;
};

function matchTimestamp(text: string): TimestampParts | undefined {
  const match = timestamp.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const hour = Number(match[5] ?? match[10] ?? 0);
  const minute = Number(match[6] ?? match[11] ?? 0);
  const second = Number(match[7] ?? match[12] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = match[9] ?? "Z";
  if (zone !== "Z" && (Number(zone.slice(1, 3)) > 24 || Number(zone.slice(4, 6)) > 60)) return undefined;
  return {
    date: [year, month, day],
    time: [hour, minute, second],
    fraction: (match[8] ?? match[13] ?? "").slice(1),
    zone,
  };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A timestamp as Go's JSON writes a time: RFC 3339 with nanoseconds, without trailing zeros. */
export function formatTimestamp(text: string): string {
  const parts = matchTimestamp(text);
  if (parts === undefined) return text;
  const [year, month, day] = parts.date;
  const two = (value: number): string => String(value).padStart(2, "0");
  const fraction = parts.fraction.slice(0, 9).replace(/0+$/, "");
  const zone = /^[-+]00:00$/.test(parts.zone) ? "Z" : parts.zone;
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return `${date}T${parts.time.map(two).join(":")}${fraction === "" ? "" : `.${fraction}`}${zone}`;
}
