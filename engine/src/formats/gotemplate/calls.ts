// Calls of functions and methods: arity, types of arguments, conversion of constants, and the place of an error.

import { GoError, NotAFunction, TemplateExecError, TemplateLimitError } from "./faults.ts";
import { canBeNil, type GoFunction, type ParameterType, typeNameOf } from "./functions.ts";
import type { Frame } from "./runtime.ts";
import type { ArgumentNode, Node } from "./tree.ts";
import { formatNode } from "./tree.ts";
import { idealConstant } from "./literals.ts";
import { Bytes, type GoMap, GoObject, goTypeOf, int64, isMap, namedOf, type Value } from "./values.ts";
import { Missing } from "#kernel";

export type Expression = (frame: Frame, dot: Value) => Value;

/** An argument: its node, and for what is not a constant, how to evaluate it. */
export type Argument = { node: ArgumentNode; evaluate: Expression | undefined };

/** No value is piped in. */
export const noFinal: unique symbol = Symbol("no final argument");
export type Final = Value | typeof noFinal;

export type CallSite = { name: string; node: Node; args: readonly Argument[] };

/** Evaluates the arguments against the parameters and calls. */
export function callFunction(
  frame: Frame,
  dot: Value,
  target: { fn: GoFunction; site: CallSite },
  final: Final,
): Value {
  const { fn, site } = target;
  const { args } = site;
  const fixed = fn.parameters.length;
  const count = args.length + (final === noFinal ? 0 : 1);
  if (fn.variadic === undefined ? count !== fixed : count < fixed) failArity(frame, fn, site, count);
  if (fn.uncallable !== undefined) frame.fail(fn.uncallable);
  const values: Value[] = [];
  for (let i = 0; i < args.length; i++)
    values.push(evaluateArgument(frame, dot, args[i] as Argument, (fn.parameters[i] ?? fn.variadic) as ParameterType));
  if (final !== noFinal)
    values.push(checkType(frame, final, (fn.parameters[count - 1] ?? fn.variadic) as ParameterType));
  return invoke(frame, fn, site, values);
}

function failArity(frame: Frame, fn: GoFunction, { name, args }: CallSite, count: number): never {
  if (fn.variadic !== undefined)
    frame.fail(`wrong number of args for ${name}: want at least ${fn.parameters.length} got ${args.length}`);
  frame.fail(`wrong number of args for ${name}: want ${fn.parameters.length} got ${count}`);
}

function invoke(frame: Frame, fn: GoFunction, site: CallSite, values: Value[]): Value {
  frame.set.call();
  try {
    if (fn.isScoped === true) return (fn.call as (...args: unknown[]) => Value)(frame.set, ...values);
    return (fn.call as (...args: Value[]) => Value)(...values);
  } catch (error) {
    if (!(error instanceof GoError || error instanceof TemplateExecError) || error instanceof TemplateLimitError)
      throw explain(error, site);
    frame.at = site.node;
    return frame.fail(`error calling ${site.name}: ${describe(error, site)}`, error);
  }
}

function describe(error: Error, { args }: CallSite): string {
  const called = args[0]?.node;
  if (!(error instanceof NotAFunction) || called === undefined) return error.message;
  return error.messageFor(formatNode(called));
}

/** A mistake of this engine's own keeps its stack and gains the function's name. */
function explain(error: unknown, site: CallSite): unknown {
  if (error instanceof TypeError) return new TypeError(`in function ${site.name}: ${error.message}`, { cause: error });
  return error instanceof Missing ? error : error;
}

/** One argument, converted to the parameter's type. */
export function evaluateArgument(frame: Frame, dot: Value, arg: Argument, type: ParameterType): Value {
  const { node } = arg;
  frame.at = node;
  if (arg.evaluate !== undefined) return checkType(frame, arg.evaluate(frame, dot), type);
  if (node.type === "nil") {
    if (!canBeNil(type)) frame.fail(`cannot assign nil to ${typeNameOf(type)}`);
    // For a parameter that takes reflect's own values it is no value at all, elsewhere an interface that holds nil.
    return type === "value" ? undefined : null;
  }
  return constantAs(frame, node, type);
}

function constantAs(frame: Frame, node: ArgumentNode, type: ParameterType): Value {
  switch (type) {
    case "any":
    case "value":
      return constantValue(frame, node);
    case "string":
      return node.type === "string" ? node.value : frame.fail(`expected string; found ${formatNode(node)}`);
    case "bool":
      return node.type === "bool" ? node.value : frame.fail(`expected bool; found ${formatNode(node)}`);
    case "int":
    case "int64":
    case "duration": {
      if (node.type !== "number" || node.value.int === undefined)
        return frame.fail(`expected integer; found ${formatNode(node)}`);
      return type === "int" ? node.value.int : int64(node.value.int);
    }
    case "float64":
      if (node.type !== "number" || node.value.float === undefined)
        return frame.fail(`expected float; found ${formatNode(node)}`);
      return node.value.float;
    case "bytes":
    case "map":
    case "list":
    case "strings":
    case "error":
    case "time":
    case "location":
    case "version":
      return frame.fail(`can't handle ${formatNode(node)} for arg of type ${typeNameOf(type)}`);
  }
}

/** A literal as a value of its own. */
export function constantValue(frame: Frame, node: ArgumentNode): Value {
  if (node.type === "bool" || node.type === "string") return node.value;
  if (node.type !== "number") return frame.fail(`can't evaluate command ${JSON.stringify(formatNode(node))}`);
  const value = idealConstant(node.literal, node.value);
  if (typeof value === "object" && "message" in value) return frame.fail(value.message);
  return value;
}

/** The value as the parameter's type, or an error that names both. */
export function checkType(frame: Frame, value: Value, type: ParameterType): Value {
  if (type === "any") return value === undefined ? null : value instanceof GoObject ? value.boxed() : value;
  if (type === "value") return value;
  if (value === undefined) {
    if (canBeNil(type)) return null;
    return frame.fail(`invalid value; expected ${typeNameOf(type)}`);
  }
  // A map of a named type is handed over as the map that the parameter asks for: what returns it returns a plain one.
  if (isAssignable(value, type)) return type === "map" ? (namedOf(value as GoMap)?.map ?? value) : value;
  const got = value === null ? "interface {}" : goTypeOf(value);
  return frame.fail(`wrong type for value; expected ${typeNameOf(type)}; got ${got}`);
}

function isAssignable(value: Value, type: ParameterType): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "int":
      return typeof value === "bigint";
    case "float64":
      return typeof value === "number";
    case "map":
      return isMap(value) && goTypeOf(value) !== "map[string]string";
    case "list":
      return Array.isArray(value) && goTypeOf(value) === "[]interface {}";
    case "strings":
      return Array.isArray(value) && goTypeOf(value) === "[]string";
    case "bytes":
      return value instanceof Bytes;
    case "any":
    case "value":
      return true;
    case "int64":
    case "duration":
    case "time":
    case "error":
    case "location":
    case "version":
      return value instanceof GoObject && value.goType === typeNameOf(type);
  }
}
