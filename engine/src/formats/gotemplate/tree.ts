// The tree of a parsed template. Positions are offsets into the text, for errors; `text` gives a node back in Go's own
// spelling, which error messages quote.

export type Source = { name: string; text: string };

export type NumberValue = {
  /** The value where it is exact as an int, an unsigned int, a float or a complex number. */
  int?: bigint;
  uint?: bigint;
  float?: number;
  complex?: { real: number; imaginary: number };
};

type Place = { position: number; source: Source };

export type DotNode = Place & { type: "dot" };
export type NilNode = Place & { type: "nil" };
export type BoolNode = Place & { type: "bool"; value: boolean };
export type StringNode = Place & { type: "string"; quoted: string; value: string };
export type NumberNode = Place & { type: "number"; literal: string; value: NumberValue };
export type FieldNode = Place & { type: "field"; names: string[] };
/** `slot` is the variable's place in the frame; -1 for what is not declared when it runs. */
export type VariableNode = Place & { type: "variable"; name: string; names: string[]; slot: number };
export type IdentifierNode = Place & { type: "identifier"; name: string };
export type ChainNode = Place & { type: "chain"; node: ArgumentNode; names: string[] };
export type PipeNode = Place & {
  type: "pipe";
  isAssign: boolean;
  declarations: VariableNode[];
  commands: CommandNode[];
};
export type CommandNode = Place & { type: "command"; args: ArgumentNode[] };

export type ArgumentNode =
  | DotNode
  | NilNode
  | BoolNode
  | StringNode
  | NumberNode
  | FieldNode
  | VariableNode
  | IdentifierNode
  | ChainNode
  | PipeNode;

export type TextNode = Place & { type: "text"; value: string };
export type ActionNode = Place & { type: "action"; pipe: PipeNode };
export type BranchNode = Place & {
  type: "if" | "range" | "with";
  pipe: PipeNode;
  list: StatementList;
  elseList: StatementList | undefined;
};
export type TemplateNode = Place & { type: "template"; name: string; pipe: PipeNode | undefined };
export type BreakNode = Place & { type: "break" };
export type ContinueNode = Place & { type: "continue" };

export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | BreakNode | ContinueNode;
export type Node = ArgumentNode | CommandNode | StatementNode;

/** Statements of a block or a template; those of a long one are parsed when they are first asked for. */
export class StatementList {
  #nodes: readonly StatementNode[] | (() => readonly StatementNode[]);

  constructor(nodes: readonly StatementNode[] | (() => readonly StatementNode[])) {
    this.#nodes = nodes;
  }

  get isParsed(): boolean {
    return typeof this.#nodes !== "function";
  }

  get nodes(): readonly StatementNode[] {
    if (typeof this.#nodes === "function") this.#nodes = this.#nodes();
    return this.#nodes;
  }
}

/** True for a list that only has blanks. One that is not parsed yet has actions. */
export function isBlank(list: StatementList): boolean {
  return list.isParsed && list.nodes.every((node) => node.type === "text" && node.value.trim() === "");
}

/** One named template. */
export type Definition = { name: string; source: Source; list: StatementList; slots: number; isEmpty: boolean };

/** A node as Go prints it in an error. */
export function formatNode(node: Node): string {
  switch (node.type) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "string":
      return node.quoted;
    case "number":
      return node.literal;
    case "field":
      return node.names.map((name) => `.${name}`).join("");
    case "variable":
      return [node.name, ...node.names].join(".");
    case "identifier":
      return node.name;
    case "chain":
      return formatChain(node);
    case "pipe":
      return formatPipe(node);
    case "command":
      return node.args.map((arg) => (arg.type === "pipe" ? `(${formatPipe(arg)})` : formatNode(arg))).join(" ");
    case "action":
    case "break":
    case "continue":
    case "if":
    case "range":
    case "template":
    case "text":
    case "with":
      return formatStatement(node);
  }
}

function formatChain(node: ChainNode): string {
  const inner = formatNode(node.node);
  return (node.node.type === "pipe" ? `(${inner})` : inner) + node.names.map((name) => `.${name}`).join("");
}

function formatPipe(pipe: PipeNode): string {
  const commands = pipe.commands.map(formatNode).join(" | ");
  if (pipe.declarations.length === 0) return commands;
  return `${pipe.declarations.map(formatNode).join(", ")} ${pipe.isAssign ? "=" : ":="} ${commands}`;
}

function formatStatement(node: StatementNode): string {
  switch (node.type) {
    case "text":
      return node.value;
    case "action":
      return `{{${formatPipe(node.pipe)}}}`;
    case "template":
      return `{{template ${JSON.stringify(node.name)}${node.pipe === undefined ? "" : ` ${formatPipe(node.pipe)}`}}}`;
    case "break":
    case "continue":
      return `{{${node.type}}}`;
    case "if":
    case "range":
    case "with": {
      const head = `{{${node.type} ${formatPipe(node.pipe)}}}${node.list.nodes.map(formatStatement).join("")}`;
      return `${head}${node.elseList === undefined ? "" : `{{else}}${node.elseList.nodes.map(formatStatement).join("")}`}{{end}}`;
    }
  }
}

/** "NAME:LINE:COLUMN" of a node; the column counts bytes from 0. */
export function formatPlace(node: Node, byteLength: (text: string) => number): string {
  const before = node.source.text.slice(0, node.position);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  return `${node.source.name}:${line}:${byteLength(before.slice(lineStart))}`;
}
