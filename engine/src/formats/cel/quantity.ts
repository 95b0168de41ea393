// Kubernetes quantities (`1500m`, `1Gi`, `1e3`), exact to a billionth, as apimachinery's resource.Quantity rounds.

const decimals: { readonly [suffix: string]: number } = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaries: { readonly [suffix: string]: number } = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const nano = 10n ** 9n;
/** Digits and exponents beyond this are no quantity anyone writes; they only cost time. */
const digitsMax = 100;

export class Quantity {
  /** In billionths. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  get isInteger(): boolean {
    return this.nanos % nano === 0n;
  }

  /** The whole part; callers ask `isInteger` first. */
  get integer(): bigint {
    return this.nanos / nano;
  }

  get number(): number {
    return Number(this.nanos) / 1e9;
  }

  compare(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }
}

/** Undefined when the text is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text);
  if (match === null || text.length > digitsMax) return undefined;
  const [, sign, digits = "", suffix = "", exponent] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  let numerator = BigInt(`${whole}${fraction}` || "0") * nano;
  let scale = -fraction.length;
  const bits = binaries[suffix];
  if (bits !== undefined) numerator *= 2n ** BigInt(bits);
  else scale += exponent === undefined ? (decimals[suffix] ?? 0) : Number(exponent);
  if (Math.abs(scale) > digitsMax) return undefined;
  if (scale >= 0) numerator *= 10n ** BigInt(scale);
  else {
    const divisor = 10n ** BigInt(-scale);
    // Rounded away from zero, as the server does with what is too fine.
    numerator = (numerator + divisor - 1n) / divisor;
  }
  return new Quantity(sign === "-" ? -numerator : numerator);
}
