// The console's server side as one thing: started with the port, given the engine when that runs.

import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Card, Link, LogLine, Refusal, ServerFacts } from "#api/console";
import type { Cluster } from "#cluster";
import type { Clock } from "#kernel";
import { Fleet } from "./fleet.ts";
import type { EngineView, ReleasesView, SourceHistory } from "./ports.ts";
import { refusalOf, statusOf } from "./refusals.ts";
import { Renderings } from "./renderings.ts";
import { Rights } from "./rights.ts";
import { answerApi, type Asked, type RoutesOptions } from "./routes.ts";
import { Streams } from "./streams.ts";

export type ConsoleOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** Of this program, and of the console's files. */
  version: string;
  build: string;
  /** True where images are not run. */
  isSimulated: boolean;
  /** Why nothing may be changed here; "" when it may. */
  readOnlyReason: string;
  /** Told of each action, without secrets. */
  logged: (message: string) => void;
  /** Told of bugs. */
  failed: (error: unknown) => void;
};

export class ConsoleDesk {
  readonly #options: ConsoleOptions;
  readonly #fleet: Fleet;
  readonly #world: RoutesOptions;
  #clusterVersion = "";

  constructor(options: ConsoleOptions) {
    this.#options = options;
    const { cluster, clock, signal, isSimulated, readOnlyReason, logged } = options;
    const fleet = new Fleet({ cluster, clock, signal, epoch: randomBytes(6).toString("hex") });
    const rights = new Rights(cluster, clock);
    let serial = 0;
    const world = { cluster, clock, fleet, rights, isSimulated, readOnlyReason, logged };
    const streams = new Streams({ fleet, rights, clock, world, build: options.build });
    const renderings = new Renderings(clock);
    const nextSerial = (): number => serial++ % 1_000_000;
    this.#fleet = fleet;
    this.#world = { ...world, renderings, nextSerial, streams, facts: () => this.#facts() };
  }

  /** Consoles that are open now. */
  get openStreams(): number {
    return this.#world.streams.count;
  }

  cards(): Card[] {
    return this.#fleet.cards();
  }

  /** Resolves once the present state of the cluster is in. */
  async follow(): Promise<void> {
    const discovery = await this.#fleet.discovery();
    this.#clusterVersion = discovery?.serverVersion ?? "";
    await this.#fleet.follow();
  }

  /** From now on shows what the engine in this process knows. */
  attach(engine: EngineView, history: SourceHistory | undefined, releases?: ReleasesView): () => void {
    const ends = [this.#fleet.followEngine(engine, history)];
    if (releases !== undefined) ends.push(this.#fleet.followReleases(releases));
    return () => {
      for (const end of ends) end();
    };
  }

  /** A line of the engine's log about a delivery or source. */
  note(about: Link, line: Omit<LogLine, "key">): void {
    this.#fleet.lines.note(about, line);
  }

  /** Answers a request below `/api/` of somebody who is signed in. */
  async answer(asked: Asked): Promise<void> {
    try {
      await answerApi(this.#world, asked);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal.code === "internal") this.#options.failed(thrown);
      sendRefusal(asked.response, refusal);
    }
  }

  close(): void {
    this.#world.streams.close();
  }

  #facts(): ServerFacts {
    const { cluster, version, build, isSimulated } = this.#options;
    const here = { name: "", title: cluster.name, version: this.#clusterVersion, isSimulated };
    const others = [...new Set(this.#fleet.cards().map((card) => card.cluster))].filter((name) => name !== "");
    const titles = others.map((name) => ({ name, title: name, version: "", isSimulated: false }));
    return { version, build, clusters: [here, ...titles] };
  }
}

/** The body of every refusal. */
export function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response
    .writeHead(statusOf(refusal), { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(refusal));
}
