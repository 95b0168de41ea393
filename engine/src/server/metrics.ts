// Prometheus' text form. Names and labels of what Flux' users have dashboards for are Flux' own.

import type { Card } from "#api/console";
import { shortRevision } from "#kernel";

export type Sample = {
  name: string;
  help: string;
  type: "gauge" | "counter";
  values: [labels: string, value: number][];
};

/** All samples as text. */
export function formatMetrics(samples: readonly Sample[]): string {
  return samples
    .map(({ name, help, type, values }) => {
      const lines = values.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n");
    })
    .join("\n")
    .concat("\n");
}

/** What the cards say. */
export function fleetSamples(cards: readonly Card[]): Sample[] {
  const label = (name: string, value: string): string =>
    `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
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
