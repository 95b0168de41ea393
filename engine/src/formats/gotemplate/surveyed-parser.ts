// Parses a text that was surveyed, by what the survey knows of it: the same trees that the parser makes, in less time, since
// nothing in it can be wrong. Long lists are parsed when they are asked for.

import type { Action } from "./action.ts";
import { contentStart, isSpace, textEndBefore } from "./lexer.ts";
import { commentEnd, type SurveyedText } from "./survey.ts";
import { readSurveyedPipe } from "./surveyed-pipe.ts";
import { type BranchNode, type Definition, isBlank, type PipeNode, type Source, StatementList } from "./tree.ts";
import type { StatementNode } from "./tree.ts";

/** All templates defined by `text`, the text's own last. */
export function parseSurveyed(name: string, text: string, survey: SurveyedText): Definition[] {
  return new SurveyedParser({ name, text }, survey, { at: 0, trims: false, variables: ["$"] }).parse();
}

/** Where a parser begins, whether blanks there count, and the variables it knows. */
type Start = { at: number; trims: boolean; variables: string[] };

class SurveyedParser {
  readonly #source: Source;
  readonly #survey: SurveyedText;
  readonly #definitions: Definition[] = [];
  #at: number;
  #trims: boolean;
  /** The variables that are visible, by their places in the frame, and how many there are at most. */
  #variables: string[];
  #slots: number;
  /** Where the text of the last action begins. */
  #start = 0;

  constructor(source: Source, survey: SurveyedText, { at, trims, variables }: Start) {
    this.#source = source;
    this.#survey = survey;
    this.#at = at;
    this.#trims = trims;
    this.#variables = variables;
    this.#slots = variables.length;
  }

  parse(): Definition[] {
    const nodes: StatementNode[] = [];
    for (let action = this.#next(nodes); action !== undefined; action = this.#next(nodes)) {
      if (action.keyword === "define") this.#define(action);
      else nodes.push(this.#statement(action));
    }
    this.#add(this.#source.name, new StatementList(nodes), this.#slots);
    return this.#definitions;
  }

  #add(name: string, list: StatementList, slots: number): void {
    this.#definitions.push({ name, source: this.#source, list, slots, isEmpty: isBlank(list) });
  }

  #define({ name }: Action): void {
    const [variables, slots] = [this.#variables, this.#slots];
    this.#variables = ["$"];
    this.#slots = 1;
    const { list } = this.#list();
    this.#add(name, list, this.#slots);
    this.#variables = variables;
    this.#slots = slots;
  }

  /** The next action that is no comment, undefined at the end; the text before it goes to `nodes`. */
  #next(nodes: StatementNode[]): Action | undefined {
    const { text } = this.#source;
    for (;;) {
      if (this.#trims) while (isSpace(text[this.#at])) this.#at++;
      const open = text.indexOf("{{", this.#at);
      if (open < 0) {
        this.#addText(nodes, text.length);
        return undefined;
      }
      this.#start = contentStart(text, open);
      this.#addText(nodes, textEndBefore(text, this.#at, open, this.#start));
      const action = this.#survey.actions.get(open);
      const end = action === undefined ? commentEnd(text, this.#start) : this.#start + action.length;
      this.#trims = action === undefined ? text[end - 1] === "-" : action.isTrimmed;
      this.#at = end + 2;
      if (action !== undefined) return action;
    }
  }

  #addText(nodes: StatementNode[], end: number): void {
    if (end <= this.#at) return;
    const value = this.#source.text.slice(this.#at, end);
    nodes.push({ type: "text", position: this.#at, source: this.#source, value });
  }

  /** The list that begins here, and the action that ends it. A long one is parsed when it is asked for. */
  #list(): { list: StatementList; end: Action } {
    const end = this.#survey.ends.get(this.#at);
    if (end === undefined) return this.#readList();
    const start = { at: this.#at, trims: this.#trims, variables: this.#variables.slice() };
    const [source, survey] = [this.#source, this.#survey];
    const list = new StatementList(() => new SurveyedParser(source, survey, start).#readList().list.nodes);
    this.#at = end;
    return { list, end: this.#next([]) as Action };
  }

  #readList(): { list: StatementList; end: Action } {
    const nodes: StatementNode[] = [];
    for (;;) {
      const action = this.#next(nodes) as Action;
      if (action.keyword === "end" || action.keyword === "else") return { list: new StatementList(nodes), end: action };
      nodes.push(this.#statement(action));
    }
  }

  #statement(action: Action): StatementNode {
    const place = { position: this.#start + action.offset, source: this.#source };
    switch (action.keyword) {
      case "if":
      case "with":
      case "range":
        return this.#branch(action.keyword, action);
      case "template": {
        const pipe = action.pipelineAt === undefined ? undefined : this.#pipe(action);
        return { type: "template", ...place, name: action.name, pipe };
      }
      case "break":
      case "continue":
        return { type: action.keyword, ...place };
      case "pipeline":
      case "define":
      case "else":
      case "end":
        return { type: "action", ...place, pipe: this.#pipe(action) };
    }
  }

  #branch(keyword: "if" | "with" | "range", action: Action): BranchNode {
    const visible = this.#variables.length;
    const pipe = this.#pipe(action);
    const declared = this.#variables.length;
    const { list, end } = this.#list();
    this.#variables.length = declared;
    const elseList = end.keyword === "else" ? this.#elseList(end) : undefined;
    // Slots are reused after the scope; a name that is gone can no longer be found.
    this.#variables.length = visible;
    return { type: keyword, position: pipe.position, source: this.#source, pipe, list, elseList };
  }

  #elseList(action: Action): StatementList {
    return action.goesOn === undefined ? this.#list().list : new StatementList([this.#branch(action.goesOn, action)]);
  }

  #pipe(action: Action): PipeNode {
    const pipe = readSurveyedPipe(action, {
      words: this.#survey.words,
      source: this.#source,
      start: this.#start,
      variables: this.#variables,
    });
    this.#slots = Math.max(this.#slots, this.#variables.length);
    return pipe;
  }
}
