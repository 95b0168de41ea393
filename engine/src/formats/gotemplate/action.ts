// One action of a template, read by itself: what it is, the variables it means, and its words. Whatever is not surely well-formed is
// left to the lexer and the parser.

import { isSpace } from "./lexer.ts";
import { surveyedDepthMax } from "./limits.ts";
import { keywords, type Word, type Words } from "./words.ts";

type Keyword = "if" | "with" | "range" | "else" | "end" | "define" | "template" | "break" | "continue";

/** What an action is, and the variables it means; "pipeline" is one without a keyword. Places count from behind its delimiter. */
export type Action = {
  keyword: Keyword | "pipeline";
  /** The keyword behind `else`. */
  goesOn: "if" | "with" | undefined;
  name: string;
  uses: string[];
  declares: string[];
  /** Its words, blanks between them, and characters that stand for themselves. */
  tokens: readonly string[];
  /** The token with which its pipeline begins; undefined where it has none. */
  pipelineAt: number | undefined;
  /** Variables that the pipeline sets, and whether they were there before. */
  sets: number;
  isAssign: boolean;
  /** Where the keyword or the name of a template stands, for what has no pipeline of its own place. */
  offset: number;
  /** Where its right delimiter begins, and whether that trims the text behind it. */
  length: number;
  isTrimmed: boolean;
};

const tokens = /[ \t\r\n]+|-?[.$\w]+|"(?:[^"\\\n]|\\[abfnrtv\\"])*"|`[^`]*`|:=|[^]/g;
const nameShape = /^"[^"\\]*"$/;

/** The action whose text stands between "{{" and "}}"; undefined where it is not surely well-formed. */
export function readAction(text: string, words: Words): Action | undefined {
  return new ActionReader(text, words).read();
}

/** Reads one action, word by word. */
class ActionReader {
  readonly #tokens: readonly string[];
  readonly #words: Words;
  readonly #action: Action;
  #at = 0;

  constructor(text: string, words: Words) {
    const isTrimmed = text.endsWith("-") && isSpace(text[text.length - 2]);
    this.#tokens = (isTrimmed ? text.slice(0, -1) : text).match(tokens) ?? [];
    this.#words = words;
    this.#action = {
      keyword: "pipeline",
      goesOn: undefined,
      name: "",
      uses: [],
      declares: [],
      tokens: this.#tokens,
      pipelineAt: undefined,
      sets: 0,
      isAssign: false,
      offset: 0,
      length: text.length,
      isTrimmed,
    };
  }

  read(): Action | undefined {
    this.#skipSpace();
    const action = this.#action;
    action.offset = this.#at === 0 ? 0 : (this.#tokens[0] as string).length;
    const word = this.#tokens[this.#at] ?? "";
    if (keywords.has(word)) {
      action.keyword = word as Keyword;
      this.#at++;
      if (!this.#isSeparate()) return undefined;
      this.#skipSpace();
    }
    return this.#rest(action) ? action : undefined;
  }

  #rest(action: Action): boolean {
    switch (action.keyword) {
      case "end":
      case "break":
      case "continue":
        return this.#isAtEnd();
      case "define":
        return this.#name(action) && this.#isAtEnd();
      case "template":
        return this.#name(action) && (this.#isAtEnd() || this.#pipeline());
      case "else":
        return this.#isAtEnd() || this.#elseIf(action);
      case "if":
      case "with":
      case "range":
      case "pipeline":
        return this.#declarations(action) && this.#pipeline();
      default:
        return false;
    }
  }

  #elseIf(action: Action): boolean {
    const word = this.#tokens[this.#at];
    if (word !== "if" && word !== "with") return false;
    this.#at++;
    if (!this.#isSeparate()) return false;
    this.#skipSpace();
    action.goesOn = word;
    return this.#declarations(action) && this.#pipeline();
  }

  /** A name in quotes, and blanks behind it. */
  #name(action: Action): boolean {
    const token = this.#tokens[this.#at] ?? "";
    if (!nameShape.test(token)) return false;
    action.name = token.slice(1, -1);
    action.offset = this.#tokens.slice(0, this.#at).join("").length;
    this.#at++;
    return this.#isSeparate();
  }

  #skipSpace(): void {
    while (isSpace(this.#tokens[this.#at]?.[0])) this.#at++;
  }

  /** True at the end, and where blanks follow. */
  #isSeparate(): boolean {
    return this.#at >= this.#tokens.length || isSpace(this.#tokens[this.#at]?.[0]);
  }

  #isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at >= this.#tokens.length;
  }

  /** `$x :=`, `$x =`, and before a range `$x, $y :=`. */
  #declarations(action: Action): boolean {
    action.pipelineAt = this.#at;
    const first = this.#tokens[this.#at] ?? "";
    if (first[0] !== "$" || first.includes(".")) return true;
    const start = this.#at++;
    const isSpaced = this.#isSeparate();
    this.#skipSpace();
    const next = this.#tokens[this.#at];
    if (next === "," || (next === "=" && action.keyword === "range")) return this.#two(action, first);
    if (next !== ":=" && next !== "=") {
      this.#at = start;
      return true;
    }
    this.#at++;
    action.sets = 1;
    action.isAssign = next === "=";
    (action.isAssign ? action.uses : action.declares).push(first);
    return first !== "$" && this.#words.of(first).type === "variable" && (!action.isAssign || isSpaced);
  }

  #two(action: Action, first: string): boolean {
    if (action.keyword !== "range" || this.#tokens[this.#at] !== ",") return false;
    this.#at++;
    this.#skipSpace();
    const second = this.#tokens[this.#at++] ?? "";
    this.#skipSpace();
    action.sets = 2;
    action.declares.push(first, second);
    const areNames = [first, second].every((name) => /^\$[A-Za-z_]\w*$/.test(name));
    return areNames && this.#tokens[this.#at++] === ":=";
  }

  /** What is left is commands with their operands. */
  #pipeline(): boolean {
    this.#action.pipelineAt ??= this.#at;
    const outside: { stage: number; operands: number }[] = [];
    let [stage, operands] = [0, 0];
    /** What stands before the next word: something that separates it, a parenthesis that may have fields, or a word. */
    let before: "gap" | "parenthesis" | "word" = "gap";
    for (; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at] as string;
      if (isSpace(token[0])) before = "gap";
      else if (token === "(") {
        if (before !== "gap" || outside.length >= surveyedDepthMax) return false;
        outside.push({ stage, operands });
        [stage, operands] = [0, 0];
      } else if (token === ")") {
        const around = outside.pop();
        if (around === undefined || operands === 0) return false;
        [stage, operands] = [around.stage, around.operands + 1];
        before = "parenthesis";
      } else if (token === "|") {
        if (operands === 0) return false;
        [stage, operands] = [stage + 1, 0];
        before = "gap";
      } else {
        const word = this.#operand(token);
        if (word.type === "no") return false;
        if (before === "word" || (before === "parenthesis" && word.type !== "field")) return false;
        if (before === "gap" && isConstant(word) && stage > 0 && operands === 0) return false;
        if (before === "gap") operands++;
        before = "word";
      }
    }
    return operands > 0 && outside.length === 0;
  }

  #operand(token: string): Word {
    const word = this.#words.of(token);
    if (word.type === "variable" && word.name !== "$") this.#action.uses.push(word.name);
    return word;
  }
}

function isConstant({ type }: Word): boolean {
  return type !== "field" && type !== "variable" && type !== "identifier";
}
