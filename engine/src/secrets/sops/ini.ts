// INI files as gopkg.in/ini.v1 (1.67) reads and writes them for SOPS: sections of keys, which may be there twice; comments
// belong to the key or section after them; values in back quotes or three double quotes; `=` aligned when written.

import { decodeUtf8, encodeUtf8 } from "#kernel";
import { invalidFile, shownKey } from "../faults.ts";
import { unflatten } from "./flatten.ts";
import { scalarText } from "./scalar-text.ts";
import { Branch, type Item, Remark, type Value } from "./tree.ts";

const defaultSection = "DEFAULT";

/** What Go's unicode.IsSpace takes as space: NEL is among it, the byte order mark is not. */
const space = "[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leadingSpace = new RegExp(`^${space}+`);
const trailingSpace = new RegExp(`${space}+$`);

function trimSpace(text: string): string {
  return text.replace(leadingSpace, "").replace(trailingSpace, "");
}

/** One document: a branch a section. */
export function parseIni(text: string): Branch[] {
  return [new Branch(new Reader(text).read())];
}

class Section {
  readonly name: string;
  readonly items: { key: string; value: string; comment: string }[] = [];
  comment = "";

  constructor(name: string) {
    this.name = name;
  }

  /** A key that comes again has the last value, in its first place. */
  set(key: string, value: string, comment: string): void {
    const known = this.items.find((item) => item.key === key);
    if (known === undefined) this.items.push({ key, value, comment });
    else Object.assign(known, { value, comment });
  }
}

class Reader {
  readonly #lines: string[];
  #at = 0;
  #comment = "";
  #dashes = 0;

  constructor(text: string) {
    this.#lines = text.replace(/^\ufeff/, "").split(/(?<=\n)/);
  }

  read(): Item[] {
    let section = new Section(defaultSection);
    const sections = [section];
    while (this.#at < this.#lines.length) {
      const line = this.#next().replace(leadingSpace, "");
      if (line === "") continue;
      if (line.startsWith("#") || line.startsWith(";")) this.#comment += line;
      else if (line.startsWith("[")) {
        section = this.#section(line);
        if (section.name === defaultSection) section = reopened(sections, section);
        else sections.push(section);
      } else this.#key(line, section);
    }
    return sections.map(branchOf);
  }

  #next(): string {
    return this.#lines[this.#at++] ?? "";
  }

  #takeComment(): string {
    const comment = trimSpace(this.#comment);
    this.#comment = "";
    return comment;
  }

  #section(line: string): Section {
    const end = line.lastIndexOf("]");
    if (end < 0) throw invalidFile("a section of the INI file is not closed");
    if (end === 1) throw invalidFile("a section of the INI file has no name");
    const section = new Section(line.slice(1, end));
    this.#comment += /[#;][\s\S]*/.exec(line.slice(end + 1))?.[0] ?? "";
    section.comment = this.#takeComment();
    this.#dashes = 0;
    return section;
  }

  #key(line: string, section: Section): void {
    const { name, rest } = splitKey(line);
    const key = name === "-" ? `#${++this.#dashes}` : name;
    if (key === "") throw invalidFile("a key of the INI file has no name");
    const value = this.#value(rest);
    section.set(key, value, this.#takeComment());
  }

  #value(rest: string): string {
    const line = rest.replace(leadingSpace, "");
    if (line === "") return "";
    const quote = line.length > 3 && line.startsWith('"""') ? '"""' : line.startsWith("`") ? "`" : "";
    if (quote !== "") {
      const inner = line.slice(quote.length);
      const end = inner.lastIndexOf(quote);
      return end < 0 ? this.#multiline(inner, quote) : inner.slice(0, end);
    }
    const trimmed = trimSpace(line);
    if (trimmed.endsWith("\\")) return this.#continued(trimmed.slice(0, -1));
    const mark = trimmed.search(/[#;]/);
    if (mark >= 0) this.#comment += trimmed.slice(mark);
    return unquote(mark < 0 ? trimmed : trimSpace(trimmed.slice(0, mark)));
  }

  #multiline(start: string, quote: string): string {
    let value = start;
    while (this.#at < this.#lines.length) {
      const next = this.#next();
      const end = next.lastIndexOf(quote);
      if (end < 0) {
        value += next;
        continue;
      }
      this.#comment += /[#;][\s\S]*/.exec(next.slice(end))?.[0] ?? "";
      return value + next.slice(0, end);
    }
    throw invalidFile("a quoted value of the INI file is not closed");
  }

  #continued(start: string): string {
    let value = start;
    while (this.#at < this.#lines.length) {
      const next = trimSpace(this.#next());
      if (next === "") break;
      value += next;
      if (!value.endsWith("\\")) break;
      value = value.slice(0, -1);
    }
    return value;
  }
}

/** The default section is one, wherever it is named. */
function reopened(sections: readonly Section[], again: Section): Section {
  const first = sections[0] ?? again;
  first.comment = again.comment;
  return first;
}

