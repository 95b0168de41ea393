// Looks over a template without parsing it: whether its text is surely well-formed, and where its lists of statements end. Most of
// what a library defines never runs, so the parser reads such lists when they do. Whatever is not certain, the parser reads whole:
// every word about what is wrong stays the parser's.

import { surveyedDepthMax, unreadListMin } from "./limits.ts";

/** Where lists end that can be read later, by where they begin. */
export type ListEnds = ReadonlyMap<number, number>;

type Keyword = "if" | "with" | "range" | "else" | "end" | "define" | "template" | "break" | "continue";

/** What an action is, and the variables it means; "pipeline" is one without a keyword. */
type Action = {
  keyword: Keyword | "pipeline";
  /** The keyword behind `else`. */
  goesOn: "if" | "with" | undefined;
  name: string;
  uses: string[];
  declares: string[];
};

/** What a word is that can stand in an action; "no" for what is left to the parser. */
type WordType = "field" | "variable" | "function" | "constant" | "no";

type Block = {
  keyword: "if" | "with" | "range" | "define";
  /** Variables that are left when it ends, and when its list does. */
  visible: number;
  declared: number;
  hasElse: boolean;
  listStart: number;
  /** Statements are more than text. */
  hasActions: boolean;
};

const keywords: ReadonlySet<string> = new Set("if with range else end define template break continue block".split(" "));
const tokens = /[ \t\r\n]+|-?[.$\w]+|"(?:[^"\\\n]|\\[abfnrtv\\"])*"|`[^`]*`|:=|[^]/g;
const fieldShape = /^\.(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/;
const variableShape = /^\$(?:[A-Za-z_]\w*)?(?:\.[A-Za-z_]\w*)*$/;
const numberShape = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;
const nameShape = /^"[^"\\]*"$/;

/** Surveys the texts of one set of templates: they say the same things again and again. */
export class Surveyor {
  readonly #isFunction: (name: string) => boolean;
  readonly #actions = new Map<string, Action | undefined>();
  readonly #words = new Map<string, WordType>();

  constructor(isFunction: (name: string) => boolean) {
    this.#isFunction = isFunction;
  }

  /** The ends of the lists of `text`; undefined where it is not surely well-formed. */
  survey(name: string, text: string): ListEnds | undefined {
    const survey = new Survey(name);
    for (let open = text.indexOf("{{"); open >= 0; ) {
      let start = open + 2;
      if (text[start] === "-" && isSpace(text[start + 1])) start += 2;
      const isComment = text.startsWith("/*", start);
      const end = isComment ? commentEnd(text, start) : text.indexOf("}}", start);
      if (end < 0) return undefined;
      if (!isComment && !survey.take(this.#action(text.slice(start, end)), open, end + 2)) return undefined;
      open = text.indexOf("{{", end + 2);
    }
    return survey.ends();
  }

  #action(text: string): Action | undefined {
    const known = this.#actions.get(text);
    if (known !== undefined || this.#actions.has(text)) return known;
    const action = new ActionReader(text, (word) => this.#word(word)).read();
    this.#actions.set(text, action);
    return action;
  }

  #word(word: string): WordType {
    let type = this.#words.get(word);
    if (type === undefined) this.#words.set(word, (type = this.#typeOf(word)));
    return type;
  }

  #typeOf(word: string): WordType {
    const first = word.charCodeAt(0);
    if (word === ".") return "constant";
    if (first === 0x2e) return fieldShape.test(word) ? "field" : "no";
    if (first === 0x24) return variableShape.test(word) ? "variable" : "no";
    if (first === 0x22 || first === 0x60) return word.length > 1 ? "constant" : "no";
    if (numberShape.test(word) || word === "true" || word === "false" || word === "nil") return "constant";
    return /^[A-Za-z_]\w*$/.test(word) && !keywords.has(word) && this.#isFunction(word) ? "function" : "no";
  }
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\r" || character === "\n";
}

/** Where the right delimiter of a comment begins; -1 where it is not where it belongs. */
function commentEnd(text: string, start: number): number {
  const close = text.indexOf("*/", start + 2);
  if (close < 0) return -1;
  if (text.startsWith("}}", close + 2)) return close + 2;
  return isSpace(text[close + 2]) && text.startsWith("-}}", close + 3) ? close + 4 : -1;
}

/** The blocks and the variables of one text. */
class Survey {
  readonly #ends = new Map<number, number>();
  readonly #blocks: Block[] = [];
  readonly #names: Set<string>;
  #variables: string[] = [];
  /** The variables of the text, while those of a definition count. */
  #outer: string[] = [];

  constructor(name: string) {
    this.#names = new Set([name]);
  }

  ends(): ListEnds | undefined {
    return this.#blocks.length === 0 ? this.#ends : undefined;
  }

  /** False where the action does not surely belong where it stands. */
  take(action: Action | undefined, open: number, close: number): boolean {
    if (action === undefined) return false;
    for (const name of action.uses) if (!this.#variables.includes(name)) return false;
    const block = this.#blocks.at(-1);
    switch (action.keyword) {
      case "end":
        return block !== undefined && this.#end(block, open);
      case "else":
        return block !== undefined && this.#else(block, action, { open, close });
      case "define":
        return block === undefined && this.#define(action, close);
      case "break":
      case "continue":
        if (block !== undefined) block.hasActions = true;
        return this.#blocks.some(({ keyword, hasElse }) => keyword === "range" && !hasElse);
      case "pipeline":
      case "template":
        if (block !== undefined) block.hasActions = true;
        this.#variables.push(...action.declares);
        return true;
      case "if":
      case "with":
      case "range":
        if (block !== undefined) block.hasActions = true;
        return this.#begin(action.keyword, action.declares, close);
    }
  }

  #begin(keyword: Block["keyword"], declares: readonly string[], close: number): boolean {
    const visible = this.#variables.length;
    this.#variables.push(...declares);
    const declared = this.#variables.length;
    this.#blocks.push({ keyword, visible, declared, hasElse: false, listStart: close, hasActions: false });
    return this.#blocks.length <= surveyedDepthMax;
  }

  #define({ name }: Action, close: number): boolean {
    // Of two with the same name, one may be an error.
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    this.#outer = this.#variables;
    this.#variables = [];
    return this.#begin("define", [], close);
  }

  #else(block: Block, { goesOn, declares }: Action, { open, close }: { open: number; close: number }): boolean {
    if (block.hasElse || block.keyword === "define" || (goesOn !== undefined && goesOn !== block.keyword)) return false;
    this.#endList(block, open);
    this.#variables.length = block.declared;
    this.#variables.push(...declares);
    block.declared = this.#variables.length;
    block.hasElse = goesOn === undefined;
    block.listStart = close;
    block.hasActions = false;
    return true;
  }

  #end(block: Block, open: number): boolean {
    this.#endList(block, open);
    this.#blocks.pop();
    this.#variables.length = block.visible;
    if (block.keyword === "define") this.#variables = this.#outer;
    return true;
  }

  #endList({ listStart, hasActions }: Block, open: number): void {
    if (hasActions && open - listStart >= unreadListMin) this.#ends.set(listStart, open);
  }
}

/** Reads one action, word by word. */
class ActionReader {
  readonly #tokens: readonly string[];
  readonly #typeOf: (word: string) => WordType;
  #at = 0;
  readonly #uses: string[] = [];

  constructor(text: string, typeOf: (word: string) => WordType) {
    const isTrimmed = text.endsWith("-") && isSpace(text[text.length - 2]);
    this.#tokens = (isTrimmed ? text.slice(0, -1) : text).match(tokens) ?? [];
    this.#typeOf = typeOf;
  }

  read(): Action | undefined {
    this.#skipSpace();
    const word = this.#tokens[this.#at] ?? "";
    const keyword = keywords.has(word) ? (word as Keyword) : "pipeline";
    if (keyword !== "pipeline") this.#at++;
    if (keyword !== "pipeline" && !this.#isSeparate()) return undefined;
    this.#skipSpace();
    const action: Action = { keyword, goesOn: undefined, name: "", uses: this.#uses, declares: [] };
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
    (next === "=" ? this.#uses : action.declares).push(first);
    return first !== "$" && this.#typeOf(first) === "variable" && (next === ":=" || isSpaced);
  }

  #two(action: Action, first: string): boolean {
    if (action.keyword !== "range" || this.#tokens[this.#at] !== ",") return false;
    this.#at++;
    this.#skipSpace();
    const second = this.#tokens[this.#at++] ?? "";
    this.#skipSpace();
    action.declares.push(first, second);
    const areNames = [first, second].every((name) => /^\$[A-Za-z_]\w*$/.test(name));
    return areNames && this.#tokens[this.#at++] === ":=";
  }

  /** What is left is commands with their operands. */
  #pipeline(): boolean {
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
        const type = this.#operand(token);
        if (type === "no") return false;
        if (before === "word" || (before === "parenthesis" && type !== "field")) return false;
        if (before === "gap" && type === "constant" && stage > 0 && operands === 0) return false;
        if (before === "gap") operands++;
        before = "word";
      }
    }
    return operands > 0 && outside.length === 0;
  }

  #operand(token: string): WordType {
    const type = this.#typeOf(token);
    if (type !== "variable" || token === "$" || token.startsWith("$.")) return type;
    const dot = token.indexOf(".");
    this.#uses.push(dot < 0 ? token : token.slice(0, dot));
    return type;
  }
}
