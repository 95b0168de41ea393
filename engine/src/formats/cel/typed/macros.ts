// The macros of the language and of its extensions (optionals, two variables, sortBy): each call becomes folds and plain calls.

import { accumulator, type Expression, type Fold } from "./expression.ts";
import { SyntaxFault } from "./tokens.ts";

type Call = { at: number; target: Expression; args: Expression[] };
type Make = (call: Call) => Expression;

export function call(at: number, name: string, ...args: Expression[]): Expression {
  return { kind: "call", at, function: name, target: undefined, args };
}

function name(at: number, text: string): Expression & { kind: "name" } {
  return { kind: "name", at, name: text };
}

function truth(at: number, value: boolean): Expression {
  return { kind: "literal", at, type: "bool", value: String(value) };
}

function list(at: number, ...values: Expression[]): Expression {
  return { kind: "list", at, elements: values.map((value) => ({ value, isOptional: false })) };
}

function method(at: number, target: Expression, name_: string, ...args: Expression[]): Expression {
  return { kind: "call", at, function: name_, target, args };
}

const accu = (at: number): Expression => name(at, accumulator);

function variableOf(argument: Expression | undefined, words: string): string {
  if (argument?.kind === "name") return argument.name;
  throw new SyntaxFault(argument?.at ?? 0, words);
}

type Shape = { start: Expression; condition: Expression; step: Expression; result: Expression };

function fold(at: number, range: Expression, variables: [string, string?], shape: Shape): Expression {
  const [variable, second] = variables;
  const made: Fold = { kind: "fold", range, variable, second, accumulator, ...shape };
  return { at, ...made };
}

function quantified(at: number, body: Expression, isAll: boolean): Shape {
  const condition = isAll ? accu(at) : call(at, "!_", accu(at));
  return {
    start: truth(at, isAll),
    condition: call(at, "@not_strictly_false", condition),
    step: call(at, isAll ? "_&&_" : "_||_", accu(at), body),
    result: accu(at),
  };
}

function single(at: number, body: Expression): Shape {
  const one: Expression = { kind: "literal", at, type: "int", value: "1" };
  return {
    start: { kind: "literal", at, type: "int", value: "0" },
    condition: truth(at, true),
    step: call(at, "_?_:_", body, call(at, "_+_", accu(at), one), accu(at)),
    result: call(at, "_==_", accu(at), one),
  };
}

/** A list or a map that each round may add to. */
function collected(at: number, start: Expression, added: Expression, filter: Expression | undefined): Shape {
  const step = filter === undefined ? added : call(at, "_?_:_", filter, added, accu(at));
  return { start, condition: truth(at, true), step, result: accu(at) };
}

const simpleName = "argument must be a simple name";
const argumentName = "argument is not an identifier";

/** One variable: `range.all(x, p)`. */
function oneVariable(shape: (at: number, bodies: Expression[], variable: string) => Shape, words = simpleName): Make {
  return ({ at, target, args: [first, ...bodies] }) => {
    const variable = variableOf(first, words);
    return fold(at, target, [variable], shape(at, bodies, variable));
  };
}

/** Two variables: `range.all(i, x, p)`. */
function twoVariables(shape: (at: number, bodies: Expression[]) => Shape): Make {
  return ({ at, target, args: [first, second, ...bodies] }) => {
    const variables: [string, string] = [variableOf(first, simpleName), variableOf(second, simpleName)];
    return fold(at, target, variables, shape(at, bodies));
  };
}

const emptyMap = (at: number): Expression => ({ kind: "map", at, entries: [] });
const inserted = (at: number, ...args: Expression[]): Expression => call(at, "cel.@mapInsert", accu(at), ...args);

function transformMap({ at, target, args: [first, second, ...bodies] }: Call): Expression {
  const variables: [string, string] = [variableOf(first, simpleName), variableOf(second, simpleName)];
  const value = bodies.at(-1) as Expression;
  const added = inserted(at, name(at, variables[0]), value);
  const filter = bodies.length === 2 ? bodies[0] : undefined;
  return fold(at, target, variables, collected(at, emptyMap(at), added, filter));
}

