// The three forms of scalars: plain, quoted, block. Line breaks fold to a blank, empty lines stay.

import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd } from "./characters.ts";
import { type Cursor, Token } from "./token.ts";

/** Steps over a break and returns what it stands for in a scalar: LS and PS stay as they are, all others are LF. */
function takeBreak(scanner: Cursor): string {
  const code = scanner.code();
  scanner.skipBreak();
  return code === 0x2028 ? "\u2028" : code === 0x2029 ? "\u2029" : "\n";
}

/** What a break and the empty lines after it become. */
function fold(first: string, more: string): string {
  if (first !== "\n") return first + more;
  return more === "" ? " " : more;
}

export function scanPlainScalar(scanner: Cursor): Token {
  const token = new Token("scalar", scanner.here());
  const indent = scanner.indent + 1;
  let text = "";
  let gap = "";
  let isAfterBreak = false;
  for (;;) {
    if (scanner.code() === 35 || scanner.isAtDocumentMark()) break;
    const start = scanner.at;
    skipPlainRun(scanner);
    if (scanner.at > start) {
      text += gap + scanner.text.slice(start, scanner.at);
      gap = "";
      isAfterBreak = false;
    }
    const code = scanner.code();
    if (!isBlank(code) && !isBreak(code)) break;
    const space = scanPlainGap(scanner, indent);
    gap += space.text;
    if (space.hasBreak) isAfterBreak = true;
    if (scanner.flowLevel === 0 && scanner.column < indent) break;
  }
  token.value = text;
  if (isAfterBreak) scanner.isKeyAllowed = true;
  return token;
}

/** Steps to what ends a plain scalar's run of characters: a blank, a break, a colon before a blank, a flow indicator. */
function skipPlainRun(scanner: Cursor): void {
  const { text } = scanner;
  const isInFlow = scanner.flowLevel > 0;
  let at = scanner.at;
  for (;;) {
    const code = text.charCodeAt(at);
    if (isBlankOrEnd(code)) break;
    if (code === 58 && isBlankOrEnd(text.charCodeAt(at + 1))) break;
    if (isInFlow && (code === 44 || code === 63 || code === 91 || code === 93 || code === 123 || code === 125)) break;
    at++;
  }
  scanner.at = at;
}

function scanPlainGap(scanner: Cursor, indent: number): { text: string; hasBreak: boolean } {
  const start = scanner.at;
  let first: string | undefined;
  let more = "";
  for (;;) {
    const code = scanner.code();
    if (isBlank(code)) {
      if (first !== undefined && code === 9 && scanner.column < indent)
        throw scanner.fault("found a tab character that violates indentation");
      scanner.at++;
    } else if (isBreak(code)) {
      if (first === undefined) first = takeBreak(scanner);
      else more += takeBreak(scanner);
    } else break;
  }
  if (first === undefined) return { text: scanner.text.slice(start, scanner.at), hasBreak: false };
  return { text: fold(first, more), hasBreak: true };
}

export function scanQuotedScalar(scanner: Cursor, quote: number): Token {
  const isSingle = quote === 39;
  const token = new Token("scalar", scanner.here(), "", isSingle ? "single" : "double");
  scanner.at++;
  let text = "";
  for (;;) {
    if (scanner.isAtDocumentMark()) throw scanner.fault("found unexpected document indicator in a quoted text");
    if (Number.isNaN(scanner.code())) throw scanner.fault("found unexpected end of stream in a quoted text");
    const run = isSingle ? scanSingleRun(scanner) : scanDoubleRun(scanner);
    text += run.text;
    if (scanner.code() === quote) break;
    text += scanQuotedGap(scanner, run.endsWithEscapedBreak);
  }
  scanner.at++;
  token.value = text;
  return token;
}

type QuotedRun = { text: string; endsWithEscapedBreak: boolean };

function scanSingleRun(scanner: Cursor): QuotedRun {
  let text = "";
  let start = scanner.at;
  for (;;) {
    const code = scanner.code();
    if (isBlankOrEnd(code)) break;
    if (code === 39) {
      if (scanner.code(1) !== 39) break;
      text += scanner.text.slice(start, scanner.at + 1);
      scanner.at += 2;
      start = scanner.at;
    } else scanner.at++;
  }
  return { text: text + scanner.text.slice(start, scanner.at), endsWithEscapedBreak: false };
}

function scanDoubleRun(scanner: Cursor): QuotedRun {
  let text = "";
  let start = scanner.at;
  for (;;) {
    const code = scanner.code();
    if (isBlankOrEnd(code) || code === 34) break;
    if (code !== 92) {
      scanner.at++;
      continue;
    }
    text += scanner.text.slice(start, scanner.at);
    if (isBreak(scanner.code(1))) {
      scanner.at++;
      scanner.skipBreak();
      return { text, endsWithEscapedBreak: true };
    }
    text += scanEscape(scanner);
    start = scanner.at;
  }
  return { text: text + scanner.text.slice(start, scanner.at), endsWithEscapedBreak: false };
}

