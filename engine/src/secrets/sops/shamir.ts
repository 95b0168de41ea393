// Shamir's secret sharing over GF(2^8), as SOPS joins the parts of a data key: each part is the values of one polynomial
// per byte at the x that is its last byte; the secret is their values at zero.

import { invalidFile } from "../faults.ts";

/** The secret behind at least as many parts as the file's threshold; too few give another one, not an error. */
export function combineParts(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts[0]?.length ?? 0;
  if (parts.length < 2 || length < 2) throw invalidFile("too few parts of the data key");
  if (parts.some((part) => part.length !== length)) throw invalidFile("the parts of the data key differ in length");
  const places = parts.map((part) => part[length - 1] as number);
  if (new Set(places).size !== places.length) throw invalidFile("a part of the data key is there twice");
  const weights = places.map((place, i) => weightAtZero(places, place, i));
  const secret = new Uint8Array(length - 1);
  for (let at = 0; at < secret.length; at++) {
    let sum = 0;
    for (let i = 0; i < parts.length; i++)
      sum ^= multiply((parts[i] as Uint8Array)[at] as number, weights[i] as number);
    secret[at] = sum;
  }
  return secret;
}

/** Lagrange's basis polynomial of one place, at zero; subtraction is addition here, and both are exclusive or. */
function weightAtZero(places: readonly number[], place: number, index: number): number {
  let weight = 1;
  places.forEach((other, i) => {
    if (i !== index) weight = multiply(weight, multiply(other, inverse(place ^ other)));
  });
  return weight;
}

/** Modulo the polynomial of AES, x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product & 0x80 ? 0x11b : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** a^254, by Fermat. */
function inverse(a: number): number {
  let result = 1;
  for (let i = 0; i < 254; i++) result = multiply(result, a);
  return result;
}
