// What is wrong with the literals of an expression whose types fit: durations, times and patterns that are none, lists and maps of mixed
// types (the validators of cel-go that Kubernetes switches on).

import { RE2JS } from "re2js";
import { parseDuration } from "../duration.ts";
import type { Checked, Wrong } from "./checker.ts";
import type { Expression } from "./expression.ts";
import { formatErrors } from "./format-literals.ts";
import { type CelType, dyn, formatType, isSame, unwrapped } from "./types.ts";

/** The functions that read a literal, and whether they can read it. */
const readers: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => !Number.isNaN(Date.parse(text)) && /^\d{4}-\d\d-\d\dT/.test(text),
  matches: (text) => {
    try {
      RE2JS.compile(text);
      return true;
    } catch {
      return false;
    }
  },
};

export function literalErrors(expression: Expression, checked: Checked): Wrong[] {
  const errors: Wrong[] = [];
  visit(expression, false, (node, isFormatted) => {
    if (node.kind === "call") errors.push(...argumentErrors(node), ...formatErrors(node, checked));
    else if (isFormatted) return;
    else if (node.kind === "list") errors.push(...mixedItems(node, checked));
    else if (node.kind === "map") errors.push(...mixedEntries(node, checked));
  });
  return errors;
}

function argumentErrors({ function: name, args: [argument] }: Expression & { kind: "call" }): Wrong[] {
  const reads = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (reads === undefined || argument?.kind !== "literal" || argument.type !== "string") return [];
  return reads(argument.value) ? [] : [{ at: argument.at, message: `invalid ${name} argument` }];
}

function typeOf(node: Expression, isOptional: boolean, checked: Checked): CelType {
  const type = checked.types.get(node) ?? dyn;
  return isOptional ? (unwrapped(type) ?? type) : type;
}

function mismatch(node: Expression, expected: CelType, found: CelType): Wrong[] {
  if (isSame(expected, found)) return [];
  const words = `expected type '${formatType(expected)}' but found '${formatType(found)}'`;
  return [{ at: node.at, message: words }];
}

function mixedItems({ elements: [first, ...rest] }: Expression & { kind: "list" }, checked: Checked): Wrong[] {
  if (first === undefined) return [];
  const type = typeOf(first.value, first.isOptional, checked);
  // One is told of each list.
  return rest.flatMap((one) => mismatch(one.value, type, typeOf(one.value, one.isOptional, checked))).slice(0, 1);
}

function mixedEntries({ entries: [first, ...rest] }: Expression & { kind: "map" }, checked: Checked): Wrong[] {
  if (first === undefined) return [];
  const key = typeOf(first.key, false, checked);
  const value = typeOf(first.value, first.isOptional, checked);
  return rest.flatMap((one) => [
    ...mismatch(one.key, key, typeOf(one.key, false, checked)),
    ...mismatch(one.value, value, typeOf(one.value, one.isOptional, checked)),
  ]);
}

/** A text is formatted of values of any types. */
function visit(node: Expression, isFormatted: boolean, look: (node: Expression, isFormatted: boolean) => void): void {
  look(node, isFormatted);
  const isFormat = isFormatted || (node.kind === "call" && node.function === "format");
  for (const part of partsOf(node)) visit(part, isFormat, look);
}

function partsOf(node: Expression): Expression[] {
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
