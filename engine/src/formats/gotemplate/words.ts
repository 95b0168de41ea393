// The words of well-formed actions, each looked at once: what it is, and what a tree says of it. What is written otherwise than
// charts write it is "no", and left to the lexer and the parser.

import { rememberedActionsMax } from "./limits.ts";
import { parseNumber, unquote } from "./literals.ts";
import type { NumberValue } from "./tree.ts";

/** `shift` is where the place of the node stands in the word: the last names begin there, if several follow each other. */
export type Word =
  | { type: "field"; names: string[]; shift: number }
  | { type: "variable"; name: string; names: string[]; shift: number }
  | { type: "identifier"; name: string }
  | { type: "dot" | "nil" }
  | { type: "bool"; value: boolean }
  | { type: "string"; quoted: string; value: string }
  | { type: "number"; literal: string; value: NumberValue }
  | { type: "no" };

const fieldShape = /^\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const variableShape = /^\$(?:[A-Za-z_]\w*)?(?:\.[A-Za-z_]\w*)*$/;
const numberShape = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;
const nameShape = /^[A-Za-z_]\w*$/;

/** The words that begin actions of their own kind. */
export const keywords: ReadonlySet<string> = new Set(
  "if with range else end define template break continue block".split(" "),
);

const none: Word = { type: "no" };

export class Words {
  readonly #isFunction: (name: string) => boolean;
  readonly #known = new Map<string, Word>();

  constructor(isFunction: (name: string) => boolean) {
    this.#isFunction = isFunction;
  }

  of(text: string): Word {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const word = this.#read(text);
    if (this.#known.size >= rememberedActionsMax) this.#known.clear();
    this.#known.set(text, word);
    return word;
  }

  #read(text: string): Word {
    const first = text[0];
    if (first === ".") return text === "." ? { type: "dot" } : readField(text);
    if (first === "$") return readVariable(text);
    return first === '"' || first === "`" ? readString(text) : this.#readName(text);
  }

  #readName(text: string): Word {
    if (text === "true" || text === "false") return { type: "bool", value: text === "true" };
    if (text === "nil") return { type: "nil" };
    if (numberShape.test(text)) return readNumber(text);
    return nameShape.test(text) && !keywords.has(text) && this.#isFunction(text)
      ? { type: "identifier", name: text }
      : none;
  }
}

function readField(text: string): Word {
  if (!fieldShape.test(text)) return none;
  return { type: "field", names: text.slice(1).split("."), shift: Math.max(text.indexOf(".", 1), 0) };
}

function readVariable(text: string): Word {
  if (!variableShape.test(text)) return none;
  const [name, ...names] = text.split(".") as [string, ...string[]];
  return { type: "variable", name, names, shift: names.length === 0 ? 0 : name.length };
}

function readString(text: string): Word {
  const value = text.length > 1 ? unquote(text) : undefined;
  return value === undefined ? none : { type: "string", quoted: text, value };
}

function readNumber(text: string): Word {
  const value = parseNumber(text, "number");
  return value === undefined ? none : { type: "number", literal: text, value };
}
