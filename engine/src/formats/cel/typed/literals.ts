// What is wrong with the literals of an expression whose types fit: durations, times and patterns that are none, lists and maps of mixed
// types (the validators of cel-go that Kubernetes switches on).

import { RE2JS } from "re2js";
import type { Checked, Wrong } from "./checker.ts";
import { type Expression, partsOf } from "./expression.ts";
import { formatErrors } from "./format-literals.ts";
import { isTime, parseNanoseconds, parseSeconds } from "./go-values.ts";
import { type CelType, dyn, formatType, isSame, unwrapped } from "./types.ts";

/** The functions that read a literal, and whether they can read it. */
const readers: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseNanoseconds(text) !== undefined,
  timestamp: (text) => isTime(parseSeconds(text) ?? never),
  matches: (text) => {
    try {
      RE2JS.compile(text);
      return true;
    } catch {
      return false;
    }
  },
};

/** Before all time. */
const never = -(10n ** 12n);

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
  if (reads === undefined || argument?.kind !== "literal") return [];
  const isRead = argument.type === "string" ? reads(argument.value) : isReadAsNumber(name, argument);
  return isRead ? [] : [{ at: argument.at, message: `invalid ${name} argument` }];
}

/** A number is a time in seconds, and never a duration. */
function isReadAsNumber(name: string, { type, value }: Expression & { kind: "literal" }): boolean {
  if (type !== "int") return true;
  return name === "timestamp" && isTime(BigInt(value));
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
