// CEL with Kubernetes' libraries: parse once, evaluate often, never throw. An evaluation whose estimated work is beyond all reason
// is refused before it starts, since nothing can stop it once it runs.

import { type ASTNode, Environment, type ParseResult } from "@marcbachmann/cel-js";
import type { Json, SchemaNode, SchemaSet } from "#kernel";
import { expressionLengthMax, programsCachedMax, stepsMax } from "./limits.ts";
import { registerLibraries } from "./libraries.ts";
import { rewriteExpression } from "./rewrite.ts";
import { toCel } from "./values.ts";

export type CelResult = { ok: true; value: unknown } | { ok: false; message: string };

export type CelProgram = {
  expression: string;
  /** Evaluates over variables that are CEL values already (`toCel`). */
  evaluate: (variables: { [name: string]: unknown }) => CelResult;
};

let environment: Environment | undefined;

function sharedEnvironment(): Environment {
  if (environment !== undefined) return environment;
  environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  registerLibraries(environment);
  return environment;
}

const programs = new Map<string, CelProgram | { message: string }>();

/** A program, or why the expression is none. */
export function compileCel(expression: string): CelProgram | { message: string } {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const program = compile(expression);
  if (programs.size >= programsCachedMax) programs.clear();
  programs.set(expression, program);
  return program;
}

function compile(expression: string): CelProgram | { message: string } {
  if (expression.length > expressionLengthMax)
    return { message: `expression is longer than ${expressionLengthMax} characters` };
  let parsed: ParseResult;
  try {
    parsed = sharedEnvironment().parse(rewriteExpression(expression));
    const checked = parsed.check();
    if (!checked.valid) return { message: firstLine(checked.error) };
  } catch (error) {
    return { message: firstLine(error) };
  }
  const shape = measure(parsed.ast);
  return { expression, evaluate: (variables) => run(parsed, shape, variables) };
}

function run(parsed: ParseResult, shape: Shape, variables: { [name: string]: unknown }): CelResult {
  if (estimateSteps(shape, variables) > stepsMax)
    return { ok: false, message: "operation cancelled: actual cost limit exceeded" };
  try {
    return { ok: true, value: parsed(variables) as unknown };
  } catch (error) {
    return { ok: false, message: firstLine(error) };
  }
}

/** The first line of a message, in cel-go's case: `no such key: a`. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error as string);
  return (message.split("\n")[0] ?? "").replace(/^No such key/, "no such key");
}

/** How an expression grows with its data: its nodes, how deep its loops nest, and whether it makes lists out of texts. */
type Shape = { nodes: number; depth: number; splits: boolean };

const loops: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter", "existsOne"]);

function measure(ast: ASTNode): Shape {
  const shape: Shape = { nodes: 0, depth: 0, splits: false };
  visit(ast, 0, shape);
  return shape;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

function visit(value: unknown, depth: number, shape: Shape): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, depth, shape);
    return;
  }
  if (!isNode(value)) return;
  shape.nodes++;
  if (value.op !== "rcall") return visit(value.args, depth, shape);
  const [name, receiver, args] = value.args;
  const isLoop = loops.has(name) && args.length >= 2;
  if (name === "split" || name === "findAll") shape.splits = true;
  visit(receiver, depth, shape);
  const inner = isLoop ? depth + 1 : depth;
  shape.depth = Math.max(shape.depth, inner);
  visit(args, inner, shape);
}

function estimateSteps({ nodes, depth, splits }: Shape, variables: { [name: string]: unknown }): number {
  if (depth === 0) return nodes;
  return nodes * longest(variables, splits) ** depth;
}

/** The length of the longest list or map, and of the longest text where the expression takes texts apart. */
function longest(value: unknown, withText: boolean): number {
  if (typeof value === "string") return withText ? value.length : 1;
  if (typeof value !== "object" || value === null) return 1;
  // Values of the libraries' own types hold nothing that a loop could run over.
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return 1;
  const names = Object.keys(value);
  let length = Math.max(names.length, 1);
  for (const name of names) length = Math.max(length, longest(memberOf(value, name), withText));
  return length;
}

/** A member that is made when it is read may fail; then the expression will, when it reads it. */
function memberOf(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Evaluates once over plain data: variables without a schema. */
export function evaluateCel(expression: string, variables: { [name: string]: Json }): CelResult {
  const program = compileCel(expression);
  if ("message" in program) return { ok: false, message: program.message };
  return program.evaluate(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, toCel(value)])));
}

/** Evaluates a rule of a schema over `self` and `oldSelf`; fits what `#api/crd` asks for. */
export function evaluateRule(
  expression: string,
  variables: { self: Json; oldSelf?: Json },
  schema: { schemas: SchemaSet; node: SchemaNode },
): CelResult {
  const program = compileCel(expression);
  if ("message" in program) return { ok: false, message: program.message };
  const { schemas, node } = schema;
  const values: { [name: string]: unknown } = { self: toCel(variables.self, { schemas, ref: node }) };
  if (variables.oldSelf !== undefined) values["oldSelf"] = toCel(variables.oldSelf, { schemas, ref: node });
  return program.evaluate(values);
}
