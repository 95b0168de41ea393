// The head of a long document without reading all of it as YAML: most of what charts render is plain block YAML, whose lines
// show that it is well-formed. Whatever is not certain is left to the parser, so that every word about it stays the parser's.

import { quickLengthMax } from "./limits.ts";

/** What may follow in the lines below an entry. */
type State = "closed" | "empty" | "plain";

type Level = { column: number; isList: boolean };

const quickDepthMax = 100;

/** Characters that mean something in YAML, or nothing in it. */
const unusual = /[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

const shape =
  /^( *)((?:- +)*)(?:([A-Za-z_][\w./-]*|\d{1,9}(?:[A-Za-wyz_.-][\w./-]*)?|"[A-Za-z_][\w ./-]*"|'[A-Za-z_][\w ./-]*'):(?= |$))? *(.*?) *$/;
/** The lines of a text in quotes: one that goes on, and the last. */
const quotedLines: { readonly [quote: string]: { goesOn: RegExp; ends: RegExp } } = {
  '"': { goesOn: /^(?:[^"\\]|\\[\\"/nrtbfae0 ])*\\?$/, ends: /^(?:[^"\\]|\\[\\"/nrtbfae0 ])*" *$/ },
  "'": { goesOn: /^(?:[^']|'')*$/, ends: /^(?:[^']|'')*' *$/ },
};
const plainStart = /^(?:[\w/(.+$<=^~\\;)\xa0-\uffff]|-[^ ])/;
/** Numbers that no JSON has, or that may be too large for one. */
const oddNumber = /^[-+]?\.(?:inf|nan)$|^[-+]?[\d._]+e[-+]?[\d_]+$|^[-+]?[\d._]{18,}$/i;
const simpleItem = /[A-Za-z][\w./-]*|"[\w ./:*-]*"|'[\w ./:*-]*'/.source;
const simpleFlow: RegExp = new RegExp(`^(?:\\[\\]|\\{\\}|\\[ *(?:${simpleItem})(?: *, *(?:${simpleItem}))* *\\])$`);
const headKey = /^(?:apiversion|kind|metadata)$/i;

/** The lines of a document's `apiVersion`, `kind` and `metadata`; undefined where only the parser knows. */
export function headText(content: string): string | undefined {
  return unusual.test(content) ? undefined : new HeadReader(content).read();
}

class HeadReader {
  readonly #text: string;
  #at = 0;
  #state: State = "closed";
  readonly #levels: Level[] = [];
  #head = "";
  /** Where the lines of the head that are being read begin; -1 outside it. */
  #headStart = -1;

  constructor(text: string) {
    this.#text = text;
  }

  read(): string | undefined {
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const line = this.#line();
      const first = line.charAt(spacesOf(line));
      if (first === "") continue;
      if (first === "#") {
        if (this.#state === "plain") this.#state = "closed";
      } else if (!this.#entry(line, start)) return undefined;
    }
    this.#endHead(this.#text.length);
    return this.#head;
  }

  #line(): string {
    const end = this.#text.indexOf("\n", this.#at);
    const stop = end < 0 ? this.#text.length : end;
    const line = this.#text.slice(this.#at, stop);
    this.#at = stop + 1;
    return line;
  }

  #column(): number {
    return this.#levels.at(-1)?.column ?? -1;
  }

  /** False where the line is not surely what it seems. */
  #entry(line: string, start: number): boolean {
    if (line.includes("\t")) return false;
    const [, indent = "", dashes = "", key, rest = ""] = shape.exec(line) ?? [];
    const column = indent.length;
    if (this.#state === "plain" && column > this.#column()) return isPlain(line.slice(column));
    if (key === undefined && dashes === "") return this.#alone(column, rest);
    if (!this.#place(column, dashes !== "")) return false;
    if (column === 0 && key !== undefined && dashes === "") this.#rootKey(key, start);
    for (let at = dashes.search(/(?<=^- +)-/); at >= 0; at = nextDash(dashes, at))
      this.#levels.push({ column: column + at, isList: true });
    if (key !== undefined && dashes !== "") this.#levels.push({ column: column + dashes.length, isList: false });
    if (key === undefined && (rest === "" || rest.startsWith("#"))) return false;
    if (key === "null" || key === "Null" || key === "NULL" || this.#levels.length > quickDepthMax) return false;
    return this.#value(rest);
  }

  /** What is neither a key nor behind a dash: a dash whose item stands below, or a flow or nothing below its key. */
  #alone(column: number, rest: string): boolean {
    if (rest === "-") {
      const isPlaced = this.#place(column, true);
      this.#state = "empty";
      return isPlaced;
    }
    const isBelow = this.#state === "empty" && column > this.#column();
    this.#state = "closed";
    return isBelow && (rest === "null" || simpleFlow.test(rest));
  }

  /** Finds the level that an entry belongs to, or opens it. */
  #place(column: number, isList: boolean): boolean {
    const top = this.#levels.at(-1);
    if (top === undefined) {
      this.#levels.push({ column, isList });
      return column === 0 && !isList;
    }
    const opens = column > top.column || (column === top.column && isList && !top.isList);
    if (this.#state === "empty" && opens) this.#levels.push({ column, isList });
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      if (level.column < column) return false;
      // The items of a list may stand below their key, at its column.
      if (level.column === column && level.isList === isList) return true;
      if (level.column === column && !level.isList) return false;
      this.#levels.pop();
    }
    return false;
  }

  #rootKey(key: string, start: number): void {
    this.#endHead(start);
    if (headKey.test(key.replace(/["']/g, ""))) this.#headStart = start;
  }

  #endHead(end: number): void {
    if (this.#headStart >= 0) this.#head += this.#text.slice(this.#headStart, end);
    this.#headStart = -1;
  }

  #value(rest: string): boolean {
    if (rest.length > quickLengthMax) return false;
    this.#state = "closed";
    const first = rest.charAt(0);
    if (first === "" || first === "#") {
      this.#state = "empty";
      return true;
    }
    if (first === '"' || first === "'") return this.#quoted(first, rest.slice(1));
    if (first === "|" || first === ">") return /^[|>][-+]?$/.test(rest) && this.#block();
    if (first === "[" || first === "{") return simpleFlow.test(rest);
    const comment = rest.indexOf(" #");
    const text = comment < 0 ? rest : rest.slice(0, comment).trimEnd();
    if (comment < 0) this.#state = "plain";
    return plainStart.test(text) && !oddNumber.test(text) && isPlain(text);
  }

  /** Passes over the lines of a text in quotes. */
  #quoted(quote: string, first: string): boolean {
    const lines = quotedLines[quote] as { goesOn: RegExp; ends: RegExp };
    for (let line = first; ; line = this.#line()) {
      if (line.length > quickLengthMax) return false;
      if (lines.ends.test(line)) return true;
      if (!lines.goesOn.test(line) || this.#at >= this.#text.length) return false;
      // Lines further left, or with tabs, are the parser's.
      const next = spacesOf(this.#text.slice(this.#at, this.#at + 200));
      const end = this.#text.indexOf("\n", this.#at);
      const following = this.#text.slice(this.#at, end < 0 ? undefined : end);
      if (following.includes("\t") || (next <= this.#column() && following.length > next)) return false;
    }
  }

  /** Passes over the lines of a literal or folded text. */
  #block(): boolean {
    const column = this.#column();
    let indent = -1;
    let blanks = 0;
    while (this.#at < this.#text.length) {
      const start = this.#at;
      const line = this.#line();
      const spaces = spacesOf(line);
      if (line[spaces] === "\t") return false;
      if (spaces === line.length) {
        if (indent < 0) blanks = Math.max(blanks, spaces);
        continue;
      }
      if (spaces <= column) {
        this.#at = start;
        return true;
      }
      if (indent < 0) indent = spaces;
      if (spaces < indent || blanks > indent) return false;
    }
    return true;
  }
}

function nextDash(dashes: string, at: number): number {
  const next = dashes.slice(at + 1).search(/-/);
  return next < 0 ? -1 : at + 1 + next;
}

function spacesOf(line: string): number {
  let count = 0;
  while (line.charCodeAt(count) === 32) count++;
  return count;
}

/** True for a text that ends where its line ends, and is no key. */
function isPlain(text: string): boolean {
  return !text.startsWith("#") && !text.includes(": ") && !text.endsWith(":") && !text.includes(" #");
}