function splitKey(line: string): { name: string; rest: string } {
  const quote = line.startsWith('"""') && line.length > 6 ? '"""' : /^["`]/.exec(line)?.[0];
  if (quote === undefined) {
    const at = line.search(/[=:]/);
    if (at < 0) throw invalidFile("a line of the INI file is no section, key or comment");
    return { name: trimSpace(line.slice(0, at)), rest: line.slice(at + 1) };
  }
  const end = line.indexOf(quote, quote.length);
  const at = end < 0 ? -1 : line.slice(end + quote.length).search(/[=:]/);
  if (at < 0) throw invalidFile("a quoted key of the INI file is not closed, or has no value");
  return { name: trimSpace(line.slice(quote.length, end)), rest: line.slice(end + quote.length + at + 1) };
}

function unquote(text: string): string {
  for (const quote of ["'", '"']) {
    if (text.length >= 2 && text.startsWith(quote) && text.indexOf(quote, 1) === text.length - 1) {
      return text.slice(1, -1);
    }
  }
  return text;
}

function branchOf(section: Section): Item {
  const items: Item[] = [];
  const remark = (comment: string): void => {
    if (comment !== "") items.push({ key: new Remark(withoutMark(comment)), value: null });
  };
  remark(section.comment);
  for (const { key, value, comment } of section.items) {
    items.push({ key, value });
    remark(comment);
  }
  return { key: section.name, value: new Branch(items) };
}

function withoutMark(comment: string): string {
  return comment.startsWith(";") ? comment.replace(/^[; ]+/, "") : comment.replace(/^[# ]+/, "");
}

/** Takes the metadata out: the section `sops`, whose values have their line breaks escaped. */
export function splitIni(documents: readonly Branch[]): { documents: Branch[]; metadata: Branch | undefined } {
  const items = documents[0]?.items ?? [];
  const found = items.filter((item) => item.key === "sops");
  if (found.length > 1) throw invalidFile("the INI file has two sops sections");
  const section = found[0]?.value;
  const rest = [new Branch(items.filter((item) => item.key !== "sops"))];
  if (!(section instanceof Branch)) return { documents: rest, metadata: undefined };
  const flat = section.items.map((item) => ({
    key: item.key,
    value: typeof item.value === "string" ? item.value.replaceAll("\\n", "\n") : item.value,
  }));
  return { documents: rest, metadata: unflatten(flat) };
}

/** A tree of sections as an INI file. */
export function formatIni(documents: readonly Branch[]): Uint8Array {
  const sections = documents.flatMap((document) => document.items).filter((item) => typeof item.key === "string");
  const out: string[] = [];
  sections.forEach(({ key, value }, index) => {
    if (!(value instanceof Branch))
      throw invalidFile(`${shownKey(String(key as string))} is no section of an INI file`);
    const { comment, keys } = sectionParts(value);
    if (comment !== "") out.push(...comment.split("\n").map((line) => commentLine(line, false)));
    const isUnnamed = index === 0 && (key as string).toUpperCase() === defaultSection;
    if (!isUnnamed) out.push(`[${key as string}]\n`);
    else if (keys.length === 0) return;
    out.push(...formatKeys(keys));
    if (index < sections.length - 1) out.push("\n");
  });
  return encodeUtf8(out.join(""));
}

type WrittenKey = { name: string; value: string; comment: string };

/** A comment belongs to the key before it, as the reader put it there. */
function sectionParts(section: Branch): { comment: string; keys: WrittenKey[] } {
  const keys: WrittenKey[] = [];
  let comment = "";
  section.items.forEach(({ key, value }, index) => {
    if (key instanceof Remark) {
      const last = keys.at(-1);
      if (last !== undefined) last.comment = key.text;
      else if (index === 0) comment = key.text;
      return;
    }
    const text = textOf(key, value);
    const known = keys.find((other) => other.name === key);
    if (known === undefined) keys.push({ name: key, value: text, comment: "" });
    else known.value = text;
  });
  return { comment, keys };
}

function textOf(key: string, value: Value): string {
  const text = scalarText(value);
  if (text === undefined) throw invalidFile(`${shownKey(key)} is a list or mapping, which an INI file cannot hold`);
  return typeof text === "string" ? text : decodeUtf8(text);
}

function commentLine(line: string, isTrimmed: boolean): string {
  const isMarked = line.startsWith("#") || line.startsWith(";");
  return isMarked ? `${line[0] ?? ""} ${trimSpace(line.slice(1))}\n` : `; ${isTrimmed ? trimSpace(line) : line}\n`;
}

function formatKeys(keys: readonly WrittenKey[]): string[] {
  const names = keys.map((key) => quoteKey(key.name));
  const width = Math.max(0, ...names.map((name) => Buffer.byteLength(name)));
  return keys.flatMap((key, index) => {
    const name = names[index] ?? "";
    const comment = key.comment === "" ? [] : key.comment.split("\n").map((line) => commentLine(line, true));
    const padding = " ".repeat(width - Buffer.byteLength(name));
    return [...comment, `${name}${padding} = ${quoteValue(key.value)}\n`];
  });
}

function quoteKey(name: string): string {
  if (/^#\d+$/.test(name)) return "-";
  if (/["=:]/.test(name)) return `\`${name}\``;
  return name.includes("`") ? `"""${name}"""` : name;
}

function quoteValue(value: string): string {
  if (/[\n`]/.test(value)) return `"""${value}"""`;
  if (/[#;]/.test(value)) return `\`${value}\``;
  return trimSpace(value).length === value.length ? value : `"${value}"`;
}
