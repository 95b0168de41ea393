// Amounts of resources that pods ask for, as quantities that can be added and compared.

import { fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { quantityNanos } from "#api/kubernetes";

/** Billionths, by resource. */
export type Amounts = Map<string, bigint>;

export type ContainerAmounts = { name: string; container: JsonObject; requests: Amounts; limits: Amounts };

export function nanosOf(value: Json | undefined): bigint {
  return (typeof value === "string" || typeof value === "number" ? quantityNanos(String(value)) : undefined) ?? 0n;
}

export function amountsOf(value: Json | undefined): Amounts {
  return new Map(isObject(value) ? Object.entries(value).map(([name, amount]) => [name, nanosOf(amount)]) : []);
}

export function containersOf(pod: Manifest, list: "containers" | "initContainers"): ContainerAmounts[] {
  const found = fieldOf(pod, "spec", list);
  return (Array.isArray(found) ? found.filter(isObject) : []).map((container) => ({
    name: textOf(container, "name"),
    container,
    requests: amountsOf(fieldOf(container, "resources", "requests")),
    limits: amountsOf(fieldOf(container, "resources", "limits")),
  }));
}

function addTo(total: Amounts, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0n) + amount);
}

function raiseTo(total: Amounts, least: Amounts): void {
  for (const [name, amount] of least) if (amount > (total.get(name) ?? -1n)) total.set(name, amount);
}

/** What a pod as a whole asks for: its containers together, or what it needs to begin, whichever is more. */
export function podAmounts(pod: Manifest, part: "requests" | "limits"): Amounts {
  const total: Amounts = new Map();
  const staying: Amounts = new Map();
  const beginning: Amounts = new Map();
  for (const one of containersOf(pod, "containers")) addTo(total, one[part]);
  for (const one of containersOf(pod, "initContainers")) {
    const needs: Amounts = new Map();
    addTo(needs, one[part]);
    if (one.container.restartPolicy === "Always") {
      addTo(total, one[part]);
      addTo(staying, one[part]);
      raiseTo(beginning, staying);
    } else {
      addTo(needs, staying);
      raiseTo(beginning, needs);
    }
  }
  raiseTo(total, beginning);
  return total;
}

const thousand = 1000n;
const million = 1_000_000n;
const billion = 1_000_000_000n;

/** Billionths as Kubernetes writes a quantity that was counted. `isBytes`: in powers of two where that is even. */
export function formatAmount(nanos: bigint, isBytes: boolean): string {
  if (nanos % billion !== 0n) {
    if (nanos % million === 0n) return `${nanos / million}m`;
    return nanos % thousand === 0n ? `${nanos / thousand}u` : `${nanos}n`;
  }
  const whole = nanos / billion;
  if (!isBytes) return formatDecimal(whole);
  for (const [unit, power] of [
    ["Ti", 40n],
    ["Gi", 30n],
    ["Mi", 20n],
    ["Ki", 10n],
  ] as const)
    if (whole !== 0n && whole % (1n << power) === 0n) return `${whole >> power}${unit}`;
  return String(whole);
}

function formatDecimal(whole: bigint): string {
  for (const [unit, size] of [
    ["G", billion],
    ["M", million],
    ["k", thousand],
  ] as const)
    if (whole !== 0n && whole % size === 0n) return `${whole / size}${unit}`;
  return String(whole);
}

/** True for resources that are counted in bytes. */
export function isBytes(name: string): boolean {
  return /memory|storage|hugepages/.test(name);
}