/** `target.sortBy(x, key)`: the items by what each has for a key. */
function sortBy({ at, target, args: [variable, key] }: Call): Expression {
  const input = name(at, "@__sortBy_input__");
  const keys = oneVariable((place, [body]) =>
    collected(place, list(place), added(place, body as Expression), undefined),
  )({ at, target: input, args: [variable as Expression, key as Expression] });
  return bind(at, input.name, { value: target, body: method(at, input, "@sortByAssociatedKeys", keys) });
}

/** `target.optMap(x, e)`: e over the value, where there is one. */
function optional(isFlat: boolean): Make {
  return ({ at, target, args: [first, body] }) => {
    const bound = bind(at, variableOf(first, `optMap() variable name must be a simple identifier`), {
      value: method(at, target, "value"),
      body: body as Expression,
    });
    const some = isFlat ? bound : call(at, "optional.of", bound);
    return call(at, "_?_:_", method(at, target, "hasValue"), some, call(at, "optional.none"));
  };
}

/** A name for a value within one expression. */
function bind(at: number, variable: string, { value, body }: { value: Expression; body: Expression }): Expression {
  const made: Fold = {
    kind: "fold",
    range: list(at),
    variable: "#unused",
    second: undefined,
    accumulator: variable,
    start: value,
    condition: truth(at, false),
    step: name(at, variable),
    result: body,
  };
  return { at, ...made };
}

const added = (at: number, value: Expression): Expression => call(at, "_+_", accu(at), list(at, value));

/** By name and number of arguments. */
const receivers: Readonly<Record<string, Make>> = {
  "all 2": oneVariable((at, [body]) => quantified(at, body as Expression, true)),
  "exists 2": oneVariable((at, [body]) => quantified(at, body as Expression, false)),
  "exists_one 2": oneVariable((at, [body]) => single(at, body as Expression)),
  "map 2": oneVariable((at, [body]) => collected(at, list(at), added(at, body as Expression), undefined), argumentName),
  "map 3": oneVariable(
    (at, [filter, body]) => collected(at, list(at), added(at, body as Expression), filter),
    argumentName,
  ),
  "filter 2": oneVariable(
    (at, [filter], variable) => collected(at, list(at), added(at, name(at, variable)), filter),
    argumentName,
  ),
  "all 3": twoVariables((at, [body]) => quantified(at, body as Expression, true)),
  "exists 3": twoVariables((at, [body]) => quantified(at, body as Expression, false)),
  "existsOne 3": twoVariables((at, [body]) => single(at, body as Expression)),
  "exists_one 3": twoVariables((at, [body]) => single(at, body as Expression)),
  "transformList 3": twoVariables((at, [body]) => collected(at, list(at), added(at, body as Expression), undefined)),
  "transformList 4": twoVariables((at, [filter, body]) =>
    collected(at, list(at), added(at, body as Expression), filter),
  ),
  "transformMap 3": transformMap,
  "transformMap 4": transformMap,
  "transformMapEntry 3": twoVariables((at, [body]) =>
    collected(at, emptyMap(at), inserted(at, body as Expression), undefined),
  ),
  "transformMapEntry 4": twoVariables((at, [filter, body]) =>
    collected(at, emptyMap(at), inserted(at, body as Expression), filter),
  ),
  "sortBy 2": sortBy,
  "optMap 2": optional(false),
  "optFlatMap 2": optional(true),
};

/** What a call on a target becomes where it is a macro. */
export function expandMethod(
  at: number,
  target: Expression,
  named: string,
  args: Expression[],
): Expression | undefined {
  const key = `${named} ${args.length}`;
  return Object.hasOwn(receivers, key) ? receivers[key]?.({ at, target, args }) : undefined;
}

/** `has(a.b)`: whether there is such a member. */
export function expandCall(at: number, named: string, args: Expression[]): Expression | undefined {
  if (named !== "has" || args.length !== 1) return undefined;
  const [argument] = args;
  if (argument?.kind !== "select") throw new SyntaxFault(argument?.at ?? at, "invalid argument to has() macro");
  return { kind: "select", at, operand: argument.operand, field: argument.field, isTest: true };
}
