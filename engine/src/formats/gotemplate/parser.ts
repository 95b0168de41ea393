// Parses a Go template into trees: one for the text itself, one for each {{define}} and {{block}} in it. Variables get
// their slots here, since their scopes are lexical. https://pkg.go.dev/text/template/parse

import { TemplateParseError } from "./faults.ts";
import { Lexer, LexicalError, type Token } from "./lexer.ts";
import { blockDepthMax, parenthesisDepthMax } from "./limits.ts";
import { complexProblem, parseNumber, unquote } from "./literals.ts";
import {
  type ArgumentNode,
  type BranchNode,
  type CommandNode,
  type Definition,
  formatNode,
  isBlank,
  type PipeNode,
  type Source,
  StatementList,
  type StatementNode,
  type VariableNode,
} from "./tree.ts";

/** How a list of statements ended. */
type ListEnd = { kind: "end" | "else"; token: Token };

/** What a definition's scope needs to know while it is parsed. */
type Scope = {
  variables: string[];
  /** Declared in a branch whose `else` is being parsed: Go knows these names there, yet finds no such variable when it runs. */
  left: string[];
  slots: number;
  rangeDepth: number;
};

/** All templates defined by `text`, the text's own last. `isFunction` says which functions exist. */
export function parseTemplate(name: string, text: string, isFunction: (name: string) => boolean): Definition[] {
  return new Parser({ name, text }, isFunction).parse();
}

class Parser {
  readonly #source: Source;
  readonly #isFunction: (name: string) => boolean;
  readonly #lexer: Lexer;
  readonly #definitions = new Map<string, Definition>();
  /** Tokens read ahead, the next one last. */
  #pending: Token[] = [];
  #last: Token = { type: "eof", value: "", position: 0, line: 1 };
  #scope: Scope = newScope();
  #parenthesisDepth = 0;
  #blockDepth = 0;
  /** The line of the action being read; 0 outside. */
  #actionLine = 0;

  constructor(source: Source, isFunction: (name: string) => boolean) {
    this.#source = source;
    this.#isFunction = isFunction;
    this.#lexer = new Lexer(source.text);
  }

  parse(): Definition[] {
    const list: StatementNode[] = [];
    for (;;) {
      const token = this.#next();
      if (token.type === "eof") break;
      if (
        token.type === "leftDelim" &&
        this.#peekNonSpace().value === "define" &&
        this.#peekNonSpace().type === "keyword"
      ) {
        this.#nextNonSpace();
        this.#define();
        continue;
      }
      const statement = this.#statement(token);
      if ("kind" in statement) this.#fail(`unexpected {{${statement.kind}}}`);
      list.push(statement);
    }
    this.#add(this.#source.name, new StatementList(list), this.#scope);
    return [...this.#definitions.values()];
  }

  #add(name: string, list: StatementList, scope: Scope): void {
    const isEmpty = isBlank(list);
    const known = this.#definitions.get(name);
    if (known !== undefined && !known.isEmpty) {
      if (!isEmpty) this.#fail(`template: multiple definition of template ${JSON.stringify(name)}`);
      return;
    }
    this.#definitions.set(name, { name, source: this.#source, list, slots: scope.slots, isEmpty });
  }

