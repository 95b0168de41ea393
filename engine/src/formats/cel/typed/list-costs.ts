// What the functions of the lists and sets extensions cost, by overload (cel-go/ext, v0.26): the list that they make, or each item against
// each other.

import type { CallCost, Operand, Operands } from "./call-costs.ts";
import { add, fixed, multiply, type Range, scaled, unknownSize } from "./sizes.ts";

const call = 1;
const newList = 10;

function sizeOf(operand: Operand | undefined): Range {
  return operand?.size ?? unknownSize;
}

function made(size: Range, factor = 1): CallCost {
  return { cost: add(scaled(size, factor), fixed(call + newList)), size };
}

/** An integer that stands there as a literal. */
function literal(operand: Operand | undefined, otherwise: bigint): bigint {
  const value = operand?.literal;
  if (value === undefined) return otherwise;
  return value < 0n ? 0n : value;
}

const sets =
  (factor: number) =>
  ({ args: [left, right] }: Operands): CallCost => ({
    cost: add(scaled(multiply(sizeOf(left), sizeOf(right)), factor), fixed(call)),
  });

function eachToEach(list: Operand | undefined, factor: number): CallCost {
  const size = sizeOf(list);
  return made(multiply(size, size), factor);
}

const flattened = ({ target, args }: Operands): CallCost =>
  made(sizeOf(target), Number(args.length === 0 ? 1n : literal(args[0], unknownSize.max)));

const sortKinds = "int uint double bool google.protobuf.Duration google.protobuf.Timestamp string bytes".split(" ");
/** Texts are read to be compared. */
const sortFactor = (kind: string): number => (kind === "string" || kind === "bytes" ? 2.1 : 2);

const sorts = sortKinds.flatMap((kind): [string, (operands: Operands) => CallCost][] => [
  [`list_${kind}_sort`, ({ target }) => eachToEach(target, sortFactor(kind))],
  [`list_${kind}_sortByAssociatedKeys`, ({ args }) => eachToEach(args[0], sortFactor(kind))],
]);

/** By overload. */
export const listCosts: Readonly<Record<string, (operands: Operands) => CallCost>> = {
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
  list_slice: ({ target, args }) => {
    const length = literal(args[1], sizeOf(target).max) - literal(args[0], 0n);
    return made(fixed(BigInt.asUintN(64, length)));
  },
  list_flatten: flattened,
  list_flatten_int: flattened,
  lists_range: ({ args }) => made(fixed(literal(args[0], unknownSize.max))),
  list_reverse: ({ target }) => made(sizeOf(target)),
  list_distinct: ({ target }) => eachToEach(target, 2),
  ...Object.fromEntries(sorts),
};
