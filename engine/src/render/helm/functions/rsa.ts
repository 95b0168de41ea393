// RSA and DSA: keys, PKCS #1 v1.5 signatures. Powers and signatures are the platform's where it is Node, else on bigints; both
// give the same, so that a seed makes the same key everywhere.

import { sha256 } from "@noble/hashes/sha2.js";
import { GoError } from "#formats/gotemplate";
import { platformModule } from "#kernel";
import { bigintBytes, bytesToBigint, concatBytes, integer, readDer, sequence } from "./der.ts";

type RandomBytes = (count: number) => Uint8Array;

export type RsaKey = { n: bigint; e: bigint; d: bigint; p: bigint; q: bigint };

export function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let power = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * power) % modulus;
    power = (power * power) % modulus;
  }
  return result;
}

/** The inverse of `value` modulo `modulus`, which must be coprime. */
export function inverseModulo(value: bigint, modulus: bigint): bigint {
  let [a, b] = [value % modulus, modulus];
  let [x, y] = [1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

let knownPrimes: readonly number[] | undefined;

/** Found when the first key is made: most charts make none. */
function smallPrimes(): readonly number[] {
  knownPrimes ??= primesBelow(30_000);
  return knownPrimes;
}

function primesBelow(limit: number): number[] {
  const isComposite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let i = 2; i < limit; i++) {
    if (isComposite[i] === 1) continue;
    primes.push(i);
    for (let j = i * i; j < limit; j += i) isComposite[j] = 1;
  }
  return primes;
}

/** Bases of the test below: enough for candidates drawn at random (FIPS 186-5, table B.1), and the same everywhere. */
const witnesses: readonly bigint[] = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n];

type Crypto = {
  constants: { RSA_NO_PADDING: number };
  createPublicKey(options: { key: Uint8Array; format: "der"; type: "pkcs1" }): unknown;
  publicEncrypt(options: { key: unknown; padding: number }, block: Uint8Array): Uint8Array;
  createPrivateKey(options: { key: Uint8Array; format: "der"; type: "pkcs1" }): unknown;
  sign(algorithm: string, data: Uint8Array, key: unknown): Uint8Array;
};

/** The platform's arithmetic, ten times as fast as bigints; what comes out is the same. */
function platformCrypto(): Crypto | undefined {
  return platformModule("node:crypto") as Crypto | undefined;
}

/** OpenSSL refuses long exponents of longer moduli; keys of 4,096 bits are the longest that functions make. */
const platformPowerBitsMax = 3_072n;

/** OpenSSL's own test takes 64 turns and more for what is prime, most of the time that a key takes. */
function isPrime(candidate: bigint): boolean {
  const crypto = platformCrypto();
  if (crypto === undefined || candidate >> platformPowerBitsMax > 0n) return isPrimeHere(candidate);
  return hasNoWitness(candidate, (odd) => platformPowers(crypto, odd, candidate));
}

/** Encryption without padding is a power of the block. */
function platformPowers(crypto: Crypto, exponent: bigint, modulus: bigint): (base: bigint) => bigint {
  const size = Math.ceil(modulus.toString(16).length / 2);
  const der = sequence(integer(modulus), integer(exponent));
  const key = crypto.createPublicKey({ key: der, format: "der", type: "pkcs1" });
  const padding = crypto.constants.RSA_NO_PADDING;
  return (base) => bytesToBigint(crypto.publicEncrypt({ key, padding }, bigintBytes(base, size)));
}

/** The test in pure code. */
export function isPrimeHere(candidate: bigint): boolean {
  return hasNoWitness(candidate, (odd) => (base) => powerModulo(base, odd, candidate));
}

/** The test of Miller and Rabin; `powersOf` gives powers of an exponent modulo the candidate. */
function hasNoWitness(candidate: bigint, powersOf: (exponent: bigint) => (base: bigint) => bigint): boolean {
  let odd = candidate - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  const power = powersOf(odd);
  for (const base of witnesses) {
    let x = power(base);
    if (x === 1n || x === candidate - 1n) continue;
    let isWitness = true;
    for (let i = 1; i < twos && isWitness; i++) {
      x = (x * x) % candidate;
      if (x === candidate - 1n) isWitness = false;
    }
    if (isWitness) return false;
  }
  return true;
}

/** Candidates that are looked at behind a random number: fewer than one search in a hundred finds no prime of 1,024 bits in them. */
const searched = 4_000;

