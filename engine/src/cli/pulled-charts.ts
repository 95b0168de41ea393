// Charts that a kustomization's helmCharts name by repository and version and that do not lie beside it. kustomize pulls
// them into the folder; here they stay in memory.

import { Fault } from "#kernel";
import type { WantedChart } from "#render/helm";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";

/** Charts fetched for one build, each once. */
export class PulledCharts {
  readonly #io: Io;
  readonly #charts = new Map<string, Uint8Array>();

  constructor(io: Io) {
    this.#io = io;
  }

  get(chart: WantedChart): Uint8Array | undefined {
    return this.#charts.get(keyOf(chart));
  }

  /** Fetches the chart that a Missing's need names. */
  async fetch(id: string): Promise<void> {
    const [{ wantedChart }, { chartAccess }, { locateChart }] = await Promise.all([
      import("#render/helm"),
      import("./chart-access.ts"),
      import("./chart-locate.ts"),
    ]);
    const wanted = wantedChart(id);
    const { repository, name, version } = wanted;
    const isRegistry = repository.startsWith("oci://");
    const bytes = await locateChart(this.#io, {
      reference: isRegistry ? `${repository.replace(/\/$/, "")}/${name}` : name,
      repository: isRegistry ? "" : repository,
      version,
      access: chartAccess(noFlags, this.#io),
    });
    if (!(bytes instanceof Uint8Array))
      throw new Fault<CliCode>({
        code: "not-found",
        disposition: "stall",
        at: name,
        message: `${repository} holds no packed chart ${name}`,
        hint: "check repo, name and version of the entry in helmCharts",
      });
    this.#charts.set(keyOf(wanted), bytes);
  }
}

function keyOf({ repository, name, version }: WantedChart): string {
  return [repository, name, version].join("\n");
}

const noFlags = {
  username: undefined,
  password: undefined,
  "ca-file": undefined,
  "cert-file": undefined,
  "key-file": undefined,
  "insecure-skip-tls-verify": false,
  "plain-http": false,
  verify: false,
  keyring: undefined,
  "repository-config": undefined,
  "registry-config": undefined,
} as const;
