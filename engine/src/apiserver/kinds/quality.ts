// The class of a pod by what it asks for (pkg/apis/core/helper/qos, v1.36): as a whole, where it says so, or container by container.

import { quantityNanos } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";

type Amounts = Map<string, bigint>;

const counted = ["cpu", "memory"] as const;

/** Adds what is more than nothing; true when there is some of each. */
function add(sum: Amounts, amounts: Json | undefined): boolean {
  if (!isObject(amounts)) return false;
  const found = counted.filter((name) => {
    const amount = amounts[name];
    const nanos = typeof amount === "string" || typeof amount === "number" ? (quantityNanos(amount) ?? 0n) : 0n;
    if (nanos <= 0n) return false;
    sum.set(name, (sum.get(name) ?? 0n) + nanos);
    return true;
  });
  return found.length === counted.length;
}

function resourcesOf(spec: JsonObject): JsonObject[] {
  if (isObject(spec.resources)) return [spec.resources];
  return [spec.containers, spec.initContainers]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .map((one) => (isObject(one) && isObject(one.resources) ? one.resources : {}));
}

/** Guaranteed when all of cpu and memory is limited to just what is asked for, BestEffort when nothing is said of either. */
export function qualityOf(spec: JsonObject): string {
  const [requests, limits]: [Amounts, Amounts] = [new Map(), new Map()];
  let isLimited = true;
  for (const resources of resourcesOf(spec)) {
    add(requests, resources.requests);
    if (!add(limits, resources.limits)) isLimited = false;
  }
  if (requests.size + limits.size === 0) return "BestEffort";
  const isGuaranteed =
    isLimited && limits.size === requests.size && counted.every((name) => requests.get(name) === limits.get(name));
  return isGuaranteed ? "Guaranteed" : "Burstable";
}
