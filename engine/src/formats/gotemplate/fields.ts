// Fields, map entries and methods: what `.a.b.c` means for each kind of value.

import { type Argument, callFunction, type Final, noFinal } from "./calls.ts";
import type { Frame } from "./runtime.ts";
import type { Node } from "./tree.ts";
import { GoObject, goTypeOf, holdsAnything, isMap, listMethod, mapGet, namedOf, type Value } from "./values.ts";
import { quote } from "./print.ts";

export type FieldChain = {
  dot: Value;
  receiver: Value;
  names: readonly string[];
  node: Node;
  args: readonly Argument[];
};

/** Follows the names; only the last may be a method with arguments. */
export function evaluateFields(frame: Frame, chain: FieldChain, final: Final): Value {
  const { names } = chain;
  let value = chain.receiver;
  let holder: Value;
  const last = names.length - 1;
  for (let i = 0; i < last; i++) {
    const name = names[i] as string;
    const before = value;
    // The common case: an entry of a map. A method on the way is called, as the last one is.
    const map = isMap(value) ? value : undefined;
    const named = map === undefined ? undefined : namedOf(map);
    value =
      map !== undefined && named?.method(name) === undefined
        ? mapEntry(frame, named?.map ?? map, name)
        : fieldOf(frame, value, { ...chain, args: [] }, { name, final: noFinal, holder });
    holder = before;
  }
  return fieldOf(frame, value, chain, { name: names[last] as string, final, holder });
}

/** `holder`: the value before this one in the chain, whose field or entry it is. */
type Target = { name: string; final: Final; holder: Value };

function fieldOf(frame: Frame, receiver: Value, chain: FieldChain, target: Target): Value {
  const { name, final } = target;
  if (receiver === undefined) {
    if (frame.set.missingKey === "error") frame.fail(`nil data; no entry for key ${quote(name)}`);
    return undefined;
  }
  if (receiver === null) return frame.fail(`nil pointer evaluating interface {}.${name}`);
  const hasArguments = chain.args.length > 0 || final !== noFinal;
  if (isMap(receiver)) {
    const named = namedOf(receiver);
    const fn = named?.method(name);
    if (fn !== undefined)
      return callFunction(frame, chain.dot, { fn, site: { name, node: chain.node, args: chain.args } }, final);
    if (hasArguments) frame.fail(`${name} is not a method but has arguments`);
    return mapEntry(frame, named?.map ?? receiver, name);
  }
  if (Array.isArray(receiver)) {
    const fn = listMethod(receiver, name);
    if (fn !== undefined)
      return callFunction(frame, chain.dot, { fn, site: { name, node: chain.node, args: chain.args } }, final);
  }
  if (receiver instanceof GoObject) {
    const fn = receiver.method(name);
    if (fn !== undefined)
      return callFunction(frame, chain.dot, { fn, site: { name, node: chain.node, args: chain.args } }, final);
    const field = receiver.field(name);
    if (field !== undefined) {
      if (hasArguments) frame.fail(`${name} has arguments but cannot be invoked as function`);
      return field;
    }
    if (receiver.kind === "map")
      return frame.set.missingKey === "error" ? failMissing(frame, name) : receiver.zeroEntry();
  }
  // What a range hands out of a list of anything, or a map of anything holds, keeps that type, whatever it is.
  const { holder } = target;
  const isAnything = holder === undefined ? frame.beginsAtAnything(chain.node) : isMap(holder) && holdsAnything(holder);
  const type = isAnything ? "interface {}" : goTypeOf(receiver);
  return frame.fail(`can't evaluate field ${name} in type ${type}`);
}

function mapEntry(frame: Frame, map: { [key: string]: Value }, name: string): Value {
  const value = mapGet(map, name);
  if (value !== undefined) return value;
  if (frame.set.missingKey === "error") failMissing(frame, name);
  return frame.set.missingKey === "zero" ? zeroOf(map) : undefined;
}

/** The zero value of the map's element type. */
function zeroOf(map: { [key: string]: Value }): Value {
  const type = goTypeOf(map);
  return type === "map[string]string" ? "" : type === "map[string]bool" ? false : null;
}

function failMissing(frame: Frame, name: string): never {
  return frame.fail(`map has no entry for key ${quote(name)}`);
}
