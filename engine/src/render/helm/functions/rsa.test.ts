import { checkPrimeSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "#kernel";
import { generateRsaKey, isPrimeHere, randomPrime, signRsa, signRsaHere } from "./rsa.ts";
import { randomGenerator } from "./random-source.ts";

describe("rsa", () => {
  it("signs in pure code as the platform signs", () => {
    const key = generateRsaKey(1024, randomGenerator("rsa"));
    const message = encodeUtf8("message");
    expect(signRsaHere(key, message)).toEqual(signRsa(key, message));
  });

  it("makes keys of primes that OpenSSL takes for such", () => {
    for (const bits of [1024, 2048]) {
      const { n, e, d, p, q } = generateRsaKey(bits, randomGenerator(`key-${bits}`));
      expect([checkPrimeSync(p), checkPrimeSync(q), n.toString(2).length]).toEqual([true, true, bits]);
      expect([n, (e * d) % ((p - 1n) * (q - 1n))]).toEqual([p * q, 1n]);
    }
  });

  it("finds the primes that the platform finds", () => {
    for (let i = 0; i < 5; i++) expect(isPrimeHere(randomPrime(256, randomGenerator(`prime-${i}`)))).toBe(true);
    const numbers = Array.from({ length: 2_000 }, (_, i) => 1_000_003 + 2 * i);
    const isPrime = (n: number): boolean => Array.from({ length: 1_010 }, (_, i) => i + 2).every((d) => n % d !== 0);
    expect(numbers.filter((n) => isPrimeHere(BigInt(n)))).toEqual(numbers.filter(isPrime));
  });
});
