// What an expression may cost at most, from its tree, its types and the sizes that its schema allows: the estimate by which a definition
// with rules that are too expensive is refused (cel-go/checker/cost.go, v0.26). A part of the data is known by its path, `self`, then
// names of fields, `@items`, `@values`, `@keys`.

import { type CallCost, callCost, type Operand, type Operands, sizeOf } from "./call-costs.ts";
import type { Checked } from "./checker.ts";
import type { Declared } from "./declared.ts";
import { accumulator, type Expression, type Fold } from "./expression.ts";
import { add, fixed, most, multiply, nothing, type Range, scaled, sum, union, unknownSize } from "./sizes.ts";
import { type CelType, dyn, unwrapped } from "./types.ts";

/** The sizes of the items of a list, or of the keys and values of a map. */
type Entries = { isList: boolean; key: Range; value: Range };

type Variable = { path: readonly string[]; size: Range | undefined; entries: Entries | undefined };

const listCost = fixed(10);
const mapCost = fixed(30);

/** Units of cost, at most. */
export function costOf(expression: Expression, checked: Checked, root: Declared): bigint {
  return new Coster(checked, root).cost(expression).max;
}

class Coster {
  readonly #checked: Checked;
  readonly #root: Declared;
  readonly #paths = new Map<Expression, readonly string[]>();
  readonly #sizes = new Map<Expression, Range>();
  readonly #entries = new Map<Expression, Entries>();
  readonly #variables = new Map<string, Variable[]>();

  constructor(checked: Checked, root: Declared) {
    this.#checked = checked;
    this.#root = root;
  }

  cost(node: Expression): Range {
    switch (node.kind) {
      case "literal":
        return nothing;
      case "name":
        this.#paths.set(node, this.#variable(node.name)?.path ?? [node.name]);
        return fixed(1);
      case "select":
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "fold":
        return this.#isBinding(node) ? this.#binding(node) : this.#fold(node);
      case "message":
        return nothing;
    }
  }

