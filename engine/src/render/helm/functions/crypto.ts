// Sprig's random text, passwords and ciphers.

import { cbc } from "@noble/ciphers/aes.js";
import { hmac } from "@noble/hashes/hmac.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { encodeBase64 as encodeSalt, hashSync } from "bcryptjs";
import { platformModule } from "#kernel";
import { bytesOf, define, type FunctionTable, GoError, stringOf } from "#formats/gotemplate";
import { randomLengthMax } from "../limits.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { concatBytes } from "./der.ts";
import type { FunctionEnvironment } from "./environment.ts";
import { generatePrivateKey } from "./keys.ts";

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const digits = "0123456789";
const printable: string = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");

/** A number below `limit`, each as likely as the others. */
function randomBelow(limit: number, environment: FunctionEnvironment): number {
  const top = 2 ** 32 - (2 ** 32 % limit);
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = environment.randomBytes(4);
    const value = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
    if (value < top) return value % limit;
  }
}

function randomText(count: bigint, alphabet: string, environment: FunctionEnvironment): string {
  if (count > BigInt(randomLengthMax)) throw new GoError(`a random text of more than ${randomLengthMax} characters`);
  let text = "";
  for (let i = 0; i < Number(count); i++) text += alphabet[randomBelow(alphabet.length, environment)];
  return text;
}

function shuffle(text: string, environment: FunctionEnvironment): string {
  const characters = Array.from(text);
  for (let i = characters.length - 1; i > 0; i--) {
    const j = randomBelow(i + 1, environment);
    [characters[i], characters[j]] = [characters[j] as string, characters[i] as string];
  }
  return characters.join("");
}

function uuid(environment: FunctionEnvironment): string {
  const bytes = environment.randomBytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function bcrypt(password: string, environment: FunctionEnvironment): string {
  if (bytesOf(password).length > 72)
    return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
  const salt = `$2a$10$${encodeSalt(environment.randomBytes(16), 16)}`;
  return hashSync(password, salt).replace(/^\$2b/, "$2a");
}

/** The master password algorithm's character classes and templates. */
const passwordTemplates: { readonly [type: string]: readonly string[] } = {
  maximum: ["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
  long: "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno".split(
    " ",
  ),
  medium: ["CvcnoCvc", "CvcCvcno"],
  short: ["Cvcn"],
  basic: ["aaanaaan", "aannaaan", "aaannaaa"],
  pin: ["nnnn"],
};
const passwordCharacters: { readonly [symbol: string]: string } = {
  V: "AEIOU",
  C: "BCDFGHJKLMNPQRSTVWXYZ",
  v: "aeiou",
  c: "bcdfghjklmnpqrstvwxyz",
  A: "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
  a: "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
  n: digits,
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
};

function uint32(value: number): Uint8Array {
  return Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

type Crypto = {
  scryptSync(password: Uint8Array, salt: Uint8Array, size: number, options: object): Uint8Array;
};

function masterKey(password: Uint8Array, salt: Uint8Array): Uint8Array {
  const crypto = platformModule("node:crypto") as Crypto | undefined;
  if (crypto === undefined) return scrypt(password, salt, { N: 32768, r: 8, p: 2, dkLen: 64 });
  const maxmem = 64 * 2 ** 20;
  return new Uint8Array(crypto.scryptSync(password, salt, 64, { N: 32768, r: 8, p: 2, maxmem }));
}

function derivePassword(...[counter, type, password, user, site]: [bigint, string, string, string, string]): string {
  const templates = Object.hasOwn(passwordTemplates, type) ? passwordTemplates[type] : undefined;
  if (templates === undefined) return `cannot find password template ${type}`;
  const scope = utf8ToBytes("com.lyndir.masterpassword");
  const [name, place] = [bytesOf(user), bytesOf(site)];
  const salt = concatBytes(scope, uint32(name.length), name);
  const key = masterKey(bytesOf(password), salt);
  const seed = hmac(sha256, key, concatBytes(scope, uint32(place.length), place, uint32(Number(counter))));
  const template = templates[(seed[0] as number) % templates.length] as string;
  return Array.from(template, (symbol, i) => {
    const characters = passwordCharacters[symbol] as string;
    return characters[(seed[i + 1] as number) % characters.length];
  }).join("");
}

function aesKey(password: string): Uint8Array {
  const key = new Uint8Array(32);
  key.set(bytesOf(password).slice(0, 32));
  return key;
}

function encryptAes(password: string, text: string, environment: FunctionEnvironment): string {
  if (text === "") return "";
  const iv = environment.randomBytes(16);
  return encodeBase64(concatBytes(iv, cbc(aesKey(password), iv).encrypt(bytesOf(text))));
}

function decryptAes(password: string, encoded: string): string {
  if (encoded === "") return "";
  const bytes = decodeBase64(encoded);
  if (bytes.length < 16)
    throw new GoError(`runtime error: slice bounds out of range [:16] with capacity ${bytes.length}`);
  if (bytes.length % 16 !== 0) throw new GoError("crypto/cipher: input not full blocks");
  const clear = cbc(aesKey(password), bytes.slice(0, 16), { disablePadding: true }).decrypt(bytes.slice(16));
  const padding = clear.at(-1);
  if (padding === undefined) throw new GoError("runtime error: index out of range [-1]");
  if (padding > clear.length)
    throw new GoError(`runtime error: slice bounds out of range [:${clear.length - padding}]`);
  return stringOf(clear.slice(0, clear.length - padding));
}

function randomInteger(low: bigint, high: bigint, environment: FunctionEnvironment): bigint {
  if (high <= low) throw new GoError("invalid argument to Intn");
  const span = high - low;
  if (span < 2n ** 32n) return low + BigInt(randomBelow(Number(span), environment));
  const value = environment.randomBytes(16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return low + (value % span);
}

/** The functions that need randomness, drawn from `environment`. */
export function cryptoFunctions(environment: FunctionEnvironment): FunctionTable {
  const text = (alphabet: string) => define("int", (count: bigint) => randomText(count, alphabet, environment));
  return {
    randAlphaNum: text(letters + digits),
    randAlpha: text(letters),
    randNumeric: text(digits),
    randAscii: text(printable),
    randBytes: define("int", (count: bigint) => {
      if (count < 0n) throw new GoError("runtime error: makeslice: len out of range");
      if (count > BigInt(randomLengthMax)) throw new GoError(`more than ${randomLengthMax} random bytes`);
      return encodeBase64(environment.randomBytes(Number(count)));
    }),
    randInt: define("int, int", (low: bigint, high: bigint) => randomInteger(low, high, environment)),
    shuffle: define("string", (value: string) => shuffle(value, environment)),
    uuidv4: define("", () => uuid(environment)),
    bcrypt: define("string", (password: string) => bcrypt(password, environment)),
    htpasswd: define("string, string", (user: string, password: string) =>
      user.includes(":") ? `invalid username: ${user}` : `${user}:${bcrypt(password, environment)}`,
    ),
    derivePassword: define("int, string, string, string, string", derivePassword),
    genPrivateKey: define("string", (type: string) => generatePrivateKey(type, environment)),
    encryptAES: define("string, string", (password: string, value: string) => encryptAes(password, value, environment)),
    decryptAES: define("string, string", decryptAes),
  };
}
