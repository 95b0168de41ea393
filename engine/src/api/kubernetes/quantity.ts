// Quantities in their canonical form, as every answer of the API server has them: `0.5` is `500m`, `1024Mi` is `1Gi`, `2000` is `2k`.

const decimalSuffixes: readonly (readonly [number, string])[] = [
  [18, "E"],
  [15, "P"],
  [12, "T"],
  [9, "G"],
  [6, "M"],
  [3, "k"],
  [0, ""],
  [-3, "m"],
  [-6, "u"],
  [-9, "n"],
];
const binarySuffixes: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Digits beyond this are no quantity anyone writes; they only cost time. */
const lengthMax = 100;

type Parsed = { /** In billionths. */ nanos: bigint; form: "decimal" | "binary" | "exponent" };

function parse(text: string): Parsed | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text);
  if (match === null || text.length > lengthMax) return undefined;
  const [, sign, digits = "", suffix = "", exponent] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  let nanos = BigInt(`${whole}${fraction}` || "0") * 10n ** 9n;
  let scale = -fraction.length;
  const binary = suffix.endsWith("i") ? binarySuffixes.indexOf(suffix) : 0;
  if (binary > 0) nanos *= 1024n ** BigInt(binary);
  else
    scale +=
      exponent === undefined ? (decimalSuffixes.find(([, name]) => name === suffix)?.[0] ?? 0) : Number(exponent);
  if (Math.abs(scale) > lengthMax) return undefined;
  const divisor = 10n ** BigInt(Math.max(-scale, 0));
  nanos = (nanos * 10n ** BigInt(Math.max(scale, 0)) + divisor - 1n) / divisor;
  return {
    nanos: sign === "-" ? -nanos : nanos,
    form: binary > 0 ? "binary" : exponent === undefined ? "decimal" : "exponent",
  };
}

/** A quantity in billionths, for comparing; undefined when the text is none. */
export function quantityNanos(value: string | number | bigint): bigint | undefined {
  return parse(String(value).trim())?.nanos;
}

const shape = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";

/** What Go says of a text that is no quantity. */
export function quantityProblem(text: string): string {
  return new RegExp(shape).test(text)
    ? "unable to parse quantity's suffix"
    : `quantities must match the regular expression '${shape}'`;
}

/** The canonical text of a quantity, undefined when it is none. */
export function canonicalQuantity(value: string | number | bigint): string | undefined {
  const parsed = parse(String(value).trim());
  if (parsed === undefined) return undefined;
  const { nanos, form } = parsed;
  if (nanos === 0n) return "0";
  const isSmall = nanos < 1024n * 10n ** 9n && nanos > -1024n * 10n ** 9n;
  if (form === "binary" && !isSmall && nanos % 10n ** 9n === 0n) return formatBinary(nanos / 10n ** 9n);
  return formatDecimal(nanos, form === "exponent");
}

function formatBinary(value: bigint): string {
  let power = 0;
  let rest = value;
  while (rest % 1024n === 0n && power < binarySuffixes.length - 1) {
    rest /= 1024n;
    power++;
  }
  return `${rest}${binarySuffixes[power]}`;
}

function formatDecimal(nanos: bigint, isExponent: boolean): string {
  for (const [power, suffix] of decimalSuffixes) {
    const unit = 10n ** BigInt(power + 9);
    if (nanos % unit !== 0n) continue;
    return isExponent ? `${nanos / unit}${power === 0 ? "" : `e${power}`}` : `${nanos / unit}${suffix}`;
  }
  return `${nanos}n`;
}
