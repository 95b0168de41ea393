// As much of CBOR as signature envelopes need: definite lengths alone, no key twice. https://www.rfc-editor.org/rfc/rfc8949

import { decodeUtf8 } from "#kernel";
import { nestedMost } from "./limits.ts";

export type Cbor = number | bigint | boolean | null | string | Buffer | Cbor[] | Map<Cbor, Cbor> | Tagged;

/** A value with a tag in front. */
export class Tagged {
  readonly tag: number;
  readonly value: Cbor;

  constructor(tag: number, value: Cbor) {
    this.tag = tag;
    this.value = value;
  }
}

/** Reads exactly one value; throws where there is none, or more. */
export function decodeCbor(bytes: Buffer): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.isAtEnd) throw new Error("there is more after the CBOR value");
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): Cbor {
    if (depth > nestedMost) throw new Error("the CBOR is nested too deeply");
    const [head = 0] = this.#take(1);
    const major = head >> 5;
    const info = head & 31;
    if (major === 7) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return decodeUtf8(this.#take(argument));
      case 4:
        return this.#items(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return new Tagged(argument, this.value(depth + 1));
    }
  }

  #items(count: number, depth: number): Cbor[] {
    const items: Cbor[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): Map<Cbor, Cbor> {
    const map = new Map<Cbor, Cbor>();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" && typeof key !== "number") throw new Error("a CBOR map has a key of another kind");
      if (map.has(key)) throw new Error("a CBOR map has a key twice");
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return this.#take(1).readUInt8();
    if (info === 25) return this.#take(2).readUInt16BE();
    if (info === 26) return this.#take(4).readUInt32BE();
    if (info !== 27) throw new Error("a CBOR length is indefinite or reserved");
    const long = this.#take(8).readBigUInt64BE();
    if (long > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error("a CBOR number is too large");
    return Number(long);
  }

  #simple(info: number): Cbor {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    if (info === 26) return this.#take(4).readFloatBE();
    if (info === 27) return this.#take(8).readDoubleBE();
    throw new Error("a CBOR value is of an unknown kind");
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error("the CBOR is cut off");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** The head of a value of a major type. */
export function cborHead(major: number, argument: number): Buffer {
  const first = major << 5;
  if (argument < 24) return Buffer.from([first | argument]);
  const size = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : 4;
  const head = Buffer.alloc(1 + size);
  head[0] = first | (23 + [1, 2, 4].indexOf(size) + 1);
  head.writeUIntBE(argument, 1, size);
  return head;
}
