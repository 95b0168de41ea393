// A plain value as the formats write it that have text alone (stores.go, ValToString).

import { Branch, Moment, Remark, type Value } from "./tree.ts";

/** undefined for a list or mapping. */
export function scalarText(value: Value): string | Uint8Array | undefined {
  if (value instanceof Branch || Array.isArray(value)) return undefined;
  if (value instanceof Moment || value instanceof Remark) return value.text;
  if (value instanceof Uint8Array || typeof value === "string") return value;
  if (typeof value === "number") return floatText(value);
  // Go prints a nil value so.
  return value === null ? "<nil>" : String(value as bigint | boolean);
}

/** Go's FormatFloat(value, 'G', -1, 64), with at least one digit behind the point. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) {
    const text = Object.is(value, -0) ? "-0" : String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${mantissa}E${exponent < 0 ? "-" : "+"}${digits}`;
}
