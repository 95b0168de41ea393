// Names that templates resolve (`--enable-dns`). Rendering is synchronous and pure: a name that is not known yet gives nothing, is
// looked up afterwards, and the chart is rendered anew until no unknown name is asked for.

import { lookup } from "node:dns/promises";
import { GoError } from "#formats/gotemplate";
import type { FunctionEnvironment } from "#render/helm";
import { hostNameRoundsMax } from "./limits.ts";

export class HostNames {
  /** The environment handed in, with addresses for names. */
  readonly environment: FunctionEnvironment;
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #wanted = new Set<string>();

  constructor(environment: FunctionEnvironment) {
    const hostAddress = (name: string): string => this.#addressOf(name, environment);
    this.environment = { ...environment, hostAddress };
  }

  /** True while the rendering at hand has asked for no unknown name. */
  get isComplete(): boolean {
    return this.#wanted.size === 0;
  }

  /** The outcome of the first `render` for which all names were known. */
  async resolved<T>(render: () => Promise<T>): Promise<T> {
    for (let round = 1; ; round++) {
      this.#wanted.clear();
      const outcome = await settled(render);
      if (this.isComplete || round === hostNameRoundsMax) {
        if ("thrown" in outcome) throw outcome.thrown;
        return outcome.value;
      }
      await Promise.all([...this.#wanted].map(async (name) => this.#addresses.set(name, await addressesOf(name))));
    }
  }

  /** One of a name's addresses, any of them, as Sprig chooses; it fails so where there is none. */
  #addressOf(name: string, environment: FunctionEnvironment): string {
    const known = this.#addresses.get(name);
    if (known === undefined) {
      this.#wanted.add(name);
      return "";
    }
    if (known.length === 0) throw new GoError("invalid argument to Intn");
    return known[(environment.randomBytes(1)[0] as number) % known.length] as string;
  }
}

async function settled<T>(run: () => Promise<T>): Promise<{ value: T } | { thrown: unknown }> {
  try {
    return { value: await run() };
  } catch (thrown) {
    return { thrown };
  }
}

async function addressesOf(name: string): Promise<readonly string[]> {
  if (name === "") return [];
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
