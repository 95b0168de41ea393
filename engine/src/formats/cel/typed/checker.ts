// Finds the type of every part of an expression, and what is wrong with it, in cel-go's words. Errors do not end the check: a part that
// has none gets a type that fits everywhere.

import { type Expression, type Fold, qualifiedName } from "./expression.ts";
import {
  isPatchFunction,
  isPatchType,
  libraryType,
  patchFieldType,
  namedType,
  type Overload,
  overloadsOf,
} from "./signatures.ts";
import {
  type Bindings,
  bool,
  type CelType,
  dyn,
  error,
  formatType,
  int,
  isDyn,
  isDynOrError,
  isSame,
  listOf,
  mapOf,
  mostGeneral,
  optionalOf,
  parameter,
  simpleType,
  substitute,
  unified,
  unwrapped,
} from "./types.ts";

export type Wrong = { at: number; message: string };

export type Checked = {
  types: ReadonlyMap<Expression, CelType>;
  overloads: ReadonlyMap<Expression, readonly string[]>;
  /** Functions whose names have dots, `ip.isCanonical`: their targets are no values. */
  functions: ReadonlyMap<Expression, string>;
  /** Variables that the expression names. */
  names: ReadonlySet<string>;
  errors: readonly Wrong[];
};

export function check(
  expression: Expression,
  variables: ReadonlyMap<string, CelType>,
  hasPatchTypes: boolean,
): Checked {
  const checker = new Checker(variables, hasPatchTypes);
  checker.check(expression);
  return checker.result();
}

class Checker {
  readonly #types = new Map<Expression, CelType>();
  readonly #overloads = new Map<Expression, readonly string[]>();
  readonly #functions = new Map<Expression, string>();
  readonly #names = new Set<string>();
  readonly #errors: Wrong[] = [];
  readonly #variables: ReadonlyMap<string, CelType>;
  readonly #hasPatchTypes: boolean;
  /** Names that folds bring, the innermost last. */
  readonly #scopes: Map<string, CelType>[] = [];
  #bindings: Bindings = new Map();
  #fresh = 0;

  constructor(variables: ReadonlyMap<string, CelType>, hasPatchTypes: boolean) {
    this.#variables = variables;
    this.#hasPatchTypes = hasPatchTypes;
  }

  result(): Checked {
    const types = new Map([...this.#types].map(([node, type]) => [node, substitute(this.#bindings, type, true)]));
    return {
      types,
      overloads: this.#overloads,
      functions: this.#functions,
      names: this.#names,
      errors: this.#errors,
    };
  }

  check(node: Expression): CelType {
    const type = this.#typed(node);
    this.#types.set(node, type);
    return type;
  }

  #wrong(at: number, message: string): CelType {
    this.#errors.push({ at, message });
    return error;
  }

  #unknown(at: number, name: string): CelType {
    return this.#wrong(at, `undeclared reference to '${name}' (in container '')`);
  }

