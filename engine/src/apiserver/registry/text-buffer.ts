// Bytes of a text that grows: pieces are copied in as they come, so that none of them must be held until the end. Room before it takes
// a head that is known last, so that a long text is not copied for it.

/** Bytes it begins with: a list of a few objects. */
const startBytes = 16 * 1024;

/** Bytes for the little that follows a long text. */
const slackBytes = 64;

/** A long text is one of many that wait for their readers: what it does not use they cannot have. */
function growth(bytes: number): number {
  return bytes < longBytes ? 2 : 1.5;
}

const longBytes = 1024 * 1024;

/** Letters up to which a text is taken for the most bytes that it could have: longer ones are measured. */
const shortLetters = 4 * 1024;

export class TextBuffer {
  #buffer: Buffer = Buffer.allocUnsafe(startBytes);
  readonly #start: number;
  #end: number;

  /** `room`: bytes kept free before it. */
  constructor(room = 0) {
    this.#start = room;
    this.#end = room;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  text(text: string): void {
    // No letter of UTF-16 takes more than three bytes of UTF-8.
    this.#reserve(text.length <= shortLetters ? text.length * 3 : Buffer.byteLength(text));
    this.#end += this.#buffer.write(text, this.#end);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Takes back its last bytes. */
  dropLast(bytes: number): void {
    this.#end = Math.max(this.#start, this.#end - bytes);
  }

  /** All of it; nothing may be added after. */
  take(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** All of it after this head; nothing may be added after. */
  takeAfter(head: string): Buffer {
    const bytes = Buffer.from(head);
    if (bytes.length > this.#start) return Buffer.concat([bytes, this.take()]);
    const from = this.#start - bytes.length;
    this.#buffer.set(bytes, from);
    return this.#buffer.subarray(from, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(
      Math.max(needed + slackBytes, Math.ceil(this.#buffer.length * growth(this.#buffer.length))),
    );
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
