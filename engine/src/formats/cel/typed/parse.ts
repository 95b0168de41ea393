// From the text of an expression to its tree, macros expanded. Evaluation has a parser of its own, whose tree names no places of
// operators and keeps no macros apart: what an expression may be, what it costs and where it is wrong is told from this one.

import type { Element, Entry, Expression, Field } from "./expression.ts";
import { nestingMax } from "../limits.ts";
import { call, expandCall, expandMethod } from "./macros.ts";
import { SyntaxFault, type Token, tokensOf } from "./tokens.ts";

const operands =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const reserved: ReadonlySet<string> = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
);

/** The tree of an expression; throws a SyntaxFault. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(tokensOf(text));
  return parser.whole();
}

/** Operators of two operands, from the one that binds least. */
const levels: readonly (readonly string[])[] = [
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

class Parser {
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  /** What is wrong with a macro is told once the whole can be read. */
  #macroFault: SyntaxFault | undefined;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    const rest = this.#next();
    if (rest.kind !== "end")
      throw new SyntaxFault(rest.at, `Syntax error: mismatched input '${rest.text}' expecting <EOF>`);
    if (this.#macroFault !== undefined) throw this.#macroFault;
    return expression;
  }

  #expanded(at: number, expand: () => Expression | undefined): Expression | undefined {
    try {
      return expand();
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      this.#macroFault ??= error;
      return { kind: "literal", at, type: "null", value: "null" };
    }
  }

  #next(): Token {
    return this.#tokens[this.#index] as Token;
  }

  #take(): Token {
    const token = this.#next();
    if (token.kind !== "end") this.#index++;
    return token;
  }

  #sees(text: string): boolean {
    const { kind, text: found } = this.#next();
    return (kind === "symbol" || kind === "name") && found === text;
  }

  #takes(text: string): Token | undefined {
    return this.#sees(text) ? this.#take() : undefined;
  }

  #needs(text: string): Token {
    const token = this.#takes(text);
    if (token !== undefined) return token;
    const { at, text: found, kind } = this.#next();
    const words = kind === "end" ? "mismatched input" : "extraneous input";
    throw new SyntaxFault(at, `Syntax error: ${words} '${found}' expecting '${text}'`);
  }

  #expression(): Expression {
    if (++this.#depth > nestingMax)
      throw new SyntaxFault(this.#next().at, `expression recursion limit exceeded: ${nestingMax}`);
    const condition = this.#logical("||", () => this.#logical("&&", () => this.#binary(0)));
    const question = this.#takes("?");
    this.#depth--;
    if (question === undefined) return condition;
    const yes = this.#logical("||", () => this.#logical("&&", () => this.#binary(0)));
    this.#needs(":");
    return call(question.at, "_?_:_", condition, yes, this.#expression());
  }

  #logical(operator: "||" | "&&", term: () => Expression): Expression {
    let left = term();
    for (let token = this.#takes(operator); token !== undefined; token = this.#takes(operator))
      left = call(token.at, `_${operator}_`, left, term());
    return left;
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((one) => this.#sees(one));
      if (operator === undefined) return left;
      const { at } = this.#take();
      left = call(at, operator === "in" ? "@in" : `_${operator}_`, left, this.#binary(level + 1));
    }
  }

  #unary(): Expression {
    const operator = ["!", "-"].find((one) => this.#sees(one));
    if (operator === undefined) return this.#member();
    const { at } = this.#next();
    let count = 0;
    while (this.#sees(operator)) {
      const { kind } = this.#tokens[this.#index + 1] as Token;
      // A number has its own sign.
      if (operator === "-" && (kind === "int" || kind === "double")) break;
      this.#take();
      count++;
    }
    const operand = this.#member();
    return count % 2 === 0 ? operand : call(at, `${operator}_`, operand);
  }

  #member(): Expression {
    let operand = this.#primary();
    for (;;) {
      const dot = this.#takes(".");
      if (dot !== undefined) {
        operand = this.#afterDot(operand, dot);
        continue;
      }
      const bracket = this.#takes("[");
      if (bracket === undefined) return operand;
      const isOptional = this.#takes("?") !== undefined;
      const index = this.#expression();
      this.#needs("]");
      operand = call(bracket.at, isOptional ? "_[?_]" : "_[_]", operand, index);
    }
  }

  #afterDot(operand: Expression, { at }: Token): Expression {
    const isOptional = this.#takes("?") !== undefined;
    const name = this.#take();
    if (name.kind !== "name" && name.kind !== "quoted-name")
      throw new SyntaxFault(name.at, `Syntax error: mismatched input '${name.text}' expecting IDENTIFIER`);
    if (isOptional)
      return call(at, "_?._", operand, { kind: "literal", at: name.at, type: "string", value: name.text });
    const open = name.kind === "name" ? this.#takes("(") : undefined;
    if (open === undefined) return { kind: "select", at, operand, field: name.text, isTest: false };
    const args = this.#arguments();
    return (
      this.#expanded(open.at, () => expandMethod(open.at, operand, name.text, args)) ?? {
        kind: "call",
        at: open.at,
        function: name.text,
        target: operand,
        args,
      }
    );
  }

  #arguments(): Expression[] {
    const args: Expression[] = [];
    if (this.#takes(")") !== undefined) return args;
    do args.push(this.#expression());
    while (this.#takes(",") !== undefined);
    this.#needs(")");
    return args;
  }

  #primary(): Expression {
    const token = this.#take();
    const { at, text, kind } = token;
    if (kind === "string" || kind === "bytes") return { kind: "literal", at, type: kind, value: token.value ?? "" };
    if (kind === "int" || kind === "uint" || kind === "double") return this.#number(token, "");
    if (kind === "name") return this.#named(token);
    if (text === "-") return this.#number(this.#take(), "-", at);
    if (text === "." && this.#next().kind === "name") return this.#named(this.#take(), ".");
    if (text === "(") {
      const inner = this.#expression();
      this.#needs(")");
      return inner;
    }
    if (text === "[") return { kind: "list", at, elements: this.#elements() };
    if (text === "{") return { kind: "map", at, entries: this.#entries() };
    throw new SyntaxFault(at, `Syntax error: mismatched input '${text}' expecting ${operands}`);
  }

  #number({ kind, text, at }: Token, sign: string, signAt = at): Expression {
    if (kind === "double") return { kind: "literal", at: signAt, type: kind, value: `${sign}${text}` };
    const type = kind === "uint" ? "uint" : "int";
    const value = BigInt(text.replace(/u$/i, ""));
    if (!fits(value, sign, type)) throw new SyntaxFault(signAt, `invalid ${type} literal`);
    return { kind: "literal", at: signAt, type, value: `${sign}${value}` };
  }

  #named({ at, text }: Token, dot = ""): Expression {
    if (dot === "" && (text === "true" || text === "false")) return { kind: "literal", at, type: "bool", value: text };
    if (dot === "" && text === "null") return { kind: "literal", at, type: "null", value: text };
    if (text === "in") throw new SyntaxFault(at, `Syntax error: mismatched input 'in' expecting ${operands}`);
    const message = this.#message(at, `${dot}${text}`);
    if (message !== undefined) return message;
    if (reserved.has(text)) throw new SyntaxFault(at, `reserved identifier: ${text}`);
    const open = this.#takes("(");
    if (open === undefined) return { kind: "name", at, name: `${dot}${text}` };
    const args = this.#arguments();
    return this.#expanded(open.at, () => expandCall(open.at, text, args)) ?? call(open.at, `${dot}${text}`, ...args);
  }

  /** `Type.of.message{field: value}`, which begins as a name does. */
  #message(at: number, first: string): Expression | undefined {
    let index = this.#index;
    let type = first;
    while (this.#tokens[index]?.text === "." && this.#tokens[index + 1]?.kind === "name") {
      type += `.${this.#tokens[index + 1]?.text ?? ""}`;
      index += 2;
    }
    const open = this.#tokens[index];
    if (open?.kind !== "symbol" || open.text !== "{") return undefined;
    this.#index = index + 1;
    return { kind: "message", at: open.at === undefined ? at : open.at, type, fields: this.#fields() };
  }

  #elements(): Element[] {
    return this.#list("]", () => {
      const isOptional = this.#takes("?") !== undefined;
      return { value: this.#expression(), isOptional };
    });
  }

  #entries(): Entry[] {
    return this.#list("}", () => {
      const isOptional = this.#takes("?") !== undefined;
      const key = this.#expression();
      this.#needs(":");
      return { key, value: this.#expression(), isOptional };
    });
  }

  #fields(): Field[] {
    return this.#list("}", () => {
      const isOptional = this.#takes("?") !== undefined;
      const name = this.#take();
      const { at } = this.#needs(":");
      return { name: name.text, at, value: this.#expression(), isOptional };
    });
  }

  /** Parts with commas between them, and perhaps one behind the last. */
  #list<T>(close: string, part: () => T): T[] {
    const parts: T[] = [];
    while (this.#takes(close) === undefined) {
      if (parts.length > 0) {
        if (!this.#sees(",")) this.#needs(close);
        this.#take();
        if (this.#takes(close) !== undefined) break;
      }
      parts.push(part());
    }
    return parts;
  }
}

function fits(value: bigint, sign: string, type: "int" | "uint"): boolean {
  if (type === "uint") return value < 2n ** 64n;
  return value < 2n ** 63n || (sign === "-" && value === 2n ** 63n);
}