  #define(): void {
    const outer = this.#scope;
    const name = this.#templateName(this.#nextNonSpace(), "define clause");
    this.#expect("rightDelim", "define clause");
    this.#scope = newScope();
    const { list, end } = this.#list();
    if (end.kind !== "end") this.#fail(`unexpected {{${end.kind}}} in define clause`);
    this.#add(name, list, this.#scope);
    this.#scope = outer;
  }

  // Tokens.

  #next(): Token {
    const token = this.#pending.pop() ?? this.#lexed();
    if (token.error !== undefined) this.#failLexing(token.error);
    this.#last = token;
    return token;
  }

  /** What the lexer finds wrong counts only when the token is used: another error may come first. */
  #lexed(): Token {
    try {
      return this.#lexer.next();
    } catch (error) {
      if (!(error instanceof LexicalError)) throw error;
      return { type: "error", value: "", position: this.#last.position, line: this.#last.line, error };
    }
  }

  #nextNonSpace(): Token {
    if (this.#pending.length === 0) this.#lexer.skipSpace();
    let token = this.#next();
    while (token.type === "space") token = this.#next();
    return token;
  }

  #back(token: Token): void {
    this.#pending.push(token);
  }

  #peek(): Token {
    const token = this.#pending.at(-1);
    return token === undefined ? this.#putBack(this.#taken(false)) : this.#seen(token);
  }

  #peekNonSpace(): Token {
    const token = this.#pending.at(-1);
    return token === undefined || token.type === "space" ? this.#putBack(this.#taken(true)) : this.#seen(token);
  }

  #seen(token: Token): Token {
    if (token.error === undefined) this.#last = token;
    return token;
  }

  #putBack(token: Token): Token {
    this.#pending.push(token);
    return token;
  }

  #taken(skipsSpace: boolean): Token {
    if (skipsSpace && this.#pending.length === 0) this.#lexer.skipSpace();
    let token = this.#pending.pop() ?? this.#lexed();
    while (skipsSpace && token.type === "space") token = this.#pending.pop() ?? this.#lexed();
    return this.#seen(token);
  }

  #expect(type: Token["type"], context: string): Token {
    const token = this.#nextNonSpace();
    if (token.type !== type) this.#unexpected(token, context);
    return token;
  }

  #fail(message: string): never {
    throw new TemplateParseError(`template: ${this.#source.name}:${this.#last.line}: ${message}`);
  }

  /** An error that Go's lexer hands on as a token: it names the line where the action began, if that is another. */
  #failLexing({ message, line }: LexicalError): never {
    const { name } = this.#source;
    const start = this.#actionLine === 0 || this.#actionLine === line ? "" : ` started at ${name}:${this.#actionLine}`;
    const inAction = start === "" || message.endsWith(" action") ? "" : " in action";
    throw new TemplateParseError(`template: ${name}:${line}: ${message}${inAction}${start}`);
  }

  #unexpected(token: Token, context: string): never {
    if (token.error !== undefined) this.#failLexing(token.error);
    this.#fail(`unexpected ${formatToken(token)} in ${context}`);
  }

  // Statements.

  #list(): { list: StatementList; end: ListEnd } {
    if (++this.#blockDepth > blockDepthMax) this.#fail(`control structures nested more than ${blockDepthMax} deep`);
    const nodes: StatementNode[] = [];
    for (;;) {
      const token = this.#next();
      if (token.type === "eof") this.#fail("unexpected EOF");
      const statement = this.#statement(token);
      if ("kind" in statement) {
        this.#blockDepth--;
        return { list: new StatementList(nodes), end: statement };
      }
      nodes.push(statement);
    }
  }

  #statement(token: Token): StatementNode | ListEnd {
    if (token.type === "text")
      return { type: "text", position: token.position, source: this.#source, value: token.value };
    if (token.type !== "leftDelim") this.#unexpected(token, "input");
    this.#actionLine = token.line;
    const statement = this.#action();
    this.#actionLine = 0;
    return statement;
  }

  #action(): StatementNode | ListEnd {
    const token = this.#nextNonSpace();
    const place = { position: token.position, source: this.#source };
    if (token.type !== "keyword") {
      this.#back(token);
      return { type: "action", ...place, pipe: this.#pipeline("command", "rightDelim") };
    }
    switch (token.value) {
      case "if":
      case "range":
      case "with":
        return this.#branch(token.value);
      case "template":
        return this.#template(token);
      case "block":
        return this.#block();
      case "end":
        return { kind: "end", token: this.#expect("rightDelim", "end") };
      case "else":
        return this.#else();
      case "break":
      case "continue":
        return this.#jump(token.value, place);
      default:
        return this.#unexpected(token, "command");
    }
  }

  #jump(keyword: "break" | "continue", place: { position: number; source: Source }): StatementNode {
    const token = this.#nextNonSpace();
    if (token.type !== "rightDelim") this.#unexpected(token, `{{${keyword}}}`);
    if (this.#scope.rangeDepth === 0) this.#fail(`{{${keyword}}} outside {{range}}`);
    return { type: keyword, ...place };
  }

  #else(): ListEnd {
    const token = this.#peekNonSpace();
    if (token.type === "keyword" && (token.value === "if" || token.value === "with")) return { kind: "else", token };
    return { kind: "else", token: this.#expect("rightDelim", "else") };
  }

  #branch(keyword: "if" | "range" | "with"): BranchNode {
    const scope = this.#scope;
    const [visible, left] = [scope.variables.length, scope.left.length];
    const pipe = this.#pipeline(keyword, "rightDelim");
    const declared = scope.variables.length;
    if (keyword === "range") scope.rangeDepth++;
    const { list, end } = this.#list();
    if (keyword === "range") scope.rangeDepth--;
    scope.left.push(...scope.variables.splice(declared));
    const elseList = end.kind === "else" ? this.#elseList(keyword) : undefined;
    // Slots are reused after the scope; a popped name can no longer be found.
    scope.variables.length = visible;
    scope.left.length = left;
    return { type: keyword, position: pipe.position, source: this.#source, pipe, list, elseList };
  }

  #elseList(keyword: "if" | "range" | "with"): StatementList {
    const token = this.#peek();
    if (keyword !== "range" && token.type === "keyword" && token.value === keyword) {
      this.#next();
      if (++this.#blockDepth > blockDepthMax) this.#fail(`control structures nested more than ${blockDepthMax} deep`);
      const branch = this.#branch(keyword);
      this.#blockDepth--;
      return new StatementList([branch]);
    }
    if (token.type === "keyword") this.#unexpected(token, "input");
    const { list, end } = this.#list();
    if (end.kind !== "end") this.#fail("expected end; found {{else}}");
    return list;
  }

  #template(keyword: Token): StatementNode {
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, "template clause");
    const next = this.#nextNonSpace();
    let pipe: PipeNode | undefined;
    if (next.type !== "rightDelim") {
      this.#back(next);
      pipe = this.#pipeline("template clause", "rightDelim");
    }
    void keyword;
    return { type: "template", position: token.position, source: this.#source, name, pipe };
  }

  #block(): StatementNode {
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, "block clause");
    const pipe = this.#pipeline("block clause", "rightDelim");
    const outer = this.#scope;
    this.#scope = newScope();
    const { list, end } = this.#list();
    if (end.kind !== "end") this.#fail(`unexpected {{${end.kind}}} in block clause`);
    this.#add(name, list, this.#scope);
    this.#scope = outer;
    return { type: "template", position: token.position, source: this.#source, name, pipe };
  }

  #templateName(token: Token, context: string): string {
    if (token.type !== "string" && token.type !== "rawString") this.#unexpected(token, context);
    return this.#unquoted(token.value);
  }

  #unquoted(literal: string): string {
    const value = unquote(literal);
    if (value === undefined) this.#fail("invalid syntax");
    return value;
  }

  // Pipelines.

  #pipeline(context: string, end: "rightDelim" | "rightParen"): PipeNode {
    const first = this.#peekNonSpace();
    const pipe: PipeNode = {
      type: "pipe",
      position: first.position,
      source: this.#source,
      isAssign: false,
      declarations: [],
      commands: [],
    };
    const declared = this.#declarations(pipe, context);
    for (;;) {
      const token = this.#nextNonSpace();
      if (token.type === end) break;
      if (!startsOperand(token)) this.#unexpected(token, context);
      this.#back(token);
      pipe.commands.push(this.#command());
    }
    this.#checkPipeline(pipe, context);
    // Only now: the pipeline itself still sees what the names meant before.
    pipe.declarations = declared.map((token) => this.#declare(token, pipe.isAssign));
    return pipe;
  }

  #declarations(pipe: PipeNode, context: string): Token[] {
    const names: Token[] = [];
    while (this.#peekNonSpace().type === "variable") {
      const variable = this.#nextNonSpace();
      // What the lexer finds wrong behind a variable counts only after the variable itself.
      const after = this.#taken(false);
      const next = after.type === "space" ? this.#taken(true) : after;
      if (next.type === "assign" || next.type === "declare") {
        pipe.isAssign = next.type === "assign";
        names.push(variable);
        break;
      }
      if (next.type !== "punctuation" || next.value !== ",") {
        this.#back(next);
        if (after !== next) this.#back(after);
        this.#back(variable);
        break;
      }
      names.push(variable);
      const following = this.#peekNonSpace();
      if (context !== "range" || names.length > 1) this.#fail(`too many declarations in ${context}`);
      if (following.type !== "variable" && following.type !== "rightDelim" && following.type !== "rightParen")
        this.#fail("range can only initialize variables");
    }
    return names;
  }

  #declare(token: Token, isAssign: boolean): VariableNode {
    const slot = isAssign ? this.#scope.variables.lastIndexOf(token.value) : this.#newSlot(token.value);
    return { type: "variable", position: token.position, source: this.#source, name: token.value, names: [], slot };
  }

  #newSlot(name: string): number {
    const scope = this.#scope;
    scope.variables.push(name);
    scope.slots = Math.max(scope.slots, scope.variables.length);
    return scope.variables.length - 1;
  }

  #checkPipeline(pipe: PipeNode, context: string): void {
    if (pipe.commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [i, command] of pipe.commands.entries()) {
      const type = command.args[0]?.type;
      if (i > 0 && (type === "bool" || type === "dot" || type === "nil" || type === "number" || type === "string"))
        this.#fail(`non executable command in pipeline stage ${i + 1}`);
    }
  }

  #command(): CommandNode {
    const command: CommandNode = {
      type: "command",
      position: this.#peekNonSpace().position,
      source: this.#source,
      args: [],
    };
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) command.args.push(operand);
      if (this.#pending.length === 0 && this.#lexer.skipSpace()) continue;
      const token = this.#next();
      if (token.type === "space") continue;
      if (token.type === "rightDelim" || token.type === "rightParen") this.#back(token);
      else if (token.type !== "pipe") this.#unexpected(token, "operand");
      break;
    }
    if (command.args.length === 0) this.#fail("empty command");
    return command;
  }

  #operand(): ArgumentNode | undefined {
    const node = this.#term();
    const isAlone = this.#pending.length === 0 && this.#lexer.isAtSpace;
    if (node === undefined || isAlone || this.#peek().type !== "field") return node;
    const position = this.#peek().position;
    const names: string[] = [];
    while (this.#peek().type === "field") names.push(this.#next().value.slice(1));
    switch (node.type) {
      case "field":
      case "variable":
        return { ...node, position, names: [...node.names, ...names] };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        return this.#fail(`unexpected . after term ${JSON.stringify(formatNode(node))}`);
      case "identifier":
      case "chain":
      case "pipe":
        return { type: "chain", position, source: this.#source, node, names };
    }
  }

  #term(): ArgumentNode | undefined {
    const token = this.#nextNonSpace();
    const place = { position: token.position, source: this.#source };
    // Whatever else stands here starts no operand.
    const type: string = token.type;
    switch (type) {
      case "identifier":
        if (!this.#isFunction(token.value)) this.#fail(`function ${JSON.stringify(token.value)} not defined`);
        return { type: "identifier", ...place, name: token.value };
      case "dot":
      case "nil":
        return { type: type === "dot" ? "dot" : "nil", ...place };
      case "variable":
        return this.#variable(token);
      case "field":
        return { type: "field", ...place, names: [token.value.slice(1)] };
      case "bool":
        return { type: "bool", ...place, value: token.value === "true" };
      case "char":
      case "complex":
      case "number":
        return { type: "number", ...place, literal: token.value, value: this.#number(token) };
      case "leftParen":
        return this.#parenthesised();
      case "string":
      case "rawString":
        return { type: "string", ...place, quoted: token.value, value: this.#unquoted(token.value) };
      default:
        this.#back(token);
        return undefined;
    }
  }

  #number(token: Token): NonNullable<ReturnType<typeof parseNumber>> {
    const value = parseNumber(token.value, token.type);
    if (value !== undefined) return value;
    if (token.type === "complex") this.#fail(complexProblem(token.value));
    this.#fail(
      token.type === "char"
        ? `malformed character constant: ${token.value}`
        : `illegal number syntax: ${JSON.stringify(token.value)}`,
    );
  }

  #parenthesised(): PipeNode {
    if (++this.#parenthesisDepth > parenthesisDepthMax) this.#fail("max expression depth exceeded");
    const pipe = this.#pipeline("parenthesized pipeline", "rightParen");
    this.#parenthesisDepth--;
    return pipe;
  }

  #variable(token: Token): VariableNode {
    const slot = this.#scope.variables.lastIndexOf(token.value);
    if (slot < 0 && !this.#scope.left.includes(token.value))
      this.#fail(`undefined variable ${JSON.stringify(token.value)}`);
    return { type: "variable", position: token.position, source: this.#source, name: token.value, names: [], slot };
  }
}

function newScope(): Scope {
  return { variables: ["$"], left: [], slots: 1, rangeDepth: 0 };
}

const operandStarts: ReadonlySet<Token["type"]> = new Set<Token["type"]>([
  "bool",
  "char",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "rawString",
  "string",
  "variable",
  "leftParen",
]);

function startsOperand(token: Token): boolean {
  return operandStarts.has(token.type);
}

/** A token as Go's parser names it in an error. */
function formatToken(token: Token): string {
  if (token.type === "eof") return "EOF";
  if (token.type === "keyword" || token.type === "dot") return `<${token.value}>`;
  if (token.value.length > 10) return `${JSON.stringify(token.value.slice(0, 10))}...`;
  return JSON.stringify(token.value);
}
