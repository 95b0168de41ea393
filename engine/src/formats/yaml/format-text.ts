// How go-yaml v2 writes a text: plain where that reads back as the same text, else in quotes or as a literal block
// (emitterc.go: analyze, select style, write).

import type { ScalarStyle } from "./node.ts";
import { resolvePlain } from "./resolve.ts";

/** Where a text begins, and the indent of its further lines. */
export type TextPlace = { column: number; indent: number };

/** A line is folded at the first single blank beyond this column. */
const foldColumn = 80;

/** A key longer than this, in UTF-8 bytes, is written with a question mark (yaml_emitter_check_simple_key). */
const keyLengthMax = 128;

/** Text that is plain in every respect: no indicator, no break, nothing to escape. */
const easy = /^[A-Za-z/_$(\\][A-Za-z0-9/_.$()\\=+;^~<>|!*&%@-]*$/;
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
/** What go-yaml calls not printable; a tab is among it, and all beyond the basic plane. */
const unprintable = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const lineBreak = /[\n\u2028\u2029]/;

export function formatText(text: string, place: TextPlace): string {
  if (easy.test(text) && canBePlain(text) && !startsLikeDocumentMark(text)) return text;
  const shape = analyse(text);
  const isPlainWanted = !text.includes("\n") && canBePlain(text);
  if (text.includes("\n") && shape.isBlockAllowed) return writeLiteral(text, place.indent);
  if (isPlainWanted && shape.isPlainAllowed) return writePlain(text, place);
  if (isPlainWanted && shape.isSingleAllowed) return writeSingle(text, place);
  return writeDouble(text, place);
}

/** A key: simple ones fit one line, others follow a question mark and end their line themselves. */
export function formatKey(key: string, indent: number): { text: string; isSimple: boolean } {
  if (easy.test(key) && key.length <= keyLengthMax && canBePlain(key)) return { text: key, isSimple: true };
  const isMultiline = lineBreak.test(key) || key.includes("\r");
  if (!isMultiline && utf8Length(key) <= keyLengthMax) {
    const shape = analyse(key);
    const never = { column: Number.NEGATIVE_INFINITY, indent };
    if (canBePlain(key) && shape.isPlainAllowed && key !== "") return { text: key, isSimple: true };
    const isSingle = canBePlain(key) && shape.isSingleAllowed;
    return { text: isSingle ? writeSingle(key, never) : writeDouble(key, never), isSimple: true };
  }
  const text = formatText(key, { column: indent + 2, indent: indent + 2 });
  return { text: text.startsWith("|") && text.endsWith("\n") ? text : `${text}\n`, isSimple: false };
}

/** The style in which go-yaml v3 writes a text into a block: quotes where it could be read as something else. */
export function textStyle(text: string): ScalarStyle {
  if (text.includes("\n")) return analyse(text).isBlockAllowed ? "literal" : "double";
  if (!canBePlain(text)) return "double";
  const shape = analyse(text);
  return shape.isPlainAllowed ? "plain" : shape.isSingleAllowed ? "single" : "double";
}

function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code <= 0xdfff ? 2 : 3;
  }
  return length;
}

/** True when the text, unquoted, would be read as this text and nothing else. */
function canBePlain(text: string): boolean {
  return resolvePlain(text, "v2").tag === "!!str" && !base60.test(text);
}

function startsLikeDocumentMark(text: string): boolean {
  return text.startsWith("---") || text.startsWith("...");
}

type Shape = { isPlainAllowed: boolean; isSingleAllowed: boolean; isBlockAllowed: boolean };

const indicatorFirst = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?=[\s\u2028\u2029]|$))/;
const indicatorInside = /[^]:(?=[ \t\n\r\x85\u2028\u2029]|$)|[\0 \t\n\r\x85\u2028\u2029]#/;

function analyse(text: string): Shape {
  if (text === "") return { isPlainAllowed: true, isSingleAllowed: true, isBlockAllowed: false };
  const isSpecial = unprintable.test(text);
  const hasSpaceBeforeBreak = / [\n\r\x85\u2028\u2029]/.test(text);
  const hasBreakBeforeSpace = /[\n\r\x85\u2028\u2029] /.test(text);
  const hasIndicator = startsLikeDocumentMark(text) || indicatorFirst.test(text) || indicatorInside.test(text);
  const hasOuterSpace = /^[ \n\u2028\u2029]|[ \n\u2028\u2029]$/.test(text);
  const isNever = isSpecial || hasSpaceBeforeBreak;
  return {
    isPlainAllowed: !isNever && !hasBreakBeforeSpace && !hasIndicator && !hasOuterSpace && !lineBreak.test(text),
    isSingleAllowed: !isNever && !hasBreakBeforeSpace,
    isBlockAllowed: !isNever && !text.endsWith(" "),
  };
}