  #variable(name: string): Variable | undefined {
    return this.#variables.get(name)?.at(-1);
  }

  #with<T>(name: string, variable: Variable, run: () => T): T {
    const stack = this.#variables.get(name) ?? [];
    this.#variables.set(name, [...stack, variable]);
    const result = run();
    this.#variables.set(name, stack);
    return result;
  }

  #typeOf(node: Expression): CelType {
    return this.#checked.types.get(node) ?? dyn;
  }

  #path(node: Expression): readonly string[] {
    const variable = node.kind === "name" ? this.#variable(node.name) : undefined;
    return variable?.path ?? this.#paths.get(node) ?? [];
  }

  /** What the schema says of the size of a part; its first name stands for the whole. */
  #declaredSize(path: readonly string[]): Range | undefined {
    if (path.length === 0 || path[0] === accumulator) return undefined;
    let part: Declared | undefined = this.#root;
    for (const name of path.slice(1)) {
      if (name === "@items" || name === "@values") part = part.item;
      else part = name === "@keys" ? part.key : part.field?.(name);
      if (part === undefined) return undefined;
    }
    return { min: 0n, max: BigInt(part.elementsMax) };
  }

  #size(node: Expression): Range | undefined {
    const known = this.#sizes.get(node) ?? literalSize(node) ?? this.#declaredSize(this.#path(node));
    if (known !== undefined) return known;
    if (isScalar(this.#typeOf(node))) return fixed(1);
    return node.kind === "name" ? this.#variable(node.name)?.size : undefined;
  }

  #entrySizes(node: Expression): Entries | undefined {
    return this.#entries.get(node) ?? (node.kind === "name" ? this.#variable(node.name)?.entries : undefined);
  }

  #setSize(node: Expression, size: Range | undefined): void {
    if (size !== undefined) this.#sizes.set(node, size);
  }

  #setEntries(node: Expression, entries: Entries | undefined): void {
    if (entries !== undefined) this.#entries.set(node, entries);
  }

  #select(node: Expression & { kind: "select" }): Range {
    const operand = this.cost(node.operand);
    // Whether there is such a member costs nothing.
    if (node.isTest) return operand;
    this.#paths.set(node, [...this.#path(node.operand), node.field]);
    const { kind } = this.#typeOf(node.operand);
    return kind === "map" || kind === "struct" || kind === "parameter" ? add(operand, fixed(1)) : operand;
  }

  #operand(node: Expression): Operand {
    const type = this.#typeOf(node);
    const path = this.#path(node);
    const [item] = type.parameters;
    return {
      type,
      size: this.#size(node),
      item:
        item === undefined
          ? undefined
          : () => {
              const size = path.length === 0 ? undefined : this.#declaredSize([...path, "@items"]);
              return { type: item, size, item: undefined, literal: undefined };
            },
      literal: node.kind === "literal" && node.type === "int" ? BigInt(node.value) : undefined,
    };
  }

  #call(node: Expression & { kind: "call" }): Range {
    const [first] = node.args;
    if (node.function === "dyn" && node.target === undefined && first !== undefined) {
      const cost = this.cost(first);
      this.#setSize(node, this.#size(first));
      this.#setEntries(node, this.#entrySizes(first));
      return add(cost, fixed(1));
    }
    const costs = node.args.map((arg) => this.cost(arg));
    const args = node.args.map((arg) => this.#operand(arg));
    const overloads = this.#checked.overloads.get(node) ?? [];
    if (overloads.length === 0) return nothing;
    const name = this.#checked.functions.get(node) ?? node.function;
    const isMember = node.target !== undefined && !this.#checked.functions.has(node);
    const before = isMember ? this.cost(node.target as Expression) : nothing;
    const operands: Operands = { target: isMember ? this.#operand(node.target as Expression) : undefined, args };
    let cost: Range = { min: most, max: 0n };
    let size: Range | undefined;
    for (const overload of overloads) {
      const one = this.#overload(node, { name, overload, operands, costs });
      cost = union(cost, one.cost);
      if (one.size !== undefined) size = size === undefined ? one.size : union(size, one.size);
      if (first !== undefined && (overload === "index_list" || overload === "index_map")) {
        size = this.#entrySizes(first)?.value;
        this.#paths.set(node, [...this.#path(first), overload === "index_list" ? "@items" : "@values"]);
      }
      size ??= this.#size(node);
    }
    this.#setSize(node, size);
    return add(before, cost);
  }

  #overload(
    node: Expression & { kind: "call" },
    { name, overload, operands, costs }: { name: string; overload: string; operands: Operands; costs: Range[] },
  ): CallCost {
    const [left = nothing, right = nothing, other = nothing] = costs;
    switch (overload) {
      case "logical_and":
      case "logical_or":
        // The left side may decide alone.
        return { cost: { min: left.min, max: add(left, right).max } };
      case "conditional":
        return this.#conditional(node, add(left, union(right, other)), operands);
      case "add_string":
      case "add_bytes":
      case "add_list":
        return this.#sum(node, { overload, operands, costs });
      default: {
        const { cost, size } = callCost(name, overload, operands);
        const whole = add(cost, sum(costs));
        return size === undefined ? { cost: whole } : { cost: whole, size };
      }
    }
  }

  #conditional(node: Expression & { kind: "call" }, cost: Range, { args }: Operands): CallCost {
    const [, yes, no] = node.args as [Expression, Expression, Expression];
    this.#setEntries(node, joinedEntries(this.#entrySizes(yes), this.#entrySizes(no)));
    return { cost, size: union(sizeOf(args[1]), sizeOf(args[2])) };
  }

  #sum(
    node: Expression & { kind: "call" },
    { overload, operands, costs }: { overload: string; operands: Operands; costs: Range[] },
  ): CallCost {
    const [left, right] = node.args as [Expression, Expression];
    this.#setEntries(node, joinedEntries(this.#entrySizes(left), this.#entrySizes(right)));
    const size = add(sizeOf(operands.args[0]), sizeOf(operands.args[1]));
    const own = overload === "add_list" ? fixed(1) : scaled(size, 0.1);
    return { cost: add(own, sum(costs)), size };
  }

  #list(node: Expression & { kind: "list" }): Range {
    const costs = node.elements.map(({ value }) => this.cost(value));
    const value = spread(node.elements.map((one) => this.#size(one.value)));
    this.#entries.set(node, { isList: true, key: fixed(1), value });
    return add(sum(costs), listCost);
  }

  #map(node: Expression & { kind: "map" }): Range {
    const costs = node.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]);
    const key = spread(node.entries.map((one) => this.#size(one.key)));
    const value = spread(node.entries.map((one) => this.#size(one.value)));
    this.#entries.set(node, { isList: false, key, value });
    return add(sum(costs), mapCost);
  }

  /** A name for a value, no loop. */
  #isBinding({ range, condition, accumulator: name }: Fold): boolean {
    return (
      range.kind === "list" &&
      range.elements.length === 0 &&
      condition.kind === "literal" &&
      condition.value === "false" &&
      name !== accumulator
    );
  }

  #binding(node: Fold & { at: number }): Range {
    const before = add(this.cost(node.range), this.cost(node.start));
    const result = this.#with(node.accumulator, this.#bound(node.start), () => this.cost(node.result));
    this.#setSize(node, this.#size(node.result));
    this.#setEntries(node, this.#entrySizes(node.result));
    return add(before, result);
  }

  #bound(value: Expression): Variable {
    return { path: this.#path(value), size: this.#size(value), entries: this.#entrySizes(value) };
  }

  #fold(node: Fold & { at: number }): Range {
    const before = add(this.cost(node.range), this.cost(node.start));
    const [round, result] = this.#with(node.accumulator, this.#bound(node.start), () => [
      this.#withItems(node, () => add(this.cost(node.condition), this.cost(node.step))),
      this.cost(node.result),
    ]);
    const count = this.#size(node.range) ?? unknownSize;
    if (node.start.kind === "literal") this.#setSize(node, this.#size(node.start));
    else if (node.start.kind === "list" || node.start.kind === "map") {
      this.#setSize(node, count);
      this.#setEntries(node, this.#entrySizes(node.step));
    }
    return sum([before, result, multiply(count, round)]);
  }

  #withItems<T>(node: Fold, run: () => T): T {
    const entries = this.#entrySizes(node.range);
    const isList = entries?.isList ?? this.#typeOf(node.range).kind === "list";
    const path = this.#path(node.range);
    const value: Variable = {
      path: [...path, isList ? "@items" : "@values"],
      size: entries?.value,
      entries: undefined,
    };
    const key: Variable = { path: [...path, isList ? "@indices" : "@keys"], size: entries?.key, entries: undefined };
    if (node.second === undefined) return this.#with(node.variable, isList ? value : key, run);
    const { second } = node;
    return this.#with(node.variable, key, () => this.#with(second, value, run));
  }
}

/** From the smallest to the largest of parts; of none, nothing. */
function spread(sizes: readonly (Range | undefined)[]): Range {
  if (sizes.length === 0) return nothing;
  return sizes.map((size) => size ?? unknownSize).reduce(union);
}

function joinedEntries(a: Entries | undefined, b: Entries | undefined): Entries | undefined {
  if (a === undefined || b === undefined) return undefined;
  return { isList: a.isList, key: union(a.key, b.key), value: union(a.value, b.value) };
}

function literalSize(node: Expression): Range | undefined {
  if (node.kind === "list") return fixed(node.elements.length);
  if (node.kind === "map") return fixed(node.entries.length);
  if (node.kind !== "literal") return undefined;
  return fixed(node.type === "string" || node.type === "bytes" ? Array.from(node.value).length : 1);
}

const scalars: ReadonlySet<string> = new Set(["bool", "double", "duration", "int", "timestamp", "uint"]);

/** Of one size whatever its value. */
function isScalar(type: CelType): boolean {
  const inner = unwrapped(type);
  return inner === undefined ? scalars.has(type.kind) : isScalar(inner);
}
