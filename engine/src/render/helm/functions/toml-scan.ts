// The characters of a TOML text and the words they make, in the order in which BurntSushi/toml v1.6.0 (lex.go) looks at
// them: which complaint comes first, and the line that it names, depend on that order.

import { GoError, quote, quoteCharacter } from "#formats/gotemplate";

/** A piece of the text, and where its reading ended: the place that complaints about it name. */
export type Word = { text: string; end: number };

/** A string as it stands between its quotes. */
export type QuotedWord = Word & { hasEscapes: boolean; isMultiline: boolean };

const letter = /\p{L}/u;
const hexDigit = /^[0-9a-fA-F]$/;
const bareKey = /[A-Za-z0-9_-]*/y;
const blanks = /[ \t]*/y;
const blanksAndLines = /(?:[ \t\n]|\r\n)*/y;
/** Runs of characters that need no closer look, by what ends them. */
const plainRuns = {
  comment: /[\t\x20-\x7e]*/y,
  basic: /[\t\x20\x21\x23-\x5b\x5d-\x7e]*/y,
  literal: /[\t\x20-\x26\x28-\x7e]*/y,
};
const escapes = { x: [2, "two"], u: [4, "four"], U: [8, "eight"] } as const;

/** A character as Go's %q shows it; the end of the text is the character 0. */
export function quoteRune(character: string): string {
  return `'${quoteCharacter(character === "" ? "\0" : character, "'")}'`;
}

export class TomlScanner {
  readonly text: string;
  at = 0;
  /** The key that complaints name; the parser knows it. */
  readonly #lastKey: () => string;

  constructor(text: string, lastKey: () => string) {
    this.text = text;
    this.#lastKey = lastKey;
  }

  /** Complains about what stands before `end`. */
  fail(message: string, end: number = this.at, linesBack = 0): never {
    let line = 1 - linesBack;
    for (let i = this.text.indexOf("\n"); i >= 0 && i < end; i = this.text.indexOf("\n", i + 1)) line++;
    const key = this.#lastKey();
    throw new GoError(`toml: line ${line}${key === "" ? "" : ` (last key ${quote(key)})`}: ${message}`);
  }

  /** Complains about a character that was taken; the end of the text belongs to the last line that has something. */
  refuse(taken: string, message: string): never {
    this.fail(message, this.at, taken === "" && this.text[this.at - 1] === "\n" ? 1 : 0);
  }

  /** The character that comes next, "" at the end. What no TOML text may contain is refused as soon as it is looked at. */
  peek(): string {
    const unit = this.text.charCodeAt(this.at);
    if (unit >= 0x20 && unit < 0x7f) return this.text[this.at] as string;
    if (Number.isNaN(unit)) return "";
    if (unit === 0x09 || unit === 0x0a || (unit === 0x0d && this.text[this.at + 1] === "\n"))
      return this.text[this.at] as string;
    if (unit < 0x20 || unit === 0x7f)
      this.fail(`TOML files cannot contain control characters: '0x${unit.toString(16).padStart(2, "0")}'`);
    if (unit >= 0xdc80 && unit <= 0xdcff) this.fail(`invalid UTF-8 byte: 0x${(unit - 0xdc00).toString(16)}`);
    return String.fromCodePoint(this.text.codePointAt(this.at) as number);
  }

  take(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  accept(wanted: string): boolean {
    const isNext = this.peek() === wanted;
    if (isNext) this.at += wanted.length;
    return isNext;
  }

  /** What a sticky pattern matches here. */
  run(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** As run, but the character behind it is looked at too. */
  word(pattern: RegExp): string {
    const found = this.run(pattern);
    this.peek();
    return found;
  }

  skipBlanks(): void {
    this.word(blanks);
  }

  /** Skips blanks, lines and comments. */
  skipToContent(): void {
    for (;;) {
      this.run(blanksAndLines);
      if (!this.skipComment()) return;
    }
  }

  skipComment(): boolean {
    if (!this.accept("#")) return false;
    for (;;) {
      this.run(plainRuns.comment);
      const next = this.peek();
      if (next === "" || next === "\n" || next === "\r") return true;
      this.at += next.length;
    }
  }

  bareKey(): Word {
    const text = this.word(bareKey);
    return { text, end: this.at };
  }

  letters(): string {
    const start = this.at;
    for (let next = this.peek(); next !== "" && letter.test(next); next = this.peek()) this.at += next.length;
    return this.text.slice(start, this.at);
  }

  /** The rest of a string on one line, behind its first quote. */
  line(mark: '"' | "'"): QuotedWord {
    const start = this.at;
    let hasEscapes = false;
    for (;;) {
      this.run(mark === '"' ? plainRuns.basic : plainRuns.literal);
      const taken = this.take();
      if (taken === "") this.refuse(taken, `unexpected EOF; expected ${mark === '"' ? `'"'` : `"'"`}`);
      // The complaint is about the line before the line end, and \r does not begin another yet.
      if (taken === "\n" || taken === "\r") this.fail("strings cannot contain newlines", this.at, 1);
      if (taken === mark) break;
      if (taken === "\\" && mark === '"') {
        hasEscapes = true;
        this.#escape(start);
      }
    }
    const end = this.at - 1;
    return { text: this.text.slice(start, end), end, hasEscapes, isMultiline: false };
  }

  /** The rest of a string of several lines, behind its three quotes. Two more quotes may stand before the last three. */
  lines(mark: '"' | "'"): QuotedWord {
    const start = this.at;
    for (;;) {
      this.run(mark === '"' ? plainRuns.basic : plainRuns.literal);
      const taken = this.take();
      const marks = mark.repeat(3);
      if (taken === "") this.refuse(taken, `unexpected EOF; expected ${mark === '"' ? `'${marks}'` : `"${marks}"`}`);
      if (taken === "\\" && mark === '"') {
        const next = this.peek();
        if (next === "\n" || next === "\r") this.at++;
        else this.#escape(start);
      }
      if (taken !== mark || !this.accept(mark)) continue;
      if (!this.accept(mark)) {
        this.at--;
        continue;
      }
      if (this.peek() !== mark) break;
      this.#checkMarks(this.text.slice(start, this.at), mark);
      this.at -= 2;
    }
    const end = this.at - 3;
    return { text: this.text.slice(start, end), end, hasEscapes: mark === '"', isMultiline: true };
  }

  /** Six quotes are too many, but the first may be an escaped one. */
  #checkMarks(text: string, mark: '"' | "'"): void {
    const five = mark.repeat(5);
    if (!text.endsWith(five) || (mark === '"' && text.endsWith(`\\${five}`))) return;
    this.fail(mark === '"' ? `unexpected '${mark.repeat(6)}'` : `unexpected "${mark.repeat(6)}"`);
  }

  /** Checks what stands behind a backslash; `start` is where the string begins. */
  #escape(start: number): void {
    const taken = this.take();
    // Blanks may stand before a line end; where none follows, the value is refused when it is read.
    if (taken !== "" && 'ebtnfr" \t\\'.includes(taken)) return;
    if (taken !== "x" && taken !== "u" && taken !== "U")
      this.fail(`invalid escape in string '\\${taken === "" ? "\0" : taken}'`, this.at, taken === "" ? 1 : 0);
    const [length, name] = escapes[taken];
    for (let i = 0; i < length; i++) {
      const digit = this.take();
      if (!hexDigit.test(digit))
        this.refuse(
          digit,
          `expected ${name} hexadecimal digits after '\\${taken}', but got ${quote(this.text.slice(start, this.at))} instead`,
        );
    }
  }
}
