// Prometheus' text form. Names and labels of what Flux' users have dashboards for are Flux' own.

import { type Card, type Link, linkKey, parseLinkKey } from "#api/console";
import { shortRevision } from "#kernel";

export type Sample = {
  name: string;
  help: string;
  type: "gauge" | "counter" | "histogram";
  /** `suffix`: of the parts of a histogram. */
  values: [labels: string, value: number, suffix?: string][];
};

/** Upper bounds in seconds; Flux's own (fluxcd/pkg runtime/metrics). */
const bounds: readonly number[] = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

type Passes = { counts: number[]; sum: number; count: number };

/** How long passes took, by object: `gotk_reconcile_duration_seconds`, as Flux's dashboards read it. */
export class PassDurations {
  readonly #passes = new Map<string, Passes>();

  /** A pass over an object has ended. */
  note(about: Link, tookMs: number): void {
    const key = linkKey(about);
    const known = this.#passes.get(key) ?? { counts: bounds.map(() => 0), sum: 0, count: 0 };
    this.#passes.set(key, known);
    const seconds = tookMs / 1000;
    bounds.forEach((bound, i) => {
      if (seconds <= bound) known.counts[i] = (known.counts[i] ?? 0) + 1;
    });
    known.sum += seconds;
    known.count += 1;
  }

  /** Of these objects; others are gone, and are forgotten. */
  sample(cards: readonly Card[]): Sample {
    const name = "gotk_reconcile_duration_seconds";
    const keys = new Set(cards.map((card) => linkKey(card)));
    for (const key of this.#passes.keys()) if (!keys.has(key)) this.#passes.delete(key);
    const values = [...this.#passes].flatMap(([key, { counts, sum, count }]): Sample["values"] => {
      const link = parseLinkKey(key);
      if (link === undefined) return [];
      const labels = [label("kind", link.kind), label("name", link.name), label("namespace", link.namespace)].join(",");
      const buckets = [...bounds, Infinity].map((bound, i): Sample["values"][number] => {
        const le = bound === Infinity ? "+Inf" : String(bound);
        return [`${labels},${label("le", le)}`, counts[i] ?? count, "_bucket"];
      });
      return [...buckets, [labels, sum, "_sum"], [labels, count, "_count"]];
    });
    const help = "The duration in seconds of a GitOps Toolkit resource reconciliation.";
    return { name, help, type: "histogram", values };
  }
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** All samples as text. */
export function formatMetrics(samples: readonly Sample[]): string {
  return samples
    .map(({ name, help, type, values }) => {
      const lines = values.map(
        ([labels, value, suffix = ""]) => `${name}${suffix}${labels === "" ? "" : `{${labels}}`} ${value}`,
      );
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
    })
    .join("\n")
    .concat("\n");
}

/** What the cards say. */
export function fleetSamples(cards: readonly Card[]): Sample[] {
  const info = cards.map((card): [string, number] => [
    [
      label("customresource_kind", card.kind),
      label("exported_namespace", card.namespace),
      label("name", card.name),
      label("ready", card.ready === "" ? "Unknown" : card.ready),
      label("suspended", String(card.isSuspended)),
      label("revision", shortRevision(card.revision)),
    ].join(","),
    1,
  ]);
  const objects = cards
    .filter((card) => card.role === "delivery")
    .map((card): [string, number] => [
      [label("kind", card.kind), label("namespace", card.namespace), label("name", card.name)].join(","),
      card.objects,
    ]);
  return [
    { name: "gotk_resource_info", help: "State of each delivery and source.", type: "gauge", values: info },
    { name: "keelson_delivery_objects", help: "Objects a delivery has applied.", type: "gauge", values: objects },
  ];
}

/** What the process says of itself. */
export function processSamples(): Sample[] {
  const memory = process.memoryUsage();
  return [
    { name: "process_resident_memory_bytes", help: "Resident memory.", type: "gauge", values: [["", memory.rss]] },
    { name: "nodejs_heap_size_used_bytes", help: "Used heap.", type: "gauge", values: [["", memory.heapUsed]] },
    {
      name: "process_cpu_seconds_total",
      help: "User and system time.",
      type: "counter",
      values: [["", (process.cpuUsage().user + process.cpuUsage().system) / 1e6]],
    },
  ];
}
