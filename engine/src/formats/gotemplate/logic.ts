// `and` and `or`: they evaluate no more arguments than they need.

import { type Argument, type CallSite, evaluateArgument, type Final, noFinal } from "./calls.ts";
import type { Frame } from "./runtime.ts";
import { isTrue, type Value } from "./values.ts";

export function isShortCircuit(name: string): boolean {
  return name === "and" || name === "or";
}

export function evaluateLogic(frame: Frame, dot: Value, call: { site: CallSite; isOr: boolean }, final: Final): Value {
  const { args, name } = call.site;
  if (args.length === 0 && final === noFinal) frame.fail(`wrong number of args for ${name}: want at least 1 got 0`);
  let value: Value;
  for (const arg of args) {
    value = evaluateArgument(frame, dot, arg as Argument, "value");
    if (isTrue(value) === call.isOr) return value;
  }
  return final === noFinal ? value : final;
}
