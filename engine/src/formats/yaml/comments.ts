// Which token a comment belongs to, as go-yaml v3 decides it while it scans (scannerc.go). A comment is noted with the place
// of its owner and handed over when the parser comes to a token at or behind that place (parserc.go, unfold_comments). Three
// roles: `line` stands behind its owner in one line, `head` in front of what follows, `foot` below what came before.

import { isBlank, isBreak, isBreakOrEnd } from "./characters.ts";
import { commentReachMax } from "./limits.ts";
import type { Cursor, Token } from "./token.ts";

/** A place in the text; line and column are 0-based, or 1-based where go-yaml counts so. */
export type Mark = { at: number; line: number; column: number };

type Role = "head" | "line" | "foot";

type Kept = { role: Role; text: string; owner: number; start: Mark; scannedFrom: number; end: number };

/** The comments of a document that wait for their nodes. */
export class CommentQueue {
  readonly #kept: Kept[] = [];
  #first = 0;
  #head = "";
  #line = "";
  #foot = "";
  /** In front of a dash whose item is a block: it belongs to the whole of it. */
  #stem = "";

  add(comment: Kept): void {
    this.#kept.push(comment);
  }

  /** Takes what belongs to tokens up to this one. No head stands in front of the end of a block: it waits, and all behind it. */
  unfold(token: Token): void {
    while (this.#first < this.#kept.length) {
      const { role, text, owner } = this.#kept[this.#first] as Kept;
      if (owner > token.at || (role === "head" && token.type === "block-end")) return;
      if (role === "head") this.#head = joined(this.#head, text);
      else if (role === "line") this.#line = joined(this.#line, text);
      else this.#foot = joined(this.#foot, text);
      this.#first++;
    }
    this.#kept.length = 0;
    this.#first = 0;
  }

  /** All that has been taken so far, which the next node gets. */
  take(): { head: string; line: string; foot: string } {
    const taken = { head: this.#head, line: this.#line, foot: this.#foot };
    this.#head = "";
    this.#line = "";
    this.#foot = "";
    this.#stem = "";
    return taken;
  }

  get headLength(): number {
    return this.#head.length;
  }

  /** Moves the part of the head that stood in front of a dash aside. */
  splitStem(length: number): void {
    this.#stem = this.#head.slice(0, length);
    this.#head = this.#head.slice(length + 1);
  }

  takeStem(): string {
    const stem = this.#stem;
    this.#stem = "";
    return stem;
  }

  /** The part of the head above its last blank line, which is the document's own. */
  splitDocumentHead(): string {
    const head = this.#head;
    const last = head.length - 1;
    for (let i = last; i > 0; i--) {
      if (head[i] !== "\n" || (i !== last && head[i - 1] !== "\n")) continue;
      this.#head = head.slice(i + 1);
      return head.slice(0, i === last ? i : i - 1);
    }
    return "";
  }

  /**
   * Behind the first dash of a list a comment would be the list's key's; where content follows, it becomes the head of that,
   * or, from farther above, of what it stood behind.
   */
  turnIntoHead(here: Mark): void {
    const last = this.#first < this.#kept.length ? this.#kept.at(-1) : undefined;
    if (last?.role !== "line") return;
    last.role = "head";
    if (last.start.line === here.line - 1) last.owner = here.at;
  }

  /** Where a block of this indent ends: in front of comments that stand at its own column, or less deep, behind its last token. */
  endOfBlock(indent: number, from: Mark): Mark {
    let found = from;
    let stop = from.at;
    for (let i = this.#kept.length - 1; i >= this.#first; i--) {
      const comment = this.#kept[i] as Kept;
      if (comment.end < stop) break;
      if (comment.start.column === indent + 1) found = comment.start;
      stop = comment.scannedFrom;
    }
    return found;
  }
}

function joined(before: string, text: string): string {
  return before === "" ? text : `${before}\n${text}`;
}

/** Line breaks since the last character that is neither a break nor a blank. */
function newlinesBefore({ text, at }: Cursor): number {
  let count = 0;
  for (let i = at - 1; i >= 0; i--) {
    const code = text.charCodeAt(i);
    if (isBreak(code)) {
      count++;
      if (code === 10 && text.charCodeAt(i - 1) === 13) i--;
    } else if (!isBlank(code)) break;
  }
  return count;
}

/** Reads a comment that stands behind what was just read, in the same line. */
export function scanLineComment(cursor: Cursor, owner: number, queue: CommentQueue): void {
  let at = cursor.at;
  const reach = at + commentReachMax;
  while (at < reach && isBlank(cursor.text.charCodeAt(at))) at++;
  if (at === reach || cursor.text.charCodeAt(at) !== 35 || newlinesBefore(cursor) > 0) return;
  cursor.at = at;
  const start = { at, line: cursor.line, column: cursor.column };
  queue.add({ role: "line", text: takeLine(cursor), owner, start, scannedFrom: 0, end: 0 });
}

function takeLine(cursor: Cursor): string {
  const start = cursor.at;
  while (!isBreakOrEnd(cursor.code())) cursor.at++;
  return cursor.text.slice(start, cursor.at);
}

/**
 * Reads a run of comments on lines of their own, which begins at the cursor. A blank line or less indentation than the block
 * has ends a foot; what is left at the end of the run is the head of what follows.
 */
export class CommentRun {
  readonly #cursor: Cursor;
  readonly #queue: CommentQueue;
  readonly #isBehindColon: boolean;
  readonly #indent: number;
  /** The line on which a comment must begin to be the foot of what came before. */
  readonly #footLine: number;
  #text = "";
  #start: Mark = { at: 0, line: 0, column: 0 };
  #owner: number;
  #scannedFrom: number;
  #line: number;
  #column: number;
  /** No blank line was met so far. */
  #isFirstGap: boolean;
  #isAfterGap = false;

