// YAML text to tokens, on demand. Follows YAML 1.1 as libyaml and go-yaml read it: a key on one line is found when its
// colon is met, and the tokens that open it are put in front of it afterwards.

import { complaintAboutDirective } from "./directive.ts";
import { simpleKeyLengthMax } from "./limits.ts";
import { YamlFault, type YamlFaultCode } from "./faults.ts";
import { isBlankOrEnd, isBreak, isBreakOrEnd } from "./characters.ts";
import { type CommentQueue, CommentRun, type Mark, scanLineComment } from "./comments.ts";
import { scanBlockScalar, scanPlainScalar, scanQuotedScalar } from "./scan-scalar.ts";
import { type Cursor, Token, type TokenPlace, type TokenType } from "./token.ts";

/** A comment without its `#`; line and column are 1-based. */
export type YamlComment = { text: string; line: number; column: number; isOwnLine: boolean };

/** Where a key may have begun, were a colon to follow. One for each flow level. */
type KeyStart = {
  isPossible: boolean;
  isRequired: boolean;
  /** In front of an empty flow, go-yaml forgets where a key may begin: it looks for the colon too late. */
  isForgotten: boolean;
  token: number;
  at: number;
  line: number;
  column: number;
};

const asciiTokenEnd = /[^0-9A-Za-z_-]/g;
const tagEnd = /[^0-9A-Za-z_;/?:@&=+$,.!~*'()[\]%-]/g;
/** Tokens that were read are dropped in batches. */
const keptTokensMost = 64;
const directiveLine = /[^\r\n\x85\u2028\u2029]*/y;

export class Scanner implements Cursor {
  readonly text: string;
  /** Index of the next character. */
  at = 0;
  /** 0-based. */
  line = 0;
  lineStart = 0;
  flowLevel = 0;
  indent = -1;
  readonly #indents: number[] = [];
  isKeyAllowed = true;
  /** Told of each comment; who writes YAML again may want to keep them. */
  commented: ((comment: YamlComment) => void) | undefined;
  /** Keeps the comments for the nodes. */
  readonly #queue: CommentQueue | undefined;
  /** Where go-yaml v3 looks further ahead, and ends blocks at other places. */
  readonly #isAhead: boolean;
  /** Where the last token ended. */
  #behind: Mark = { at: 0, line: 0, column: 0 };
  #keys: KeyStart[] = [noKey(0)];
  #tokens: Token[] = [];
  #head = 0;
  /** Absolute number of the token at index 0 of the queue. */
  #base = 0;
  #isEnded = false;

  /** With a queue, tokens are read ahead and comments kept as go-yaml v3 does it. */
  constructor(text: string, queue?: CommentQueue) {
    this.text = text;
    this.#isAhead = queue !== undefined;
    this.#queue = text.includes("#") ? queue : undefined;
    if (this.#isAhead) this.#push(new Token("stream-start", this.here()));
  }

  get column(): number {
    return this.at - this.lineStart;
  }

  /** The next token, which stays the next. */
  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    return this.#tokens[this.#head] as Token;
  }

  /** Takes the token that `peek` showed. */
  skip(): void {
    this.#head++;
    if (this.#head === this.#tokens.length) this.#tokens.length = 0;
    else if (this.#head === keptTokensMost) this.#tokens.splice(0, this.#head);
    else return;
    this.#base += this.#head;
    this.#head = 0;
  }

  fault(message: string, code: YamlFaultCode = "yaml-syntax"): YamlFault {
    return new YamlFault(code, message, { line: this.line + 1, column: this.column + 1 });
  }

  code(offset = 0): number {
    return this.text.charCodeAt(this.at + offset);
  }

  /** Steps over one line break; CR LF is one. */
  skipBreak(): void {
    this.at += this.code() === 13 && this.code(1) === 10 ? 2 : 1;
    this.line++;
    this.lineStart = this.at;
  }

  skipComment(owner: number): void {
    if (this.#queue !== undefined) return scanLineComment(this, owner, this.#queue);
    const { at, line, column } = this;
    while (!isBreakOrEnd(this.code())) this.at++;
    if (this.commented === undefined) return;
    const isOwnLine = this.text.slice(this.lineStart, at).trim() === "";
    this.commented({ text: this.text.slice(at + 1, this.at), line: line + 1, column: column + 1, isOwnLine });
  }

  here(): TokenPlace {
    return { at: this.at, line: this.line + 1, column: this.column + 1 };
  }

  /** True at `---` or `...` in the first column, followed by a blank or the end. */
  isAtDocumentMark(): boolean {
    if (this.at !== this.lineStart) return false;
    const code = this.code();
    if (code !== 45 && code !== 46) return false;
    return this.code(1) === code && this.code(2) === code && isBlankOrEnd(this.code(3));
  }

  #needsMore(): boolean {
    // To tell whose a comment is go-yaml v3 needs two tokens more.
    const wanted = this.#isAhead ? 2 : 0;
    if (this.#tokens.length - this.#head <= wanted) return !this.#isEnded;
    const head = this.#base + this.#head;
    for (const key of this.#keys)
      if (key.isPossible && !key.isForgotten && key.token === head && this.#isValid(key)) return true;
    return false;
  }

  #isValid(key: KeyStart): boolean {
    if (!key.isPossible) return false;
    if (key.line === this.line && key.at + simpleKeyLengthMax >= this.at) return true;
    if (key.isRequired) throw this.#keyFault(key);
    key.isPossible = false;
    return false;
  }

  #keyFault(key: KeyStart): YamlFault {
    const place = { line: key.line + 1, column: key.column + 1 };
    return new YamlFault("yaml-syntax", "could not find expected ':'", place, this.line < 1 ? 0 : this.line + 1);
  }

  #fetch(): void {
    if (this.#isAhead) this.#behind = this.#mark();
    this.#skipToToken();
    this.#unroll(this.column, this.#behind);
    if (this.at >= this.text.length) return this.#fetchEnd();
    const code = this.code();
    if (this.at === this.lineStart) {
      if (code === 37) return this.#fetchDirective();
      if (this.isAtDocumentMark()) return this.#fetchDocumentMark(code === 45 ? "document-start" : "document-end");
    }
    const owner = this.#ownerBehind(code);
    if (!this.#fetchIndicator(code)) this.#fetchContent(code);
    // Behind a dash a comment belongs to what follows.
    if (this.#queue !== undefined && this.#tokens.at(-1)?.type !== "block-entry")
      scanLineComment(this, owner, this.#queue);
  }

  /** Where the owner of a comment behind the next token begins: behind a colon or a comma it is the token in front of that. */
  #ownerBehind(code: number): number {
    const isPrior = this.#queue !== undefined && code === (this.flowLevel > 0 ? 44 : 58);
    return isPrior ? (this.#tokens.at(-1) as Token).at : this.at;
  }

  #mark(): Mark {
    return { at: this.at, line: this.line, column: this.column };
  }

  /** Tokens of one character, or of one character and a blank. */
  #fetchIndicator(code: number): boolean {
    const isInFlow = this.flowLevel > 0;
    switch (code) {
      case 91: // [
        this.#openFlow("flow-list-start");
        return true;
      case 123: // {
        this.#openFlow("flow-map-start");
        return true;
      case 93: // ]
        this.#closeFlow("flow-list-end");
        return true;
      case 125: // }
        this.#closeFlow("flow-map-end");
        return true;
      case 44: // ,
        this.#dropKey();
        this.isKeyAllowed = true;
        this.#take("flow-entry");
        return true;
      case 45: // -
        if (!isBlankOrEnd(this.code(1))) return false;
        this.#fetchBlockEntry();
        return true;
      case 63: // ?
        if (!isInFlow && !isBlankOrEnd(this.code(1))) return false;
        this.#fetchKey();
        return true;
      case 58: // :
        if (!isInFlow && !isBlankOrEnd(this.code(1))) return false;
        this.#fetchValue();
        return true;
      default:
        return false;
    }
  }

  #fetchContent(code: number): void {
    switch (code) {
      case 42: // *
        return this.#fetchAnchor("alias");
      case 38: // &
        return this.#fetchAnchor("anchor");
      case 33: // !
        return this.#fetchTag();
      case 39: // '
      case 34: // "
        this.#saveKey();
        this.isKeyAllowed = false;
        this.#push(scanQuotedScalar(this, code));
        return;
      case 124: // |
      case 62: // >
        if (this.flowLevel > 0) break;
        this.#dropKey();
        this.isKeyAllowed = true;
        this.#push(scanBlockScalar(this, code === 124));
        return;
      case 37: // %
      case 64: // @
      case 96: // `
      case 9: // tab
        break;
      default:
        this.#saveKey();
        this.isKeyAllowed = false;
        this.#push(scanPlainScalar(this));
        return;
    }
    throw this.fault(
      code === 9 ? "a tab stands where indentation is expected" : "found character that cannot start any token",
    );
  }

  #skipToToken(): void {
    for (;;) {
      const areTabsAllowed = this.flowLevel > 0 || !this.isKeyAllowed;
      let code = this.code();
      while (code === 32 || (code === 9 && areTabsAllowed)) {
        this.at++;
        code = this.code();
      }
      if (this.#queue !== undefined) this.#keepComments(this.#queue);
      else if (code === 35) this.skipComment(this.at);
      code = this.code();
      if (!isBreak(code)) return;
      this.skipBreak();
      if (this.flowLevel === 0) this.isKeyAllowed = true;
    }
  }

  #keepComments(queue: CommentQueue): void {
    const last = this.#tokens.at(-1) as Token;
    const before = this.#tokens.at(-2);
    if (last.type === "block-entry" && before?.type === "block-list-start" && !isBreak(this.code()))
      queue.turnIntoHead(this.#mark());
    if (this.code() !== 35) return;
    const prior = last.type === "flow-entry" && before !== undefined ? before : last;
    new CommentRun(this, queue, { from: this.#behind, prior }).read();
  }

  #push(token: Token): void {
    this.#tokens.push(token);
  }

  #take(type: TokenType): void {
    this.#push(new Token(type, this.here()));
    this.at++;
  }

  #saveKey(): void {
    if (!this.isKeyAllowed) return;
    this.#dropKey();
    this.#keys[this.#keys.length - 1] = {
      isPossible: true,
      isRequired: this.flowLevel === 0 && this.indent === this.column,
      isForgotten: false,
      token: this.#base + this.#tokens.length,
      at: this.at,
      line: this.line,
      column: this.column,
    };
  }

  #dropKey(): void {
    const key = this.#keys[this.#keys.length - 1] as KeyStart;
    if (key.isPossible && key.isRequired) throw this.#keyFault(key);
    key.isPossible = false;
  }

  /** Opens a block collection at `column`; its token goes in front of token number `before`, or last. */
  #roll(column: number, type: "block-list-start" | "block-map-start", before?: KeyStart): void {
    if (this.flowLevel > 0 || this.indent >= column) return;
    this.#indents.push(this.indent);
    this.indent = column;
    const place = before === undefined ? this.here() : placeOf(before);
    const token = new Token(type, place);
    if (before === undefined) this.#push(token);
    else this.#insert(before, token);
  }

  /** Puts a token in front of where a key begins; last where that was read already, as go-yaml does. */
  #insert(key: KeyStart, token: Token): void {
    const place = key.token - this.#base;
    if (place < this.#head) this.#push(token);
    else this.#tokens.splice(place, 0, token);
  }

  /** Ends the blocks that are deeper than `column`; for go-yaml v3 they end `behind` the last token. */
  #unroll(column: number, behind: Mark): void {
    if (this.flowLevel > 0 || this.indent <= column) return;
    let mark = { at: behind.at - 1, line: behind.line, column: behind.column };
    while (this.indent > column) {
      if (this.#queue !== undefined) mark = this.#queue.endOfBlock(this.indent, mark);
      this.#push(new Token("block-end", this.#isAhead ? placeOf(mark) : this.here()));
      this.indent = this.#indents.pop() as number;
    }
  }

  #fetchEnd(): void {
    // The end of the text ends its line, so that no key waits for its colon any longer.
    if (this.column > 0) {
      this.line++;
      this.lineStart = this.at;
    }
    this.#unroll(-1, this.#mark());
    this.#dropKey();
    this.isKeyAllowed = false;
    this.#isEnded = true;
    this.#push(new Token("stream-end", this.here()));
  }

  #fetchDirective(): void {
    this.#unroll(-1, this.#mark());
    this.#dropKey();
    this.isKeyAllowed = false;
    const place = this.here();
    directiveLine.lastIndex = this.at;
    const line = (directiveLine.exec(this.text) as RegExpExecArray)[0];
    const complaint = complaintAboutDirective(line);
    if (complaint !== undefined) throw this.fault(complaint);
    this.at += line.length;
    this.#push(new Token("directive", place, line));
  }

  #fetchDocumentMark(type: "document-start" | "document-end"): void {
    this.#unroll(-1, this.#mark());
    this.#dropKey();
    this.isKeyAllowed = false;
    this.#take(type);
    this.at += 2;
  }

  #openFlow(type: TokenType): void {
    this.#saveKey();
    this.#keys.push(noKey(this.#base + this.#tokens.length));
    this.flowLevel++;
    this.isKeyAllowed = true;
    this.#take(type);
  }

  #closeFlow(type: TokenType): void {
    this.#dropKey();
    if (this.flowLevel > 0) {
      this.flowLevel--;
      const inner = this.#keys.pop() as KeyStart;
      const outer = this.#keys[this.#keys.length - 1] as KeyStart;
      if (outer.token === inner.token) outer.isForgotten = true;
    }
    this.isKeyAllowed = false;
    this.#take(type);
  }

  #fetchBlockEntry(): void {
    if (this.flowLevel === 0) {
      if (!this.isKeyAllowed) throw this.fault("block sequence entries are not allowed in this context");
      this.#roll(this.column, "block-list-start");
    }
    this.#dropKey();
    this.isKeyAllowed = true;
    this.#take("block-entry");
  }

  #fetchKey(): void {
    if (this.flowLevel === 0) {
      if (!this.isKeyAllowed) throw this.fault("mapping keys are not allowed in this context");
      this.#roll(this.column, "block-map-start");
    }
    this.#dropKey();
    this.isKeyAllowed = this.flowLevel === 0;
    this.#take("key");
  }

  #fetchValue(): void {
    const key = this.#keys[this.#keys.length - 1] as KeyStart;
    if (this.#isValid(key)) {
      this.#insert(key, new Token("key", placeOf(key)));
      this.#roll(key.column, "block-map-start", key);
      key.isPossible = false;
      this.isKeyAllowed = false;
    } else {
      if (this.flowLevel === 0) {
        if (!this.isKeyAllowed) throw this.fault("mapping values are not allowed in this context");
        this.#roll(this.column, "block-map-start");
      }
      this.isKeyAllowed = this.flowLevel === 0;
    }
    this.#take("value");
  }

  #fetchAnchor(type: "anchor" | "alias"): void {
    this.#saveKey();
    this.isKeyAllowed = false;
    const place = this.here();
    this.at++;
    asciiTokenEnd.lastIndex = this.at;
    const end = asciiTokenEnd.exec(this.text)?.index ?? this.text.length;
    const name = this.text.slice(this.at, end);
    this.at = end;
    if (name === "" || !(isBlankOrEnd(this.code()) || "?:,]}%@`".includes(this.text.charAt(this.at))))
      throw this.fault("did not find expected alphabetic or numeric character");
    this.#push(new Token(type, place, name));
  }

  /** The token's value is the tag as written; the composer resolves its handle. */
  #fetchTag(): void {
    this.#saveKey();
    this.isKeyAllowed = false;
    const place = this.here();
    const start = this.at;
    if (this.code(1) === 60) {
      const end = this.text.indexOf(">", this.at);
      if (end < 0) throw this.fault("did not find the expected '>'");
      this.at = end + 1;
    } else {
      // Signs of a URI, among them what would end an item of a flow.
      tagEnd.lastIndex = this.at;
      this.at = tagEnd.exec(this.text)?.index ?? this.text.length;
    }
    const tag = this.text.slice(start, this.at);
    if (/%(?![\da-f]{2})/i.test(tag)) throw this.fault("did not find URI escaped octet");
    if (/^!(?:[\w-]*!|<>)$/.test(tag)) throw this.fault("did not find expected tag URI");
    if (!isBlankOrEnd(this.code())) throw this.fault("did not find expected whitespace or line break");
    this.#push(new Token("tag", place, tag));
  }
}

function placeOf({ at, line, column }: Mark): TokenPlace {
  return { at, line: line + 1, column: column + 1 };
}

function noKey(token: number): KeyStart {
  return { isPossible: false, isRequired: false, isForgotten: false, token, at: 0, line: 0, column: 0 };
}
