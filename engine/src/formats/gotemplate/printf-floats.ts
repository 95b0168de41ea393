// The float verbs of printf: %e %f %g %b %x and their capitals.

import { formatShortest } from "#formats/go-numbers";
import { type Flags, pad } from "./printf-flags.ts";

/** A float64 by one verb; undefined when the verb is none for floats. */
export function formatFloatVerb(value: number, verb: string, flags: Flags): string | undefined {
  if (!"vbgGxXfFeE".includes(verb)) return undefined;
  if (verb === "v" && flags.sharp) return formatFloatVerb(value, "g", { ...flags, sharp: false });
  const isCapital = verb === "G" || verb === "E" || verb === "X";
  let text = unsigned(Math.abs(value), verb, flags);
  if (isCapital) text = text.toUpperCase();
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = isNegative ? "-" : flags.plus || value === Number.POSITIVE_INFINITY ? "+" : flags.space ? " " : "";
  if (!Number.isFinite(value)) return padSpecial(value, flags);
  if (flags.zero && !flags.minus && flags.width !== undefined)
    return sign + text.padStart(flags.width - sign.length, "0");
  return pad(sign + text, { ...flags, zero: false });
}

function padSpecial(value: number, flags: Flags): string {
  const name = Number.isNaN(value) ? (flags.plus ? "+NaN" : "NaN") : value > 0 ? "+Inf" : "-Inf";
  return pad(flags.plus || Number.isNaN(value) || value < 0 ? name : name, { ...flags, zero: false });
}

function unsigned(value: number, verb: string, flags: Flags): string {
  switch (verb) {
    case "e":
    case "E":
      return fixExponent(toExponentialExact(value, flags.precision ?? 6));
    case "f":
    case "F":
      return toFixedExact(value, flags.precision ?? 6) + (flags.sharp && flags.precision === 0 ? "." : "");
    case "b":
      return binaryExponent(value);
    case "x":
      return hexFloat(value, flags, 4);
    case "X":
      // Go fills the digits of the small letter alone.
      return hexFloat(value, flags, 0);
    default:
      return general(value, flags);
  }
}

function fixExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** Digits of the exact value with `places` after the point, rounded half to even as Go does; JavaScript rounds half up. */
function toFixedExact(value: number, places: number): string {
  const { mantissa, exponent } = binaryParts(value);
  const scale = 10n ** BigInt(places);
  const digits =
    exponent >= 0 ? (mantissa << BigInt(exponent)) * scale : divideEven(mantissa * scale, 1n << BigInt(-exponent));
  const text = digits.toString().padStart(places + 1, "0");
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}

function divideEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** toExponential of the exact value, rounded half to even. */
function toExponentialExact(value: number, places: number): string {
  if (value === 0) return `0${places > 0 ? `.${"0".repeat(places)}` : ""}e+0`;
  let power = Number(value.toExponential().split("e")[1]);
  const { mantissa, exponent } = binaryParts(value);
  for (;;) {
    const shift = places - power;
    const up = shift > 0 ? 10n ** BigInt(shift) : 1n;
    const down = shift < 0 ? 10n ** BigInt(-shift) : 1n;
    const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa;
    const digits = divideEven(whole * up, down * (exponent < 0 ? 1n << BigInt(-exponent) : 1n)).toString();
    if (digits.length > places + 1) {
      power++;
      continue;
    }
    return `${digits[0]}${places > 0 ? `.${digits.slice(1)}` : ""}e${power < 0 ? "-" : "+"}${Math.abs(power)}`;
  }
}

function general(value: number, flags: Flags): string {
  if (flags.precision === undefined) return flags.sharp ? alternate(formatShortest(value), 6) : formatShortest(value);
  const precision = flags.precision === 0 ? 1 : flags.precision;
  const [mantissa = "0", exponentText = "0"] = toExponentialExact(value, Math.min(precision, 1100) - 1).split("e");
  const exponent = Number(exponentText);
  const digits = mantissa.replace(".", "").replace(/0+$/, "") || "0";
  const threshold = precision > digits.length && digits.length >= exponent + 1 ? digits.length : precision;
  const limit = threshold > 21 ? 21 : Math.max(threshold, exponent + 1 <= precision ? precision : threshold);
  if (exponent < -4 || exponent >= limit) {
    const text = fixExponent(
      `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ""}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`,
    );
    return flags.sharp ? alternate(text, precision) : text;
  }
  const text = formatShortest(Number(`${mantissa}e${exponent}`), 400);
  return flags.sharp ? alternate(text, precision) : text;
}

/** The # flag of %g: trailing zeros up to the precision are kept, and the point always stands. */
function alternate(text: string, precision: number): string {
  const [mantissa = "", exponent] = text.split("e");
  const digits = mantissa.replace(/^0\.0*|\./g, "").length;
  const point = mantissa.includes(".") ? mantissa : `${mantissa}.`;
  return point + "0".repeat(Math.max(0, precision - digits)) + (exponent === undefined ? "" : `e${exponent}`);
}

function binaryParts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return exponent === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: exponent - 1075 };
}

function binaryExponent(value: number): string {
  const { mantissa, exponent } = binaryParts(value);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

/** `filled` is how many digits stand behind the point at least with the flag # and no precision. */
function hexFloat(value: number, { precision, sharp }: Flags, filled: number): string {
  if (value === 0) return `0x0${precision ? `.${"0".repeat(precision)}` : ""}p+00`;
  let { mantissa, exponent } = binaryParts(value);
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (precision !== undefined && precision < 13) {
    const drop = BigInt(52 - precision * 4);
    const half = 1n << (drop - 1n);
    const rest = mantissa & ((1n << drop) - 1n);
    let kept = mantissa >> drop;
    if (rest > half || (rest === half && kept % 2n === 1n)) kept++;
    mantissa = kept << drop;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const all = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  const digits = precision === undefined ? all.replace(/0+$/, "") : all.slice(0, precision).padEnd(precision, "0");
  const shown = sharp && precision === undefined ? digits.padEnd(filled, "0") : digits;
  const power = exponent + 52;
  return `0x1${shown === "" && !sharp ? "" : `.${shown}`}p${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
