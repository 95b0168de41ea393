// What the real server says of an expression before it is ever evaluated: names that are not declared, operators that do not fit, the
// type that it gives (cel-go's checker, as far as types are known: objects are dyn).

import { Environment } from "@marcbachmann/cel-js";
import { registerLibraries } from "./libraries.ts";
import { rewriteExpression } from "./rewrite.ts";

export type CelCheck = { ok: true; type: string } | { ok: false; message: string };

const environments = new Map<string, Environment>();

/** An environment that knows these variables and no other. */
function environmentOf(variables: Readonly<Record<string, string>>): Environment {
  const key = JSON.stringify(variables);
  const known = environments.get(key);
  if (known !== undefined) return known;
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true });
  registerLibraries(environment);
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type);
  environments.set(key, environment);
  return environment;
}

/** The type of an expression over variables of the given types, or why it has none. */
export function checkCel(expression: string, variables: Readonly<Record<string, string>>): CelCheck {
  try {
    const checked = environmentOf(variables).parse(rewriteExpression(expression)).check();
    if (checked.valid) return { ok: true, type: String(checked.type) };
    return { ok: false, message: explained(expression, checked.error) };
  } catch (error) {
    return { ok: false, message: explained(expression, error) };
  }
}

type Located = { message?: string; node?: { start?: number; pos?: number } };

/** cel-go's form: place, words, the line and a mark below it. */
function explained(expression: string, error: unknown): string {
  const { message = String(error), node } = error as Located;
  const first = message.split("\n")[0] ?? "";
  const at = Math.max(0, Math.min(node?.start ?? node?.pos ?? expression.length, expression.length));
  const before = expression.slice(0, at);
  const line = before.split("\n").length;
  const column = at - (before.lastIndexOf("\n") + 1);
  const text = expression.split("\n")[line - 1] ?? "";
  return `ERROR: <input>:${line}:${column + 1}: ${wordsOf(first)}\n | ${text}\n | ${".".repeat(column)}^`;
}

const operators: Readonly<Record<string, string>> = {
  "+": "_+_",
  "-": "_-_",
  "*": "_*_",
  "/": "_/_",
  "%": "_%_",
  "==": "_==_",
  "!=": "_!=_",
  "<": "_<_",
  "<=": "_<=_",
  ">": "_>_",
  ">=": "_>=_",
  in: "@in",
};

function wordsOf(message: string): string {
  const unknown = /^Unknown variable: (\S+)/.exec(message)?.[1];
  if (unknown !== undefined) return `undeclared reference to '${unknown}' (in container '')`;
  const [, left, operator = "", right] = /^no such overload: (.+) (\S+) (.+)$/.exec(message) ?? [];
  if (operators[operator] !== undefined)
    return `found no matching overload for '${operators[operator]}' applied to '(${left}, ${right})'`;
  return message;
}
