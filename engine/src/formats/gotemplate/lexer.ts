// Splits a Go template into tokens, as text/template/parse does (Go 1.26): text, actions between {{ and }}, trim markers,
// comments, and inside actions words, literals and single characters. Blanks are tokens: they separate arguments.

export type TokenType =
  | "text"
  | "leftDelim"
  | "rightDelim"
  | "space"
  | "assign"
  | "declare"
  | "pipe"
  | "string"
  | "rawString"
  | "variable"
  | "char"
  | "dot"
  | "field"
  | "number"
  | "complex"
  | "identifier"
  | "keyword"
  | "bool"
  | "nil"
  | "leftParen"
  | "rightParen"
  | "punctuation"
  | "eof"
  | "error";

export type Token = { type: TokenType; value: string; position: number; line: number; error?: LexicalError };

/** What is no token of the language, in the line where it stands. */
export class LexicalError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const keywords = new Set(["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]);

const letterOrDigit = /[\p{L}\p{Nd}_]/u;
const wordRun = /[\p{L}\p{Nd}_]*/uy;
/** The same for nearly all words that there are; a class of all letters takes longer to compile than a chart to parse. */
const asciiRun = /[A-Za-z0-9_]*/y;
const spaceRun = /[ \t\r\n]*/y;
const numberShape =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;

/** Tokens of one template text, made on demand. */
export class Lexer {
  readonly #text: string;
  #position = 0;
  #line = 1;
  /** Where the next line break stands; the text's length where none does. */
  #break: number;
  #isInside = false;
  #parenthesisDepth = 0;
  /** Set by a trimming right delimiter: the text that follows loses its leading blanks. */
  #pendingTrim = false;

  constructor(text: string) {
    this.#text = text;
    this.#break = breakFrom(text, 0);
  }

  next(): Token {
    return this.#isInside ? this.#nextInside() : this.#nextOutside();
  }

  /** Steps over blanks between the words of an action, and says whether there were any. As tokens they would only cost time. */
  skipSpace(): boolean {
    if (!this.#isInside || !isSpace(this.#text[this.#position])) return false;
    if (rightDelimiterWidth(this.#text, this.#position) > 0) return false;
    this.#skipTo(this.#spaceEnd());
    return true;
  }

  /** True where blanks follow, and no field can. */
  get isAtSpace(): boolean {
    return this.#isInside && isSpace(this.#text[this.#position]);
  }

  #emit(type: TokenType, end: number): Token {
    const value = this.#text.slice(this.#position, end);
    const token = { type, value, position: this.#position, line: this.#line };
    this.#skipTo(end);
    return token;
  }

  #skipTo(end: number): void {
    while (this.#break < end) {
      this.#line++;
      this.#break = breakFrom(this.#text, this.#break + 1);
    }
    this.#position = end;
  }

  #fail(message: string): never {
    throw new LexicalError(message, this.#line);
  }

  #nextOutside(): Token {
    for (;;) {
      if (this.#pendingTrim) {
        this.#pendingTrim = false;
        spaceRun.lastIndex = this.#position;
        spaceRun.test(this.#text);
        this.#skipTo(spaceRun.lastIndex);
      }
      const delimiter = this.#text.indexOf("{{", this.#position);
      if (delimiter < 0)
        return this.#position >= this.#text.length
          ? this.#emit("eof", this.#text.length)
          : this.#emit("text", this.#text.length);
      const start = contentStart(this.#text, delimiter);
      const textEnd = textEndBefore(this.#text, this.#position, delimiter, start);
      if (textEnd > this.#position) return this.#emit("text", textEnd);
      this.#skipTo(delimiter);
      if (this.#text.startsWith("/*", start)) this.#skipComment(start);
      else return this.#openAction(delimiter, start);
    }
  }

  #openAction(delimiter: number, start: number): Token {
    const token = this.#emit("leftDelim", delimiter + 2);
    // The blank behind a trim marker is its own, and opens none at the other end.
    this.#skipTo(start);
    this.#isInside = true;
    this.#parenthesisDepth = 0;
    return token;
  }

  #skipComment(start: number): void {
    const close = this.#text.indexOf("*/", start + 2);
    if (close < 0) this.#fail("unclosed comment");
    const after = close + 2;
    const width = rightDelimiterWidth(this.#text, after);
    if (width === 0) this.#fail("comment ends before closing delimiter");
    this.#skipTo(after + width);
    this.#pendingTrim = width > 2;
  }

  #nextInside(): Token {
    const character = this.#text[this.#position];
    if (character === undefined) this.#fail("unclosed action");
    const isBlank = isSpace(character);
    if (isBlank || character === "}") {
      const width = rightDelimiterWidth(this.#text, this.#position);
      if (width > 0) return this.#closeAction(width);
      if (isBlank) return this.#space();
    }
    switch (character) {
      case "=":
        return this.#emit("assign", this.#position + 1);
      case ":":
        if (this.#text[this.#position + 1] !== "=") this.#fail("expected :=");
        return this.#emit("declare", this.#position + 2);
      case "|":
        return this.#emit("pipe", this.#position + 1);
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "char", "unterminated character constant");
      case "`":
        return this.#raw();
      case "$":
        return this.#fieldOrVariable("variable");
      case "(":
        this.#parenthesisDepth++;
        return this.#emit("leftParen", this.#position + 1);
      case ")":
        if (--this.#parenthesisDepth < 0) this.#fail("unexpected right paren");
        return this.#emit("rightParen", this.#position + 1);
      default:
        return this.#word(character);
    }
  }

  #closeAction(width: number): Token {
    if (this.#parenthesisDepth > 0) this.#fail("unclosed left paren");
    if (width === 4) this.#skipTo(this.#position + 2);
    const token = this.#emit("rightDelim", this.#position + 2);
    this.#pendingTrim = width === 4;
    this.#isInside = false;
    return token;
  }

  #space(): Token {
    return this.#emit("space", this.#spaceEnd());
  }

  #spaceEnd(): number {
    let end = this.#position + 1;
    while (isSpace(this.#text[end])) end++;
    // The last blank before "-}}" belongs to the delimiter.
    if (this.#text[end] === "-" && this.#text.startsWith("}}", end + 1)) end--;
    return end;
  }

  #word(character: string): Token {
    const next = this.#text[this.#position + 1] ?? "";
    // At the very end a dot counts as the start of a number.
    if (character === "." && next !== "" && !(next >= "0" && next <= "9")) return this.#fieldOrVariable("field");
    if (character === "." || character === "+" || character === "-" || (character >= "0" && character <= "9"))
      return this.#number();
    if (isWordAt(this.#text, this.#position)) return this.#identifier();
    if (character > " " && character < "\u007f") return this.#emit("punctuation", this.#position + 1);
    return this.#fail(`unrecognized character in action: ${this.#characterAt(this.#position)}`);
  }

  #quoted(quote: string, type: TokenType, message: string): Token {
    for (let i = this.#position + 1; ; i++) {
      let character = this.#text[i];
      if (character === "\\") {
        character = this.#text[++i];
        if (character !== undefined && character !== "\n") continue;
      }
      if (character === undefined || character === "\n") this.#fail(message);
      if (character === quote) return this.#emit(type, i + 1);
    }
  }

  #raw(): Token {
    const close = this.#text.indexOf("`", this.#position + 1);
    if (close < 0) this.#fail("unterminated raw quoted string");
    return this.#emit("rawString", close + 1);
  }

  #fieldOrVariable(type: "field" | "variable"): Token {
    const start = this.#position + 1;
    if (this.#isTerminator(start)) return this.#emit(type === "field" ? "dot" : "variable", start);
    const end = this.#wordEnd(start);
    if (!this.#isTerminator(end)) this.#fail(`bad character ${this.#characterAt(end)}`);
    return this.#emit(type, end);
  }

  #identifier(): Token {
    const end = this.#wordEnd(this.#position);
    if (!this.#isTerminator(end)) this.#fail(`bad character ${this.#characterAt(end)}`);
    const word = this.#text.slice(this.#position, end);
    if (keywords.has(word)) return this.#emit("keyword", end);
    if (word === "nil") return this.#emit("nil", end);
    return this.#emit(word === "true" || word === "false" ? "bool" : "identifier", end);
  }

  #wordEnd(start: number): number {
    asciiRun.lastIndex = start;
    asciiRun.test(this.#text);
    const end = asciiRun.lastIndex;
    if (!(this.#text.charCodeAt(end) > 0x7f)) return end;
    wordRun.lastIndex = end;
    wordRun.test(this.#text);
    return wordRun.lastIndex;
  }

  #number(): Token {
    let end = this.#numberEnd(this.#position);
    const sign = this.#text[end];
    if (sign !== "+" && sign !== "-") return this.#emit("number", end);
    end = this.#numberEnd(end);
    if (this.#text[end - 1] !== "i") this.#badNumber(end);
    return this.#emit("complex", end);
  }

  #numberEnd(start: number): number {
    numberShape.lastIndex = start;
    numberShape.test(this.#text);
    const end = Math.max(numberShape.lastIndex, start);
    if (isWordAt(this.#text, end)) this.#badNumber(end + 1);
    return end;
  }

  #badNumber(end: number): never {
    this.#fail(`bad number syntax: ${JSON.stringify(this.#text.slice(this.#position, end))}`);
  }

  #isTerminator(at: number): boolean {
    const character = this.#text[at];
    if (character === undefined || isSpace(character)) return true;
    return ".,|:)(".includes(character) || (character === "}" && this.#text[at + 1] === "}");
  }

  #characterAt(at: number): string {
    return formatCharacter(String.fromCodePoint(this.#text.codePointAt(at) ?? 0xfffd));
  }
}

function breakFrom(text: string, at: number): number {
  const found = text.indexOf("\n", at);
  return found < 0 ? text.length : found;
}

/** True where a letter, a digit or an underscore stands. */
function isWordAt(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  if (point === undefined) return false;
  if (point > 0x7f) return letterOrDigit.test(String.fromCodePoint(point));
  // Small letters, capitals, digits, underscore.
  return (point >= 97 && point <= 122) || (point >= 65 && point <= 90) || (point >= 48 && point <= 57) || point === 95;
}

/** Where the content begins of what a "{{" at `open` opens: behind the trim marker, where there is one. */
export function contentStart(text: string, open: number): number {
  return text[open + 2] === "-" && isSpace(text[open + 3]) ? open + 4 : open + 2;
}

/** Where the text ends that begins at `from` and that a "{{" at `open` ends: before the blanks, where that trims them. */
export function textEndBefore(text: string, from: number, open: number, start: number): number {
  let end = open;
  if (start > open + 2) while (end > from && isSpace(text[end - 1])) end--;
  return end;
}

/** Width of a right delimiter at `at`, with its trim marker: 2, 4 or 0 for none. */
export function rightDelimiterWidth(text: string, at: number): number {
  if (text.startsWith("}}", at)) return 2;
  return isSpace(text[at]) && text.startsWith("-}}", at + 1) ? 4 : 0;
}

/** True for a blank, as actions and trim markers mean it. */
export function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\r" || character === "\n";
}

/** A character as Go's %#U prints it. */
function formatCharacter(character: string): string {
  const hex = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return /\p{C}|\p{Z}/u.test(character) && character !== " " ? `U+${hex}` : `U+${hex} '${character}'`;
}
