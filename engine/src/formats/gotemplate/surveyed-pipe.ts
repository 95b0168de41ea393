// The tree of a surveyed action's pipeline, straight from its words. It is what the parser makes of the same text, in less time:
// nothing here can be wrong any more, so nothing is looked at twice.

import type { Action } from "./action.ts";
import { isSpace } from "./lexer.ts";
import type { ArgumentNode, CommandNode, PipeNode, Source, VariableNode } from "./tree.ts";
import type { Words } from "./words.ts";

export type SurveyedPlace = {
  words: Words;
  source: Source;
  /** Where the action's text begins, behind its delimiter. */
  start: number;
  /** Those that are visible, by their places in the frame; what the pipeline declares is added. */
  variables: string[];
};

/** The action's pipeline. */
export function readSurveyedPipe(action: Action, place: SurveyedPlace): PipeNode {
  return new PipeReader(action, place).read(action);
}

class PipeReader {
  readonly #tokens: readonly string[];
  readonly #place: SurveyedPlace;
  #at: number;
  /** Where the token at `#at` begins in the template. */
  #position: number;

  constructor({ tokens, pipelineAt }: Action, place: SurveyedPlace) {
    this.#tokens = tokens;
    this.#place = place;
    this.#at = pipelineAt as number;
    this.#position = place.start;
    for (let i = 0; i < this.#at; i++) this.#position += (tokens[i] as string).length;
  }

  read({ sets, isAssign }: Action): PipeNode {
    const start = this.#position;
    const names: { name: string; position: number }[] = [];
    while (names.length < sets) {
      const name = this.#tokens[this.#at] as string;
      if (name.startsWith("$")) names.push({ name, position: this.#position });
      this.#step();
    }
    if (sets > 0) {
      while (!(this.#tokens[this.#at] as string).endsWith("=")) this.#step();
      this.#step();
    }
    const pipe = this.#pipe();
    pipe.position = start;
    pipe.isAssign = isAssign;
    // Only now: the pipeline itself still sees what the names meant before.
    const { source, variables } = this.#place;
    pipe.declarations = names.map(({ name, position }): VariableNode => {
      const slot = isAssign ? variables.lastIndexOf(name) : variables.push(name) - 1;
      return { type: "variable", position, source, name, names: [], slot };
    });
    return pipe;
  }

  #step(): void {
    this.#position += (this.#tokens[this.#at] as string).length;
    this.#at++;
  }

  /** Up to the end, or to behind the parenthesis that closes it. */
  #pipe(): PipeNode {
    const { source } = this.#place;
    const pipe: PipeNode = { type: "pipe", position: -1, source, isAssign: false, declarations: [], commands: [] };
    let command: CommandNode | undefined;
    for (; this.#at < this.#tokens.length; this.#step()) {
      const token = this.#tokens[this.#at] as string;
      if (isSpace(token[0])) continue;
      if (token === ")") break;
      if (token === "|") {
        command = undefined;
        continue;
      }
      if (pipe.position < 0) pipe.position = this.#position;
      if (command === undefined) {
        command = { type: "command", position: this.#position, source, args: [] };
        pipe.commands.push(command);
      }
      command.args.push(token === "(" ? this.#parenthesised() : this.#operand(token));
    }
    return pipe;
  }

  /** Leaves the last token it took as the one that is stepped over. */
  #parenthesised(): ArgumentNode {
    this.#step();
    const node = this.#pipe();
    const behind = this.#tokens[this.#at + 1];
    if (behind === undefined || behind.length < 2 || behind[0] !== ".") return node;
    this.#step();
    const word = this.#place.words.of(behind);
    const names = word.type === "field" ? word.names : [];
    return { type: "chain", position: this.#position, source: this.#place.source, node, names };
  }

  #operand(token: string): ArgumentNode {
    const { source, variables, words } = this.#place;
    const word = words.of(token);
    const position = this.#position;
    switch (word.type) {
      case "field":
        return { type: "field", position: position + word.shift, source, names: word.names };
      case "variable": {
        const { name, names, shift } = word;
        return { type: "variable", position: position + shift, source, name, names, slot: variables.lastIndexOf(name) };
      }
      case "identifier":
        return { type: "identifier", position, source, name: word.name };
      case "string":
        return { type: "string", position, source, quoted: word.quoted, value: word.value };
      case "number":
        return { type: "number", position, source, literal: word.literal, value: word.value };
      case "bool":
        return { type: "bool", position, source, value: word.value };
      case "dot":
      case "nil":
      case "no":
        return { type: word.type === "dot" ? "dot" : "nil", position, source };
    }
  }
}
