// Counters in the text format of Prometheus.

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #gauges: Readonly<Record<string, () => number>>;

  /** `gauges` are read when asked for. */
  constructor(gauges: Readonly<Record<string, () => number>>) {
    this.#gauges = gauges;
  }

  count(verb: string, resource: string, code: number): void {
    const key = `verb="${verb}",resource="${resource}",code="${code}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  text(): string {
    const lines = ["# HELP apiserver_request_total Requests answered.", "# TYPE apiserver_request_total counter"];
    for (const [labels, count] of this.#requests) lines.push(`apiserver_request_total{${labels}} ${count}`);
    for (const [name, read] of Object.entries(this.#gauges)) lines.push(`# TYPE ${name} gauge`, `${name} ${read()}`);
    return `${lines.join("\n")}\n`;
  }
}
