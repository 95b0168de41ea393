// Exact decimal arithmetic, as much of it as Sprig's addf, subf, mulf and divf use.

import { formatPlain } from "#formats/go-numbers";
import { GoError } from "#formats/gotemplate";

/** digits × 10^-scale. */
export type Decimal = { digits: bigint; scale: number };

/** Digits after the point that a division keeps (shopspring/decimal's DivisionPrecision). */
const divisionScale = 16;

/** The shortest decimal that reads back as the float. */
export function decimalFrom(value: number): Decimal {
  if (!Number.isFinite(value))
    throw new GoError(`Cannot create a Decimal from ${value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN"}`);
  const text = formatPlain(value);
  const point = text.indexOf(".");
  if (point < 0) return { digits: BigInt(text), scale: 0 };
  return { digits: BigInt(text.replace(".", "")), scale: text.length - point - 1 };
}

function align(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale), scale];
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = align(a, b);
  return { digits: x + y, scale };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

/** Rounds half away from zero at sixteen digits. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (b.digits === 0n) throw new GoError("decimal division by 0");
  const [x, y] = align(a, b);
  const scaled = x * 10n ** BigInt(divisionScale);
  let quotient = scaled / y;
  const rest = scaled % y;
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  if (size(rest) * 2n >= size(y)) quotient += rest < 0n !== y < 0n ? -1n : 1n;
  return { digits: quotient, scale: divisionScale };
}

export function decimalToNumber(value: Decimal): number {
  const negative = value.digits < 0n;
  const digits = (negative ? -value.digits : value.digits).toString().padStart(value.scale + 1, "0");
  const split = digits.length - value.scale;
  return Number(`${negative ? "-" : ""}${digits.slice(0, split)}.${digits.slice(split)}`);
}
