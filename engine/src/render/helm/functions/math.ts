// Sprig's numbers: integer arithmetic in int64, decimal arithmetic for the functions that end in f.

import { fitsInt64, parseIntText } from "#formats/go-numbers";
import { define, type FunctionTable, GoError, int64, printValue, typed, type Value } from "#formats/gotemplate";
import { toFloat64, toInt64 } from "./cast.ts";
import {
  addDecimals,
  decimalFrom,
  type Decimal,
  decimalToNumber,
  divideDecimals,
  multiplyDecimals,
} from "./decimal.ts";
import { listLengthMax } from "../limits.ts";

function fold(values: readonly Value[], start: bigint, step: (a: bigint, b: bigint) => bigint): Value {
  return int64(values.reduce<bigint>((sum, value) => BigInt.asIntN(64, step(sum, toInt64(value))), start));
}

function divide(a: Value, b: Value, step: (a: bigint, b: bigint) => bigint): Value {
  const divisor = toInt64(b);
  if (divisor === 0n) throw new GoError("runtime error: integer divide by zero");
  return int64(step(toInt64(a), divisor));
}

function extreme(values: readonly Value[], isBetter: (a: bigint, b: bigint) => boolean): Value {
  return int64(values.map(toInt64).reduce((best, value) => (isBetter(value, best) ? value : best)));
}

function untilStep(start: bigint, stop: bigint, step: bigint): bigint[] {
  const items: bigint[] = [];
  if (stop < start ? step >= 0n : step <= 0n) return items;
  for (let i = start; stop < start ? i > stop : i < stop; i += step) {
    items.push(i);
    if (items.length > listLengthMax) throw new GoError(`a list of more than ${listLengthMax} numbers`);
  }
  return items;
}

function integers(items: bigint[]): Value {
  return typed(items as Value[], "[]int");
}

/** Go's int runs over at its end. */
function wrapped(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function sequence(...bounds: bigint[]): Value {
  const text = (items: bigint[]): string => items.join(" ");
  const [a = 0n, b = 0n, c = 0n] = bounds;
  if (bounds.length === 1) {
    const step = a < 1n ? -1n : 1n;
    return text(untilStep(1n, wrapped(a + step), step));
  }
  if (bounds.length === 2) {
    const step = b < a ? -1n : 1n;
    return text(untilStep(a, wrapped(b + step), step));
  }
  if (bounds.length !== 3) return "";
  if (c < a && b > 0n) return "";
  return text(untilStep(a, wrapped(c + (c < a ? -1n : 1n)), b));
}

/** Ten to a whole power as Go's math.Pow computes it: by squares of fractions, with what that loses. */
function powerOfTen(exponent: number): number {
  let [square, squareTwos] = [0.625, 4];
  let [fraction, twos] = [1, 0];
  for (let left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (squareTwos > 4096) {
      twos += squareTwos;
      break;
    }
    if (left % 2 === 1) {
      fraction *= square;
      twos += squareTwos;
    }
    square *= square;
    squareTwos *= 2;
    if (square < 0.5) {
      square += square;
      squareTwos--;
    }
  }
  if (exponent < 0) [fraction, twos] = [1 / fraction, -twos];
  // In two steps: one power of two may lie beyond what a float holds.
  const most = Math.max(-600, Math.min(twos, 1000));
  return fraction * 2 ** most * 2 ** (twos - most);
}

function round(value: Value, places: bigint, threshold = 0.5): Value {
  const power = powerOfTen(Number(places));
  const digit = power * toFloat64(value);
  const fraction = digit - Math.trunc(digit);
  return (fraction >= threshold ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function decimals(values: readonly Value[], step: (a: Decimal, b: Decimal) => Decimal): Value {
  const [first, ...rest] = values.map((value) => decimalFrom(toFloat64(value)));
  return decimalToNumber(rest.reduce(step, first as Decimal));
}

function toDecimal(value: Value): Value {
  const parsed = parseIntText(printValue(value), 8);
  return int64(parsed === undefined || !fitsInt64(parsed) ? 0n : parsed);
}

export const mathFunctions: FunctionTable = {
  int64: define("any", (value: Value) => int64(toInt64(value))),
  int: define("any", (value: Value) => toInt64(value)),
  float64: define("any", toFloat64),
  atoi: define("string", (text: string) => {
    const value = parseIntText(text, 10);
    if (value === undefined) return 0n;
    if (fitsInt64(value)) return value;
    return value < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
  }),
  toDecimal: define("any", toDecimal),
  add1: define("any", (value: Value) => int64(toInt64(value) + 1n)),
  add: define("...any", (...values: Value[]) => fold(values, 0n, (a, b) => a + b)),
  sub: define("any, any", (a: Value, b: Value) => int64(toInt64(a) - toInt64(b))),
  div: define("any, any", (a: Value, b: Value) => divide(a, b, (x, y) => x / y)),
  mod: define("any, any", (a: Value, b: Value) => divide(a, b, (x, y) => x % y)),
  mul: define("any, ...any", (a: Value, ...values: Value[]) => fold(values, toInt64(a), (x, y) => x * y)),
  add1f: define("any", (value: Value) => decimals([value, 1], addDecimals)),
  addf: define("...any", (...values: Value[]) => decimals([0, ...values], addDecimals)),
  subf: define("any, ...any", (...values: Value[]) =>
    decimals(values, (a, b) => addDecimals(a, { ...b, digits: -b.digits })),
  ),
  mulf: define("any, ...any", (...values: Value[]) => decimals(values, multiplyDecimals)),
  divf: define("any, ...any", (...values: Value[]) => decimals(values, divideDecimals)),
  biggest: define("any, ...any", (...values: Value[]) => extreme(values, (a, b) => a > b)),
  max: define("any, ...any", (...values: Value[]) => extreme(values, (a, b) => a > b)),
  min: define("any, ...any", (...values: Value[]) => extreme(values, (a, b) => a < b)),
  maxf: define("any, ...any", (...values: Value[]) => Math.max(...values.map(toFloat64))),
  minf: define("any, ...any", (...values: Value[]) => Math.min(...values.map(toFloat64))),
  ceil: define("any", (value: Value) => Math.ceil(toFloat64(value))),
  floor: define("any", (value: Value) => Math.floor(toFloat64(value))),
  round: define("any, int, ...float64", round),
  until: define("int", (count: bigint) => integers(untilStep(0n, count, count < 0n ? -1n : 1n))),
  untilStep: define("int, int, int", (start: bigint, stop: bigint, step: bigint) =>
    integers(untilStep(start, stop, step)),
  ),
  seq: define("...int", sequence),
};
