// An expression judged before it is ever evaluated: its type, the variables that it names and its cost, or what is wrong with it in the
// words and with the marks of cel-go.

import { type Checked, check, type Wrong } from "./checker.ts";
import { programFault } from "./constants.ts";
import { costOf } from "./cost.ts";
import type { Declared } from "./declared.ts";
import type { Expression } from "./expression.ts";
import { literalErrors } from "./literals.ts";
import { parseExpression } from "./parse.ts";
import { SyntaxFault } from "./tokens.ts";
import { type CelType, dyn, formatType } from "./types.ts";

export type Inspected =
  | {
      ok: true;
      type: string;
      result: CelType;
      names: ReadonlySet<string>;
      /** Why it cannot be made ready to be evaluated: a constant that cannot be converted. */
      unfit: string | undefined;
      /** Units of cost at most, over data of this declaration. */
      cost: (root: Declared) => bigint;
    }
  | { ok: false; message: string };

/** Judges an expression over variables of these types; `hasPatchTypes`: it makes changes, of the types `Object` and `JSONPatch`. */
export function inspectCel(
  text: string,
  variables: ReadonlyMap<string, CelType>,
  { hasPatchTypes = false }: { hasPatchTypes?: boolean } = {},
): Inspected {
  let expression: Expression;
  let checked: Checked;
  try {
    expression = parseExpression(text);
    checked = check(expression, variables, hasPatchTypes);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { ok: false, message: shown(text, [error]) };
  }
  const wrong = checked.errors.length > 0 ? checked.errors : literalErrors(expression, checked);
  if (wrong.length > 0) return { ok: false, message: shown(text, wrong) };
  const result = checked.types.get(expression) ?? dyn;
  return {
    ok: true,
    type: formatType(result),
    result,
    names: checked.names,
    unfit: programFault(expression, checked),
    cost: (root) => costOf(expression, checked, root),
  };
}

/** Errors that cel-go shows of one expression. */
const shownMax = 100;

/** Each error with its place, its line and a mark below it. */
function shown(text: string, errors: readonly Wrong[]): string {
  // A text without a line has none to show, and no first column.
  if (text === "") return errors.map(({ message }) => `ERROR: <input>:1:0: ${message}`).join("\n");
  const placed = errors.map(({ at, message }) => ({ ...placeOf(text, at), message }));
  placed.sort((a, b) => a.line - b.line || a.column - b.column);
  const texts = placed.slice(0, shownMax).map(({ line, column, message }) => {
    const source = (text.split("\n")[line - 1] ?? "").replaceAll("\t", " ");
    return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${source}\n | ${mark(source, column)}`;
  });
  if (placed.length > shownMax) texts.push(`${placed.length - shownMax} more errors were truncated`);
  return texts.join("\n");
}

/** Columns count characters, not units of UTF-16. */
function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: Array.from(before.slice(start)).length };
}

/** Characters of more than one byte take a wide mark. */
function mark(source: string, column: number): string {
  const characters = Array.from(source);
  const isWide = (character: string | undefined): boolean => (character?.codePointAt(0) ?? 0) > 0x7f;
  const dots = characters.slice(0, column).map((one) => (isWide(one) ? "\uff0e" : "."));
  return `${dots.join("")}${isWide(characters[column]) ? "\uff3e" : "^"}`;
}