function writePlain(text: string, place: TextPlace): string {
  if (place.column + text.length <= foldColumn) return text;
  return foldAtBlanks(text, place, false);
}

function writeSingle(text: string, place: TextPlace): string {
  return `'${foldAtBlanks(text, { column: place.column + 1, indent: place.indent }, true)}'`;
}

/**
 * Plain or single-quoted text: at a lone blank beyond the fold column a new line begins. In quotes a quote is doubled, and
 * what follows the line separators of Unicode is indented as a new line.
 */
function foldAtBlanks(text: string, place: TextPlace, isQuoted: boolean): string {
  const last = isQuoted ? text.length - 1 : text.length;
  const padding = `\n${" ".repeat(Math.max(0, place.indent))}`;
  let out = "";
  let column = place.column;
  let isAfterBlank = false;
  let isAtBreak = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === " ") {
      if (!isAfterBlank && column > foldColumn && i > 0 && i < last && text.charCodeAt(i + 1) !== 32) {
        out += padding;
        column = place.indent;
      } else {
        out += character;
        column++;
      }
      isAfterBlank = true;
      continue;
    }
    if (isQuoted && (character === "\u2028" || character === "\u2029")) {
      out += character;
      column = 0;
      isAtBreak = true;
      continue;
    }
    if (isAtBreak) {
      out += padding.slice(1);
      column = Math.max(0, place.indent);
    }
    isAtBreak = false;
    isAfterBlank = false;
    out += character;
    column++;
    if (character === "'" && isQuoted) {
      out += "'";
      column++;
    }
  }
  return out;
}

const shortEscapes: { readonly [code: number]: string } = {
  0: "0",
  7: "a",
  8: "b",
  9: "t",
  10: "n",
  11: "v",
  12: "f",
  13: "r",
  27: "e",
  34: '"',
  92: "\\",
  133: "N",
  160: "_",
  8232: "L",
  8233: "P",
};

/** In double quotes, folded at blanks beyond the fold column. */
export function writeDouble(text: string, place: TextPlace): string {
  const padding = `\n${" ".repeat(Math.max(0, place.indent))}`;
  const last = text.length - 1;
  let out = '"';
  let column = place.column + 1;
  let isAfterBlank = false;
  // go-yaml looks for the byte order mark at the text's start, whatever it writes: then it escapes all (is_bom).
  const isAllEscaped = text.charCodeAt(0) === 0xfeff;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    if (code === 32 && !isAllEscaped) {
      if (!isAfterBlank && column > foldColumn && i > 0 && i < last) {
        out += padding;
        column = place.indent;
        if (text.charCodeAt(i + 1) === 32) {
          out += "\\";
          column++;
        }
      } else {
        out += " ";
        column++;
      }
      isAfterBlank = true;
      continue;
    }
    isAfterBlank = false;
    const piece = isAllEscaped || mustEscape(code) ? escape(code) : String.fromCharCode(code);
    out += piece;
    column += piece.length;
    if (code > 0xffff) i++;
  }
  return `${out}"`;
}

function mustEscape(code: number): boolean {
  if (code === 34 || code === 92 || code === 10 || code === 0x2028 || code === 0x2029) return true;
  return code > 0xffff || unprintable.test(String.fromCharCode(code));
}

/** A character as an escape of double-quoted text. */
export function escape(code: number): string {
  const short = shortEscapes[code];
  if (short !== undefined) return `\\${short}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

function writeLiteral(text: string, indent: number): string {
  const padding = " ".repeat(Math.max(0, indent));
  const hint = /^[ \n\u2028\u2029]/.test(text) ? "2" : "";
  const chomp = !/[\n\u2028\u2029]$/.test(text) ? "-" : /^[\n\u2028\u2029]$|[\n\u2028\u2029]{2}$/.test(text) ? "+" : "";
  const lines = text.split(/(?<=[\n\u2028\u2029])/);
  const body = lines.map((line) => (/^[\n\u2028\u2029]/.test(line) ? line : padding + line)).join("");
  return `|${hint}${chomp}\n${body}`;
}
