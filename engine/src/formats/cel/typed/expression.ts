// What an expression is made of once its macros are expanded. Operators are calls of functions with names of their own (`_+_`, `_[_]`).
// `at` is the place that an error about a node names: an operator's own, the bracket of a call.

export type LiteralType = "null" | "bool" | "int" | "uint" | "double" | "string" | "bytes";

export type Expression = { at: number } & (
  | { kind: "literal"; type: LiteralType; value: string }
  | { kind: "name"; name: string }
  | { kind: "select"; operand: Expression; field: string; isTest: boolean }
  | { kind: "call"; function: string; target: Expression | undefined; args: Expression[] }
  | { kind: "list"; elements: Element[] }
  | { kind: "map"; entries: Entry[] }
  | { kind: "message"; type: string; fields: Field[] }
  | Fold
);

/** `[a, ?b]`: an optional element is there when it has a value. */
export type Element = { value: Expression; isOptional: boolean };
export type Entry = { key: Expression; value: Expression; isOptional: boolean };
export type Field = { name: string; at: number; value: Expression; isOptional: boolean };

/** What `all`, `map` and their like become: a range folded into one value. */
export type Fold = {
  kind: "fold";
  range: Expression;
  variable: string;
  /** The value beside an index or a key. */
  second: string | undefined;
  accumulator: string;
  start: Expression;
  condition: Expression;
  step: Expression;
  result: Expression;
};

/** The accumulator of the language's own macros: no name that a person can write. */
export const accumulator = "@result";

/** A name of several parts, `a.b.c`; undefined for anything else. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "select" || expression.isTest) return undefined;
  const before = qualifiedName(expression.operand);
  return before === undefined ? undefined : `${before}.${expression.field}`;
}

/** What a node is made of, in the order in which it is looked at. */
export function partsOf(node: Expression): Expression[] {
  switch (node.kind) {
    case "select":
      return [node.operand];
    case "call":
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case "list":
      return node.elements.map(({ value }) => value);
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "message":
      return node.fields.map(({ value }) => value);
    case "fold":
      return [node.range, node.start, node.condition, node.step, node.result];
    case "literal":
    case "name":
      return [];
  }
}