  #typed(node: Expression): CelType {
    switch (node.kind) {
      case "literal":
        return simpleType(node.type) ?? dyn;
      case "name":
        return this.#lookup(node.name) ?? this.#unknown(node.at, node.name);
      case "select":
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "message":
        return this.#message(node);
      case "fold":
        return this.#fold(node);
    }
  }

  #lookup(name: string): CelType | undefined {
    const plain = name.replace(/^\./, "");
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const type = this.#scopes[index]?.get(plain);
      if (type !== undefined) return type;
    }
    const variable = this.#variables.get(plain);
    if (variable === undefined) return namedType(plain);
    this.#names.add(plain);
    return variable;
  }

  #meets(from: CelType, to: CelType): boolean {
    const next = unified(this.#bindings, [from], [to]);
    if (next !== undefined) this.#bindings = next;
    return next !== undefined;
  }

  #plain(type: CelType): CelType {
    return substitute(this.#bindings, type);
  }

  #message(node: Expression & { kind: "message" }): CelType {
    const isKnown = this.#hasPatchTypes && isPatchType(node.type);
    if (!isKnown) return this.#unknown(node.at, node.type);
    for (const { name, at, value } of node.fields) {
      const type = this.check(value);
      const wanted = patchFieldType(node.type, name);
      if (wanted === undefined || !this.#meets(wanted, type))
        this.#wrong(
          at,
          `expected type of field '${name}' is '${wanted === undefined ? "" : formatType(wanted)}' but provided type is '${formatType(type)}'`,
        );
    }
    return libraryType(node.type);
  }

  #select(node: Expression & { kind: "select" }): CelType {
    const qualified = node.isTest ? undefined : qualifiedName(node);
    const named = qualified === undefined ? undefined : this.#lookup(qualified);
    if (named !== undefined) return named;
    const result = this.#member(node, node.operand, node.field);
    return node.isTest ? bool : this.#plain(result);
  }

  #member(node: Expression, operand: Expression, field: string): CelType {
    const type = this.#plain(this.check(operand));
    const inner = unwrapped(type);
    const found = this.#field(node, inner ?? type, field);
    return inner === undefined ? found : optionalOf(found);
  }

  #field({ at }: Expression, type: CelType, field: string): CelType {
    if (type.kind === "map") return type.parameters[1] ?? dyn;
    if (type.kind === "struct")
      return type.declared?.field?.(field)?.type ?? this.#wrong(at, `undefined field '${field}'`);
    if (type.kind === "parameter") this.#meets(dyn, type);
    else if (!isDynOrError(type)) this.#wrong(at, `type '${formatType(type)}' does not support field selection`);
    return dyn;
  }

  #call(node: Expression & { kind: "call" }): CelType {
    const { target, args, at } = node;
    if (node.function === "_?._") {
      const [operand, field] = args as [Expression, Expression & { kind: "literal" }];
      this.#types.set(field, simpleType("string") ?? dyn);
      const found = this.#member(node, operand, field.value);
      this.#overloads.set(node, ["select_optional_field"]);
      return this.#plain(unwrapped(found) === undefined ? optionalOf(found) : found);
    }
    for (const arg of args) this.check(arg);
    if (target === undefined) return this.#resolved(node, node.function, []);
    const prefix = qualifiedName(target);
    const full = `${prefix}.${node.function}`;
    if (prefix !== undefined && this.#declared(full) !== undefined) {
      this.#functions.set(node, full);
      return this.#resolved(node, full, []);
    }
    const type = this.check(target);
    if (this.#declared(node.function) === undefined) return this.#unknown(at, node.function);
    return this.#resolved(node, node.function, [type]);
  }

  #declared(name: string): readonly Overload[] | undefined {
    return isPatchFunction(name) && !this.#hasPatchTypes ? undefined : overloadsOf(name);
  }

  #typesOf(nodes: readonly Expression[]): CelType[] {
    return nodes.map((node) => this.#types.get(node) ?? dyn);
  }

  /** The type that a call gives by those of its target and arguments. */
  #resolved(node: Expression & { kind: "call" }, name: string, target: readonly CelType[]): CelType {
    const plain = name.replace(/^\./, "");
    const overloads = this.#declared(plain);
    if (overloads === undefined) return this.#unknown(node.at, name);
    const isMember = target.length > 0;
    if (plain === "_&&_" || plain === "_||_")
      return this.#logical(node, plain === "_&&_" ? "logical_and" : "logical_or");
    const given = [...target, ...this.#typesOf(node.args)];
    let result: CelType | undefined;
    const chosen: string[] = [];
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue;
      const { args, result: gives } = this.#instance(overload);
      const next = unified(this.#bindings, given, args);
      if (next === undefined) continue;
      this.#bindings = next;
      chosen.push(overload.id);
      const found = this.#plain(gives);
      if (result === undefined) result = found;
      else if (!isDyn(result) && !isSame(found, result)) result = dyn;
    }
    if (result === undefined) return this.#noOverload(node, plain, given, isMember);
    this.#overloads.set(node, chosen);
    return result;
  }

  // oxlint-disable-next-line max-params -- what the words name
  #noOverload(node: Expression, name: string, given: readonly CelType[], isMember: boolean): CelType {
    const shown = given.map((type) => formatType(substitute(this.#bindings, type, true)));
    const words = isMember ? `${shown[0]}.(${shown.slice(1).join(", ")})` : `(${shown.join(", ")})`;
    return this.#wrong(node.at, `found no matching overload for '${name}' applied to '${words}'`);
  }

  #logical(node: Expression & { kind: "call" }, id: string): CelType {
    let isWrong = false;
    for (const arg of node.args) {
      const type = this.#types.get(arg) ?? dyn;
      if (this.#meets(type, bool)) continue;
      isWrong = true;
      this.#mismatch(arg.at, bool, type);
    }
    this.#overloads.set(node, [id]);
    return isWrong ? error : bool;
  }

  #mismatch(at: number, expected: CelType, found: CelType): CelType {
    return this.#wrong(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  /** An overload with parameters of its own. */
  #instance({ args, result, parameters }: Overload): { args: readonly CelType[]; result: CelType } {
    if (parameters.length === 0) return { args, result };
    const fresh = new Map(parameters.map((name) => [name, this.#variable()]));
    return { args: args.map((type) => substitute(fresh, type)), result: substitute(fresh, result) };
  }

  #variable(): CelType {
    return parameter(`_var${this.#fresh++}`);
  }

  #optionalItem(node: Expression, type: CelType): CelType {
    const inner = unwrapped(type);
    if (inner === undefined && !isDyn(type)) this.#mismatch(node.at, optionalOf(type), type);
    return inner ?? type;
  }

  /** Parts of several types are of any: whether they may be is asked later. */
  #joined(before: CelType | undefined, type: CelType): CelType {
    if (before === undefined) return type;
    return this.#meets(before, type) ? mostGeneral(before, type) : dyn;
  }

  #list({ elements }: Expression & { kind: "list" }): CelType {
    let item: CelType | undefined;
    for (const { value, isOptional } of elements) {
      const type = this.check(value);
      item = this.#joined(item, isOptional ? this.#optionalItem(value, type) : type);
    }
    return listOf(item ?? this.#variable());
  }

  #map({ entries }: Expression & { kind: "map" }): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, isOptional } of entries) {
      keys = this.#joined(keys, this.check(key));
      const type = this.check(value);
      values = this.#joined(values, isOptional ? this.#optionalItem(value, type) : type);
    }
    return mapOf(keys ?? this.#variable(), values ?? this.#variable());
  }

  #fold(node: Fold & { at: number }): CelType {
    const range = this.#plain(this.check(node.range));
    const start = this.check(node.start);
    this.#scopes.push(new Map([[node.accumulator, start]]));
    const [first, second] = this.#itemTypes(range, node);
    this.#scopes.push(
      new Map(
        node.second === undefined
          ? [[node.variable, first]]
          : [
              [node.variable, first],
              [node.second, second],
            ],
      ),
    );
    const condition = this.check(node.condition);
    if (!this.#meets(bool, condition)) this.#mismatch(node.condition.at, bool, condition);
    const step = this.check(node.step);
    if (!this.#meets(start, step)) this.#mismatch(node.step.at, start, step);
    this.#scopes.pop();
    const result = this.check(node.result);
    this.#scopes.pop();
    return this.#plain(result);
  }

  /** The types of the one or two variables of a fold. */
  #itemTypes(range: CelType, node: Fold): [CelType, CelType] {
    const isPair = node.second !== undefined;
    const [first = dyn, second = dyn] = range.parameters;
    if (range.kind === "list") return isPair ? [int, first] : [first, first];
    if (range.kind === "map") return [first, second];
    if (range.kind === "parameter" || isDynOrError(range)) {
      this.#meets(dyn, range);
      return [dyn, dyn];
    }
    this.#wrong(
      node.range.at,
      `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [error, error];
  }
}
