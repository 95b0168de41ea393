// Looks over a template without parsing it: whether its text is surely well-formed, what its actions are, and where its lists of
// statements end. Most of what a library defines never runs, so the parser reads such lists when they do. Whatever is not certain,
// the parser reads whole: every word about what is wrong stays the parser's.

import { type Action, readAction } from "./action.ts";
import { contentStart, rightDelimiterWidth } from "./lexer.ts";
import { rememberedActionsMax, surveyedDepthMax, unreadListMin } from "./limits.ts";
import type { Words } from "./words.ts";

/** What is known of a well-formed text. */
export type SurveyedText = {
  /** Where lists end that can be read later, by where they begin. */
  ends: ReadonlyMap<number, number>;
  /** The actions but comments, by where their "{{" stands. */
  actions: ReadonlyMap<number, Action>;
  words: Words;
};

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

/** Surveys the texts of one set of templates: they say the same things again and again. */
export class Surveyor {
  readonly #words: Words;
  readonly #actions = new Map<string, Action | undefined>();

  constructor(words: Words) {
    this.#words = words;
  }

  /** What is known of `text`; undefined where it is not surely well-formed. */
  survey(name: string, text: string): SurveyedText | undefined {
    const survey = new Survey(name);
    const actions = new Map<number, Action>();
    for (let open = text.indexOf("{{"); open >= 0; ) {
      const start = contentStart(text, open);
      const isComment = text.startsWith("/*", start);
      const end = isComment ? commentEnd(text, start) : text.indexOf("}}", start);
      if (end < 0) return undefined;
      if (!isComment) {
        const action = this.#action(text.slice(start, end));
        if (action === undefined || !survey.take(action, open, end + 2)) return undefined;
        actions.set(open, action);
      }
      open = text.indexOf("{{", end + 2);
    }
    const ends = survey.ends();
    return ends && { ends, actions, words: this.#words };
  }

  #action(text: string): Action | undefined {
    const known = this.#actions.get(text);
    if (known !== undefined || this.#actions.has(text)) return known;
    const action = readAction(text, this.#words);
    if (this.#actions.size >= rememberedActionsMax) this.#actions.clear();
    this.#actions.set(text, action);
    return action;
  }
}

/** Where the right delimiter of a comment begins; -1 where it is not where it belongs. */
export function commentEnd(text: string, start: number): number {
  const close = text.indexOf("*/", start + 2);
  if (close < 0) return -1;
  const width = rightDelimiterWidth(text, close + 2);
  return width === 0 ? -1 : close + width;
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

  ends(): ReadonlyMap<number, number> | undefined {
    return this.#blocks.length === 0 ? this.#ends : undefined;
  }

  /** False where the action does not surely belong where it stands. */
  take(action: Action, open: number, close: number): boolean {
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
