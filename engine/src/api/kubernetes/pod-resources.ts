// What the containers of a pod ask for together (component-helpers/resource, v0.36): those that stay add up, those that end before
// the others begin are met one by one.

import { isObject, type Json, type JsonObject } from "#kernel";
import { canonicalQuantity, quantityNanos } from "./quantity.ts";

/** A sum is written as its first amount was: by powers of two or of ten. */
export type ResourceSum = { nanos: bigint; isBinary: boolean };
export type ResourceSums = Map<string, ResourceSum>;

const nanosOfOne = 1_000_000_000n;

function add(sum: ResourceSums, more: JsonObject | undefined): void {
  for (const name in more) {
    const text = String(more[name] as string | number);
    const before = sum.get(name);
    const isBinary = before?.isBinary ?? text.endsWith("i");
    sum.set(name, { nanos: (before?.nanos ?? 0n) + (quantityNanos(text) ?? 0n), isBinary });
  }
}

function raise(sum: ResourceSums, other: ResourceSums): void {
  for (const [name, amount] of other) if (amount.nanos > (sum.get(name)?.nanos ?? -1n)) sum.set(name, amount);
}

function amountsOf(container: Json, part: "requests" | "limits"): JsonObject | undefined {
  const resources = isObject(container) ? container["resources"] : undefined;
  const found = isObject(resources) ? resources[part] : undefined;
  return isObject(found) ? found : undefined;
}

/** What all containers of a pod's specification need at once. */
export function containerSums(spec: JsonObject, part: "requests" | "limits"): ResourceSums {
  const sum: ResourceSums = new Map();
  const [containers, first] = [spec["containers"], spec["initContainers"]];
  if (Array.isArray(containers)) for (const container of containers) add(sum, amountsOf(container, part));
  if (!Array.isArray(first)) return sum;
  const staying: ResourceSums = new Map();
  const most: ResourceSums = new Map();
  for (const container of first) {
    const amounts = amountsOf(container, part);
    const meanwhile: ResourceSums = new Map(staying);
    add(meanwhile, amounts);
    raise(most, meanwhile);
    if (!isObject(container) || container["restartPolicy"] !== "Always") continue;
    add(sum, amounts);
    add(staying, amounts);
  }
  raise(sum, most);
  return sum;
}

/** The canonical text of a sum. */
export function sumText({ nanos, isBinary }: ResourceSum): string {
  const bytes = nanos / nanosOfOne;
  if (!isBinary || nanos % nanosOfOne !== 0n) return canonicalQuantity(`${nanos}n`) ?? "0";
  return bytes % 1024n === 0n ? (canonicalQuantity(`${bytes / 1024n}Ki`) ?? "0") : String(bytes);
}
