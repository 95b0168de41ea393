// What schemas and values are read as: maps for objects, and numbers with their own digits, since neither may lose any.

import type { Json } from "#kernel";
import { formatShortest } from "#formats/go-numbers";
import { rationalExponentMax } from "../limits.ts";

/** A number as it was written. */
export class NumberText {
  readonly text: string;
  #ratio: { top: bigint; bottom: bigint } | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The exact value as a fraction. */
  get ratio(): { top: bigint; bottom: bigint } {
    return (this.#ratio ??= ratioOf(this.text));
  }

  get isInteger(): boolean {
    const { top, bottom } = this.ratio;
    return top % bottom === 0n;
  }

  /** As Go's printer of English words shows it: digits in groups, long numbers as powers of ten. */
  format(): string {
    return formatInWords(Number(this.text));
  }
}

export type Data = null | boolean | string | NumberText | readonly Data[] | ReadonlyMap<string, Data>;
export type DataMap = ReadonlyMap<string, Data>;

export function isDataMap(value: Data | undefined): value is DataMap {
  return value instanceof Map;
}

export function isDataList(value: Data | undefined): value is readonly Data[] {
  return Array.isArray(value);
}

function ratioOf(text: string): { top: bigint; bottom: bigint } {
  const [, sign, whole = "", part = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const shift = Math.max(-rationalExponentMax, Math.min(rationalExponentMax, Number(exponent))) - part.length;
  const digits = BigInt(whole + part || "0") * (sign === "-" ? -1n : 1n);
  return shift >= 0
    ? { top: digits * 10n ** BigInt(shift), bottom: 1n }
    : { top: digits, bottom: 10n ** BigInt(-shift) };
}

/** Below zero where `a` is less than `b`. */
export function compareNumbers(a: NumberText, b: NumberText): number {
  const difference = a.ratio.top * b.ratio.bottom - b.ratio.top * a.ratio.bottom;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** True where `a` divided by `b` is whole. */
export function isMultiple(a: NumberText, b: NumberText): boolean {
  const bottom = a.ratio.bottom * b.ratio.top;
  return bottom !== 0n && (a.ratio.top * b.ratio.bottom) % bottom === 0n;
}

/** Equal as JSON: numbers by value, whatever their digits. */
export function equalData(a: Data, b: Data): boolean {
  if (a instanceof NumberText) return b instanceof NumberText && compareNumbers(a, b) === 0;
  if (isDataList(a))
    return isDataList(b) && a.length === b.length && a.every((item, i) => equalData(item, b[i] as Data));
  if (!isDataMap(a)) return a === b;
  if (!isDataMap(b) || a.size !== b.size) return false;
  for (const [key, member] of a) if (!b.has(key) || !equalData(member, b.get(key) as Data)) return false;
  return true;
}

/** Values as data. */
export function dataOf(value: Json): Data {
  if (typeof value === "number" || typeof value === "bigint") return new NumberText(String(value));
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(dataOf);
  return new Map(Object.keys(value).map((key) => [key, dataOf(value[key] as Json)]));
}

const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|([-+.\deE]+)|(true|false|null))/y;

/** Reads JSON that is known to be well-formed, numbers as they are written. */
export function readData(text: string): Data {
  let at = 0;
  const next = (): RegExpExecArray => {
    token.lastIndex = at;
    const found = token.exec(text) as RegExpExecArray;
    at = token.lastIndex;
    return found;
  };
  const read = (found: RegExpExecArray): Data => {
    const [, mark, quoted, digits, word] = found;
    if (quoted !== undefined) return JSON.parse(quoted) as string;
    if (digits !== undefined) return new NumberText(digits);
    if (word !== undefined) return word === "null" ? null : word === "true";
    return mark === "[" ? readList() : readMap();
  };
  const readList = (): Data[] => {
    const list: Data[] = [];
    for (let found = next(); found[1] !== "]"; found = next()) if (found[1] !== ",") list.push(read(found));
    return list;
  };
  const readMap = (): DataMap => {
    const map = new Map<string, Data>();
    for (let found = next(); found[1] !== "}"; found = next()) {
      if (found[1] === ",") continue;
      next();
      map.set(JSON.parse(found[2] as string) as string, read(next()));
    }
    return map;
  };
  return read(next());
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The same words for a number of the language's own. */
export function formatInWords(value: number): string {
  const [mantissa = "", exponent] = formatShortest(value).split("e");
  const [whole = "", part] = mantissa.split(".");
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",") + (part === undefined ? "" : `.${part}`);
  if (exponent === undefined) return grouped;
  const power = exponent
    .replace("+", "")
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => superscripts.charAt(Number(digit)));
  return `${grouped}×10${power}`;
}
