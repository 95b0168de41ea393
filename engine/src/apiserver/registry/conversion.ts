// Conversion between versions that somebody else does. Reading never waits: what is not at hand is prepared first.

import type { Manifest } from "#kernel";
import { conversionAttemptsMax, conversionRetryMs } from "./limits.ts";
import type { Registry } from "./registry.ts";

export type Conversion = {
  /** The object in another version; throws NotConverted where it was not prepared. */
  convert(object: Manifest, apiVersion: string): Manifest;
  /** Resolves once all are at hand; undefined: they are. */
  prepare(objects: readonly Manifest[], apiVersion: string): Promise<void> | undefined;
};

/** An object is needed in a version that it was not asked for in yet. */
export class NotConverted extends Error {
  readonly #conversion: Conversion;
  readonly #object: Manifest;
  readonly #apiVersion: string;

  constructor(conversion: Conversion, object: Manifest, apiVersion: string) {
    super(`${object.kind} ${object.metadata.name} is not at hand in ${apiVersion}`);
    this.#conversion = conversion;
    this.#object = object;
    this.#apiVersion = apiVersion;
  }

  async prepare(): Promise<void> {
    await this.#conversion.prepare([this.#object], this.#apiVersion);
  }
}

/** Runs what needs objects in several versions, again for each that was not at hand. */
export async function whenConverted<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof NotConverted) || attempt >= conversionAttemptsMax) throw error;
      await error.prepare();
    }
}

/** What happened, told in its order once its objects are at hand. */
export class InOrder<T> {
  readonly #registry: Registry;
  readonly #prepare: (batch: T) => Promise<void> | undefined;
  readonly #tell: (batch: T) => void;
  readonly #batches: T[] = [];
  #isAtWork = false;
  #isOver = false;

  constructor(registry: Registry, prepare: (batch: T) => Promise<void> | undefined, tell: (batch: T) => void) {
    this.#registry = registry;
    this.#prepare = prepare;
    this.#tell = tell;
  }

  get isIdle(): boolean {
    return !this.#isAtWork;
  }

  push(batch: T): void {
    this.#batches.push(batch);
    if (!this.#isAtWork) void this.#work();
  }

  stop(): void {
    this.#isOver = true;
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    for (let batch = this.#batches[0]; batch !== undefined && !this.#isOver; batch = this.#batches[0]) {
      try {
        await this.#prepare(batch);
      } catch {
        // Nothing is left out: it is told when the conversion answers again.
        await new Promise<void>((resolve) => this.#registry.clock.after(conversionRetryMs, resolve));
        continue;
      }
      this.#batches.shift();
      if (!this.#isOver) this.#tell(batch);
    }
    this.#isAtWork = false;
  }
}