/** A random prime with its two highest bits set. */
export function randomPrime(bitCount: number, random: RandomBytes): bigint {
  const size = BigInt(bitCount);
  for (;;) {
    let first = bytesToBigint(random(Math.ceil(bitCount / 8))) & ((1n << size) - 1n);
    first |= (3n << (size - 2n)) | 1n;
    const divided = dividedBySmall(first);
    for (let step = 0; step < searched; step += 2) {
      if (divided[step] === 1) continue;
      const found = first + BigInt(step);
      if (found >> size === 0n && isPrime(found)) return found;
    }
  }
}

/** Which of the numbers from `first` on have a small divisor: most fall without any long arithmetic. */
function dividedBySmall(first: bigint): Uint8Array {
  const divided = new Uint8Array(searched);
  for (const prime of smallPrimes()) {
    const rest = Number(first % BigInt(prime));
    for (let step = rest === 0 ? 0 : prime - rest; step < searched; step += prime) divided[step] = 1;
  }
  return divided;
}

export function generateRsaKey(bitCount: number, random: RandomBytes): RsaKey {
  const e = 65537n;
  for (;;) {
    const p = randomPrime(bitCount / 2, random);
    const q = randomPrime(bitCount / 2, random);
    const totient = (p - 1n) * (q - 1n);
    if (p === q || totient % e === 0n || (p * q).toString(2).length !== bitCount) continue;
    return { n: p * q, e, d: inverseModulo(e, totient), p, q };
  }
}

/** PKCS #1, the content of "RSA PRIVATE KEY". */
export function encodeRsaKey(key: RsaKey): Uint8Array {
  const { n, e, d, p, q } = key;
  return sequence(...[0n, n, e, d, p, q, d % (p - 1n), d % (q - 1n), inverseModulo(q, p)].map(integer));
}

export function decodeRsaKey(bytes: Uint8Array): RsaKey {
  const [outer] = readDer(bytes);
  const numbers = outer === undefined ? [] : readDer(outer.content).map((value) => bytesToBigint(value.content));
  const [, n, e, d, p, q] = numbers;
  if (n === undefined || e === undefined || d === undefined || p === undefined || q === undefined)
    throw new GoError("asn1: structure error: tags don't match");
  return { n, e, d, p, q };
}

/** DER of the DigestInfo for SHA-256 up to the digest. */
const sha256Prefix: Uint8Array = Uint8Array.from([
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
]);

/** A PKCS #1 v1.5 signature with SHA-256. */
export function signRsa(key: RsaKey, message: Uint8Array): Uint8Array {
  const crypto = platformCrypto();
  if (crypto === undefined) return signRsaHere(key, message);
  const platformKey = crypto.createPrivateKey({ key: encodeRsaKey(key), format: "der", type: "pkcs1" });
  return new Uint8Array(crypto.sign("sha256", message, platformKey));
}

/** The same in pure code. */
export function signRsaHere(key: RsaKey, message: Uint8Array): Uint8Array {
  const size = Math.ceil(key.n.toString(2).length / 8);
  const info = concatBytes(sha256Prefix, sha256(message));
  const padding = new Uint8Array(size - info.length - 3).fill(0xff);
  const block = concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info);
  const value = bytesToBigint(block);
  const { p, q, d } = key;
  // By the Chinese remainder theorem: two short powers instead of a long one.
  const a = powerModulo(value, d % (p - 1n), p);
  const b = powerModulo(value, d % (q - 1n), q);
  const h = (inverseModulo(q, p) * (((a - b) % p) + p)) % p;
  return bigintBytes(b + h * q, size);
}

/** A DSA key of 2048 and 256 bits as Sprig writes it: version, P, Q, G, Y, X. */
export function generateDsaKey(random: RandomBytes): Uint8Array {
  const q = randomPrime(256, random);
  const unit = 2n * q;
  let p = 0n;
  for (;;) {
    const x = bytesToBigint(random(256)) | (1n << 2047n);
    p = x - (x % unit) + 1n;
    if (p >> 2047n !== 1n || smallPrimes().some((prime) => p % BigInt(prime) === 0n)) continue;
    if (isPrime(p)) break;
  }
  let g = 1n;
  for (let h = 2n; g === 1n; h++) g = powerModulo(h, (p - 1n) / q, p);
  const secret = 1n + (bytesToBigint(random(40)) % (q - 1n));
  return sequence(...[0n, p, q, g, powerModulo(g, secret, p), secret].map(integer));
}
