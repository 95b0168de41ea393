// What functions take from outside: time, randomness, addresses of hosts. All make a render volatile, so their use is noted.

import { randomGenerator } from "./random-source.ts";

export type FunctionEnvironment = {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Bytes for keys, salts and random text. */
  randomBytes(count: number): Uint8Array;
  /** An address of a host; without it names are not resolved, as in Helm unless it is asked to. */
  hostAddress?: (name: string) => string;
};

/** An environment that notes whether it was asked for anything. */
export class NotingEnvironment implements FunctionEnvironment {
  isUsed = false;
  readonly hostAddress?: (name: string) => string;
  readonly #inner: FunctionEnvironment;

  constructor(inner: FunctionEnvironment) {
    this.#inner = inner;
    const { hostAddress } = inner;
    if (hostAddress !== undefined)
      this.hostAddress = (name) => {
        this.isUsed = true;
        return hostAddress(name);
      };
  }
  nowMs(): number {
    this.isUsed = true;
    return this.#inner.nowMs();
  }
  randomBytes(count: number): Uint8Array {
    this.isUsed = true;
    return this.#inner.randomBytes(count);
  }
}

/** Time and randomness of the machine that hands them in, for passwords and certificates that are to be used. */
export function machineEnvironment(
  clock: { now(): number },
  randomBytes: (count: number) => Uint8Array,
): FunctionEnvironment {
  return { nowMs: () => clock.now(), randomBytes: (count) => new Uint8Array(randomBytes(count)) };
}

/** An environment that gives the same for the same seed and time. */
export function seededEnvironment(seed: string, nowMs: number): FunctionEnvironment {
  return { nowMs: () => nowMs, randomBytes: randomGenerator(seed) };
}