const escapes: { readonly [mark: string]: string } = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

const escapeWidths: { readonly [mark: string]: number } = { x: 2, u: 4, U: 8 };

function scanEscape(scanner: Cursor): string {
  const mark = scanner.text.charAt(scanner.at + 1);
  const plain = escapes[mark];
  if (plain !== undefined) {
    scanner.at += 2;
    return plain;
  }
  const width = escapeWidths[mark];
  if (width === undefined) throw scanner.fault("found unknown escape character");
  const digits = scanner.text.slice(scanner.at + 2, scanner.at + 2 + width);
  if (digits.length < width || !/^[0-9A-Fa-f]+$/.test(digits))
    throw scanner.fault("did not find expected hexdecimal number");
  const code = Number.parseInt(digits, 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
    throw scanner.fault("found invalid Unicode character escape code");
  scanner.at += 2 + width;
  return String.fromCodePoint(code);
}

/** Blanks and breaks inside quotes. After an escaped break the first real break counts as an empty line. */
function scanQuotedGap(scanner: Cursor, isAfterEscapedBreak: boolean): string {
  const start = scanner.at;
  let first: string | undefined = isAfterEscapedBreak ? "" : undefined;
  let more = "";
  for (;;) {
    const code = scanner.code();
    if (isBlank(code)) scanner.at++;
    else if (isBreak(code)) {
      if (first === undefined) first = takeBreak(scanner);
      else more += takeBreak(scanner);
    } else break;
  }
  if (first === undefined) return scanner.text.slice(start, scanner.at);
  return first === "" ? more : fold(first, more);
}

type BlockHeader = { chomp: "clip" | "strip" | "keep"; increment: number };

export function scanBlockScalar(scanner: Cursor, isLiteral: boolean): Token {
  const token = new Token("scalar", scanner.here(), "", isLiteral ? "literal" : "folded");
  scanner.at++;
  const header = scanBlockHeader(scanner, token.at);
  let indent = 0;
  if (header.increment > 0) indent = scanner.indent >= 0 ? scanner.indent + header.increment : header.increment;
  const opening = scanBlockBreaks(scanner, indent);
  indent = opening.indent;
  let text = "";
  let firstBreak = "";
  let breaks = opening.breaks;
  let isAfterBlank = false;
  while (scanner.column === indent && !Number.isNaN(scanner.code())) {
    const isBlankNow = isBlank(scanner.code());
    if (!isLiteral && firstBreak === "\n" && !isAfterBlank && !isBlankNow) text += breaks === "" ? " " : "";
    else text += firstBreak;
    text += breaks;
    isAfterBlank = isBlankNow;
    const start = scanner.at;
    while (!isBreakOrEnd(scanner.code())) scanner.at++;
    text += scanner.text.slice(start, scanner.at);
    firstBreak = isBreak(scanner.code()) ? takeBreak(scanner) : "";
    breaks = scanBlockBreaks(scanner, indent).breaks;
  }
  if (header.chomp !== "strip") text += firstBreak;
  if (header.chomp === "keep") text += breaks;
  token.value = text;
  return token;
}

function scanBlockHeader(scanner: Cursor, start: number): BlockHeader {
  const header: BlockHeader = { chomp: "clip", increment: 0 };
  for (let i = 0; i < 2; i++) {
    const code = scanner.code();
    if ((code === 43 || code === 45) && header.chomp === "clip") {
      header.chomp = code === 43 ? "keep" : "strip";
      scanner.at++;
    } else if (code >= 48 && code <= 57 && header.increment === 0) {
      if (code === 48) throw scanner.fault("found an indentation indicator equal to 0");
      header.increment = code - 48;
      scanner.at++;
    }
  }
  while (isBlank(scanner.code())) scanner.at++;
  if (scanner.code() === 35) scanner.skipComment(start);
  if (!isBreakOrEnd(scanner.code())) throw scanner.fault("did not find expected comment or line break");
  if (isBreak(scanner.code())) scanner.skipBreak();
  return header;
}

/** Empty lines before or between lines of content. With indent 0 it is found: that of the deepest line met. */
function scanBlockBreaks(scanner: Cursor, known: number): { breaks: string; indent: number } {
  let indent = known;
  let deepest = 0;
  let breaks = "";
  for (;;) {
    while ((indent === 0 || scanner.column < indent) && scanner.code() === 32) scanner.at++;
    if (scanner.column > deepest) deepest = scanner.column;
    if ((indent === 0 || scanner.column < indent) && scanner.code() === 9)
      throw scanner.fault("found a tab character where an indentation space is expected");
    if (!isBreak(scanner.code())) break;
    breaks += takeBreak(scanner);
  }
  if (indent === 0) indent = Math.max(deepest, scanner.indent + 1, 1);
  return { breaks, indent };
}