  /** `from` is where the scanner stood behind the token in front. */
  constructor(cursor: Cursor, queue: CommentQueue, { from, prior }: { from: Mark; prior: Token }) {
    this.#cursor = cursor;
    this.#queue = queue;
    this.#isBehindColon = prior.type === "value";
    this.#indent = Math.max(0, cursor.indent);
    this.#owner = prior.at;
    this.#scannedFrom = from.at;
    this.#line = cursor.line;
    this.#column = cursor.column;
    const newlines = newlinesBefore(cursor);
    this.#isFirstGap = newlines <= 1;
    const isBelow = newlines === 0 && cursor.column > 1;
    this.#footLine = from.line > 0 ? cursor.line - newlines + 1 + (isBelow ? 1 : 0) : -1;
  }

  read(): void {
    const cursor = this.#cursor;
    let ahead = 0;
    for (; ahead < commentReachMax; ahead++) {
      const code = cursor.code(ahead);
      this.#column++;
      if (isBlank(code)) continue;
      const isFlowEnd = cursor.flowLevel > 0 && (code === 93 || code === 125);
      if (isFlowEnd || isBreakOrEnd(code)) {
        this.#readGap(ahead, isFlowEnd);
        if (!isBreak(code)) break;
        continue;
      }
      if (this.#text !== "" && this.#isOutside() && this.#column !== this.#start.column) this.#endFoot(ahead);
      if (code !== 35) break;
      this.#readComment(ahead);
      // The break behind a comment is stepped over.
      ahead = 0;
    }
    if (this.#text === "") return;
    const end = cursor.at + ahead - 1;
    this.#add("head", this.#start.at, end);
  }

  #isOutside(column = this.#column): boolean {
    return column - 1 < this.#indent;
  }

  /** At a line break, the end of the text or that of a flow. */
  #readGap(ahead: number, isFlowEnd: boolean): void {
    if (isFlowEnd || !this.#isAfterGap) this.#judge(ahead, isFlowEnd);
    this.#isFirstGap = false;
    this.#isAfterGap = true;
    this.#column = 0;
    this.#line++;
  }

  #judge(ahead: number, isFlowEnd: boolean): void {
    if (this.#text === "") return;
    const isBelow = this.#start.line === this.#footLine && !this.#isBehindColon;
    const isOutside = this.#isOutside(this.#start.column);
    if (isFlowEnd || (this.#isFirstGap && (isBelow || isOutside))) {
      if (isOutside) this.#owner = this.#start.at;
      this.#endFoot(ahead);
    } else if (!Number.isNaN(this.#cursor.code(ahead))) this.#text += "\n";
  }

  #endFoot(ahead: number): void {
    const end = this.#cursor.at + ahead;
    this.#add("foot", this.#owner, end);
    this.#scannedFrom = end;
    this.#owner = end;
    this.#text = "";
  }

  #add(role: Role, owner: number, end: number): void {
    this.#queue.add({ role, text: this.#text, owner, start: this.#start, scannedFrom: this.#scannedFrom, end });
  }

  #readComment(ahead: number): void {
    const cursor = this.#cursor;
    const at = cursor.at + ahead;
    if (this.#text === "") this.#start = { at, line: this.#line, column: this.#column };
    else this.#text += "\n";
    this.#isAfterGap = false;
    while (cursor.at < at) {
      if (isBreak(cursor.code())) cursor.skipBreak();
      else cursor.at++;
    }
    this.#text += takeLine(cursor);
    this.#column = 0;
    this.#line = cursor.line;
  }
}
