import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "#kernel";
import { generateRsaKey, isPrimeHere, randomPrime, rsaKeyOf, signRsa, signRsaHere } from "./rsa.ts";
import { randomGenerator } from "./random-source.ts";

describe("rsa", () => {
  it("signs in pure code as the platform signs", () => {
    const key = generateRsaKey(1024, randomGenerator("rsa"));
    const message = encodeUtf8("message");
    expect(signRsaHere(key, message)).toEqual(signRsa(key, message));
  });

  it("makes a key of primes that others found", () => {
    const drawn = [randomPrime(512, randomGenerator("p")), randomPrime(512, randomGenerator("q"))];
    const key = rsaKeyOf(1024, () => drawn.shift() as bigint);
    expect([key.n.toString(2).length, (key.e * key.d) % ((key.p - 1n) * (key.q - 1n))]).toEqual([1024, 1n]);
    const message = encodeUtf8("message");
    expect(signRsaHere(key, message)).toEqual(signRsa(key, message));
  });

  it("finds the primes that the platform finds", () => {
    for (let i = 0; i < 5; i++) expect(isPrimeHere(randomPrime(256, randomGenerator(`prime-${i}`)))).toBe(true);
    const numbers = Array.from({ length: 2_000 }, (_, i) => 1_000_003 + 2 * i);
    const isPrime = (n: number): boolean => Array.from({ length: 1_010 }, (_, i) => i + 2).every((d) => n % d !== 0);
    expect(numbers.filter((n) => isPrimeHere(BigInt(n)))).toEqual(numbers.filter(isPrime));
  });
});
