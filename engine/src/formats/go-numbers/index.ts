// Numbers to text and back, and words to booleans, as Go's strconv does it.

const integerShape = /^([+-]?)(?:0[xX]([0-9a-fA-F_]+)|0[bB]([01_]+)|0[oO]?([0-7_]+)|([1-9][0-9_]*|0))$/;

/** An integer by strconv.ParseInt's syntax, of any size; base 0 reads prefixes and underscores. */
export function parseIntText(text: string, base: 0 | 8 | 10 | 16): bigint | undefined {
  if (base !== 0) return parseBase(text, base);
  const match = integerShape.exec(text);
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = hex ?? binary ?? octal ?? decimal ?? "";
  if (/__|_$/.test(digits) || (decimal !== undefined && digits.startsWith("_"))) return undefined;
  const clean = digits.replaceAll("_", "");
  if (clean === "") return undefined;
  const prefix = hex !== undefined ? "0x" : binary !== undefined ? "0b" : octal !== undefined ? "0o" : "";
  const value = BigInt(prefix + clean);
  return sign === "-" ? -value : value;
}

function parseBase(text: string, base: 8 | 10 | 16): bigint | undefined {
  const shape = base === 10 ? /^[+-]?[0-9]+$/ : base === 8 ? /^[+-]?[0-7]+$/ : /^[+-]?[0-9a-fA-F]+$/;
  if (!shape.test(text)) return undefined;
  const digits = text.replace(/^[+-]/, "");
  const value = BigInt((base === 10 ? "" : base === 8 ? "0o" : "0x") + digits);
  return text.startsWith("-") ? -value : value;
}

/** A boolean by strconv.ParseBool's words. */
export function parseBoolText(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** True when the integer fits an int64. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

const decimalFloat = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const hexFloat =
  /^([+-]?)0[xX](?=_?[0-9a-fA-F]|\.)((?:_?[0-9a-fA-F]+)*)\.?((?:[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)?)[pP]([+-]?\d+(?:_\d+)*)$/;

/** A float by strconv.ParseFloat's syntax, in which underscores separate digits; infinite when too large for float64. */
export function parseFloatText(text: string): number | undefined {
  if (decimalFloat.test(text)) return Number(text.replaceAll("_", ""));
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if ((special[2] as string).toLowerCase() === "nan") return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return parseHexFloat(text);
}

function parseHexFloat(text: string): number | undefined {
  const match = hexFloat.exec(text);
  if (match === null) return undefined;
  const [, sign, ...parts] = match;
  const [whole, fraction, exponent] = parts.map((part) => part.replaceAll("_", "")) as [string, string, string];
  if (whole + fraction === "") return undefined;
  const value = Number(BigInt(`0x0${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}

/** Decimal digits and exponent of a finite number's shortest form: value = 0.DIGITS × 10^point. */
export function shortestDigits(value: number): { digits: string; point: number } {
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: value === 0 ? 1 : Number(exponent) + 1 };
}

/** strconv.FormatFloat(value, 'g', -1, 64): exponent form from a million on, and below 0.0001. */
export function formatShortest(value: number, exponentMax = 6): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const { digits, point } = shortestDigits(value);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const exponent = point - 1;
  if (exponent < -4 || exponent >= exponentMax) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  return sign + plainDigits(digits, point);
}

/** The number of the fewest digits that is the same float32: its text is what strconv writes of that with 32 bits. */
export function shortestSingle(value: number): number {
  const single = Math.fround(value);
  for (let precision = 1; precision <= 9; precision++) {
    const short = Number(single.toPrecision(precision));
    if (Math.fround(short) === single) return short;
  }
  return single;
}

function plainDigits(digits: string, point: number): string {
  if (point <= 0) return digits === "0" ? "0" : `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** strconv.FormatFloat(value, 'f', -1, 64). */
export function formatPlain(value: number): string {
  if (!Number.isFinite(value)) return formatShortest(value);
  const { digits, point } = shortestDigits(value);
  return (value < 0 || Object.is(value, -0) ? "-" : "") + plainDigits(digits, point);
}
