// What functions take from outside: time and randomness. Both make a render volatile, so their use is noted.

import { randomGenerator } from "./random-source.ts";
import { type RsaKey, rsaKeyOf } from "./rsa.ts";

export type FunctionEnvironment = {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Bytes for keys, salts and random text. */
  randomBytes(count: number): Uint8Array;
  /** A faster maker of RSA keys; without it keys are made by this engine's own arithmetic. */
  generateRsaKey?: ((bits: number) => RsaKey) | undefined;
};

/** An environment that notes whether it was asked for anything. */
export class NotingEnvironment implements FunctionEnvironment {
  isUsed = false;
  readonly #inner: FunctionEnvironment;
  readonly generateRsaKey: ((bits: number) => RsaKey) | undefined;

  constructor(inner: FunctionEnvironment) {
    this.#inner = inner;
    this.generateRsaKey = inner.generateRsaKey?.bind(inner);
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

/** What is needed of Node's crypto. */
export type MachineCrypto = {
  randomBytes(count: number): Uint8Array;
  generatePrimeSync(bitCount: number, options: { bigint: true }): bigint;
};

/** Time and randomness of the machine that hands them in, for passwords and certificates that are to be used. */
export function machineEnvironment(clock: { now(): number }, crypto: MachineCrypto): FunctionEnvironment {
  return {
    nowMs: () => clock.now(),
    randomBytes: (count) => new Uint8Array(crypto.randomBytes(count)),
    // Two primes and some arithmetic: OpenSSL's own key maker takes more than twice as long for the same.
    generateRsaKey: (bits) => rsaKeyOf(bits, (size) => crypto.generatePrimeSync(size, { bigint: true })),
  };
}

/** An environment that gives the same for the same seed and time. */
export function seededEnvironment(seed: string, nowMs: number): FunctionEnvironment {
  return { nowMs: () => nowMs, randomBytes: randomGenerator(seed) };
}
