// Go's text for float64.

import { formatShortest } from "#formats/go-numbers";

/** strconv.FormatFloat(value, 'g', -1, 64), with YAML's words for what is no number. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  // From 1e-4 to below 1e6 both languages write plain digits, and the same ones.
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? String(value) : formatShortest(value);
}

const uint64End = 2n ** 64n;
const int64Min = -(2n ** 63n);

/** A JSON number as sigs.k8s.io/yaml writes it: through Go's JSON text, whose integers become integers again. */
export function formatJsonNumber(value: number | bigint): string {
  if (typeof value === "bigint") return fits(value) ? value.toString() : formatGoFloat(Number(value));
  if (Number.isSafeInteger(value)) return value === 0 ? "0" : String(value);
  // The shortest digits count, which may lie beyond the number itself.
  const isInteger = Number.isInteger(value) && Math.abs(value) < 1e21 && fits(BigInt(String(value)));
  return isInteger ? String(value) : formatGoFloat(value);
}

/** True for what Go reads as int64 or uint64. */
function fits(value: bigint): boolean {
  return value >= int64Min && value < uint64End;
}
