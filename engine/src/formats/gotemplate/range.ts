// {{range}} over lists, maps in key order, integers, and objects that behave like lists.

import type { Expression } from "./calls.ts";
import { printValue, sortedKeys } from "./print.ts";
import type { Frame, Signal, Statement } from "./runtime.ts";
import type { BranchNode } from "./tree.ts";
import { Bytes, GoObject, holdsAnything, Integer, isMap, type Rangeable, type Value } from "./values.ts";

type Parts = { pipe: Expression; list: Statement; elseList: Statement | undefined };

export function compileRange(node: BranchNode, parts: Parts): Statement {
  const { declarations } = node.pipe;
  const first = declarations[0]?.slot ?? -1;
  const second = declarations[1]?.slot ?? -1;
  const indexSlot = declarations.length > 1 ? first : -1;
  const itemSlot = declarations.length > 1 ? second : first;
  const turn = (frame: Frame, index: Value, item: Value): Signal => {
    frame.set.turn();
    if (itemSlot >= 0) frame.setVariable(itemSlot, item, frame.isDotAnything);
    if (indexSlot >= 0) frame.setVariable(indexSlot, index, false);
    return parts.list(frame, item);
  };
  return (frame, dot) => {
    frame.at = node;
    const value = parts.pipe(frame, dot);
    const outer = frame.isDotAnything;
    frame.isDotAnything = holdsAnything(value);
    const hasRun = iterate(frame, value, turn, declarations.length);
    frame.isDotAnything = outer;
    return hasRun || parts.elseList === undefined ? 0 : parts.elseList(frame, dot);
  };
}

type Turn = (frame: Frame, index: Value, item: Value) => Signal;

/** Runs the turns; false when there was nothing to range over. */
function iterate(frame: Frame, value: Value, turn: Turn, variables: number): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) {
    const items = value.slice();
    for (let i = 0; i < items.length; i++) if (turn(frame, BigInt(i), items[i] ?? null) === 1) break;
    return items.length > 0;
  }
  if (typeof value === "bigint" || value instanceof Integer) return iterateInteger(frame, value, turn, variables);
  if (isMap(value)) {
    const keys = sortedKeys(value);
    for (const key of keys) if (turn(frame, key, value[key] ?? null) === 1) break;
    return keys.length > 0;
  }
  const entries = entriesOf(value);
  if (entries === undefined) return frame.fail(`range can't iterate over ${printValue(value)}`);
  for (const [key, item] of entries) if (turn(frame, key, item) === 1) break;
  return entries.length > 0;
}

function iterateInteger(frame: Frame, value: bigint | Integer, turn: Turn, variables: number): boolean {
  const count = typeof value === "bigint" ? value : value.value;
  if (variables > 1) frame.fail(`can't use ${printValue(value)} to iterate over more than one variable`);
  for (let i = 0n; i < count; i++) {
    const item = typeof value === "bigint" ? i : value.withValue(i);
    if (turn(frame, undefined, item) === 1) break;
  }
  return count > 0n;
}

function entriesOf(value: Value): [Value, Value][] | undefined {
  if (value instanceof Bytes) return [...value.bytes].map((byte, i) => [BigInt(i), new Integer("uint8", BigInt(byte))]);
  if (value instanceof GoObject && "entries" in value) return (value as GoObject & Rangeable).entries();
  return undefined;
}
