// Protocol buffers on the wire: numbered fields of four types (protobuf.dev, encoding).

/** Bytes that are no message: cut short, or of a type that does not exist. */
export class WireError extends Error {
  override readonly name: string = "WireError";
}

export type WireValue = bigint | Uint8Array;

/** Fields of a message in the order they stand. Numbers are varints or eight or four raw bytes; the rest are bytes. */
export function* readFields(bytes: Uint8Array): Iterable<{ number: number; value: WireValue }> {
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    at = tag.next;
    const number = Number(tag.value >> 3n);
    const [value, next] = readValue(bytes, at, Number(tag.value & 7n));
    yield { number, value };
    at = next;
  }
}

function readValue(bytes: Uint8Array, at: number, type: number): [WireValue, number] {
  switch (type) {
    case 0: {
      const { value, next } = readVarint(bytes, at);
      return [value, next];
    }
    case 1:
      return [slice(bytes, at, 8), at + 8];
    case 2: {
      const { value, next } = readVarint(bytes, at);
      const length = Number(value);
      return [slice(bytes, next, length), next + length];
    }
    case 5:
      return [slice(bytes, at, 4), at + 4];
    default:
      throw new WireError(`wire type ${type} is not known`);
  }
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length > bytes.length) throw new WireError("the message is cut short");
  return bytes.subarray(at, at + length);
}

export function readVarint(bytes: Uint8Array, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = start, shift = 0n; shift < 70n; at++, shift += 7n) {
    const byte = bytes[at];
    if (byte === undefined) throw new WireError("the message is cut short");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new WireError("a number is too long");
}

/** A varint as the signed 64-bit number it stands for; a plain number where a double holds it. */
export function signed(value: bigint): number | bigint {
  const number = BigInt.asIntN(64, value);
  return number >= -9007199254740991n && number <= 9007199254740991n ? Number(number) : number;
}
