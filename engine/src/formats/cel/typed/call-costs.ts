// What calls of functions cost at most, by the sizes of what they are given: those of Kubernetes' libraries by name
// (apiserver/pkg/cel/library/cost.go, v1.36; rules of definitions may not ask about access), the language's own by overload (cel-go/checker/cost.go, v0.26). A function that is not
// here costs 1.

import { listCosts } from "./list-costs.ts";
import { type CelType, isSame } from "./types.ts";
import { add, fixed, most, multiply, nothing, type Range, scaled, unknownSize } from "./sizes.ts";

/** An operand as costs see it. */
export type Operand = {
  type: CelType;
  /** Characters, items or members. */
  size: Range | undefined;
  /** Of a list: its items, where its type says what they are. */
  item: (() => Operand) | undefined;
  /** The value of an integer literal. */
  literal: bigint | undefined;
};

export type CallCost = { cost: Range; size?: Range };

export type Operands = { target: Operand | undefined; args: readonly Operand[] };

const traversal = 0.1;
const regexLength = 0.25;
/** Characters of the longest pattern behind a named format. */
const formatPatternMax = 128;
/** Characters of the longest name of a format. */
const formatNameMax = 64;

export function sizeOf(operand: Operand | undefined): Range {
  return operand?.size ?? unknownSize;
}

function read(operand: Operand | undefined, times = 1): CallCost {
  return { cost: scaled(sizeOf(operand), times * traversal) };
}

const one: CallCost = { cost: fixed(1) };

/** The text and each place where a pattern of this length could begin. */
function searched(text: Range, pattern: Range): Range {
  return multiply(scaled(add(text, fixed(1)), traversal), scaled(pattern, regexLength));
}

type Cost = (operands: Operands, overload: string) => CallCost | undefined;

const readsArgument: Cost = ({ args }) => (args.length > 0 ? read(args[0]) : undefined);
const accessor: Cost = () => one;

const sameLength: Cost = ({ target }) => (target === undefined ? undefined : { ...read(target), size: sizeOf(target) });

const compared: Cost = ({ target }) => {
  if (target === undefined) return undefined;
  const item = target.item?.();
  if (item === undefined) return read(target);
  const isText = item.type.kind === "string" || item.type.kind === "bytes";
  const each = isText ? add(fixed(1), scaled(sizeOf(item), traversal)) : fixed(1);
  return { cost: multiply(sizeOf(target), each) };
};

const ipBytes: Range = { min: 4n, max: 16n };

const contained =
  (isRange: boolean): Cost =>
  ({ args }, overload) => {
    if (args.length === 0) return undefined;
    let cost = scaled(add(ipBytes, ipBytes), traversal);
    // A range is masked first, and its bits compared.
    if (isRange) cost = add(add(cost, scaled(ipBytes, traversal)), fixed(1));
    const isParsed = overload === "cidr_contains_ip_string" || overload === "cidr_contains_cidr_string";
    return { cost: isParsed ? add(cost, scaled(sizeOf(args[0]), traversal)) : cost };
  };

const byName: Readonly<Record<string, Cost>> = {
  isSorted: compared,
  sum: compared,
  max: compared,
  min: compared,
  indexOf: compared,
  lastIndexOf: compared,
  url: ({ args }) => (args.length === 1 ? { ...read(args[0]), size: sizeOf(args[0]) } : undefined),
  "jsonpatch.escapeKey": ({ args }) => (args.length === 1 ? { ...read(args[0]), size: sizeOf(args[0]) } : undefined),
  lowerAscii: sameLength,
  upperAscii: sameLength,
  substring: sameLength,
  trim: sameLength,
  replace: ({ target, args }) =>
    target === undefined || args.length < 2
      ? undefined
      : { ...read(target, 2), size: replacedSize(sizeOf(target), sizeOf(args[0]), sizeOf(args[1])) },
  split: ({ target, args }) => {
    if (target === undefined) return undefined;
    const max = args[1]?.literal ?? sizeOf(target).max;
    return { ...read(target, 2), size: { min: 0n, max: BigInt.asUintN(64, max) } };
  },
  join: ({ target, args }) => {
    if (target === undefined) return undefined;
    const size = joinedSize(sizeOf(target), target.item?.(), args[0]);
    return { cost: scaled(size, traversal), size };
  },
  find: searchedFor,
  findAll: searchedFor,
  cidr: readsArgument,
  isIP: readsArgument,
  isCIDR: readsArgument,
  ip: (operands, overload) => (overload === "cidr_ip" ? one : readsArgument(operands, overload)),
  "ip.isCanonical": ({ args }) => (args.length > 0 ? read(args[0], 2) : undefined),
  containsIP: contained(false),
  containsCIDR: contained(true),
  quantity: readsArgument,
  isQuantity: readsArgument,
  semver: readsArgument,
  isSemver: readsArgument,
  validate: ({ args }) =>
    args.length > 0 ? { cost: scaled(scaled(sizeOf(args[0]), traversal), formatPatternMax * regexLength) } : undefined,
  "_==_": ({ args }) => (args.length === 2 ? equality(args[0] as Operand, args[1] as Operand) : undefined),
  ...Object.fromEntries(
    (
      "masked prefixLength family " +
      "isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger isInteger " +
      "asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname getHost getPort " +
      "getEscapedPath getQuery"
    )
      .split(" ")
      .map((name) => [name, accessor]),
  ),
};

function searchedFor({ target, args }: Operands): CallCost | undefined {
  if (target === undefined || args.length === 0) return undefined;
  return { cost: searched(sizeOf(target), sizeOf(args[0])), size: { min: 0n, max: sizeOf(target).max } };
}

const constantEquality: ReadonlySet<string> = new Set([
  "net.IP",
  "net.CIDR",
  "kubernetes.Quantity",
  "kubernetes.Semver",
]);

/** Values of the libraries' own types; others by overload. */
function equality(left: Operand, right: Operand): CallCost | undefined {
  if (!isSame(left.type, right.type)) return undefined;
  const { name } = left.type;
  if (constantEquality.has(name)) return one;
  if (name === "kubernetes.NamedFormat") return { cost: scaled({ min: 1n, max: BigInt(formatNameMax) }, traversal) };
  if (name === "kubernetes.URL") return { cost: scaled({ min: 1n, max: right.size?.max ?? 1n }, traversal) };
  return undefined;
}

function replacedSize(text: Range, old: Range, by: Range): Range {
  const count = { ...nothing };
  const kept = { ...nothing };
  if (old.min === 0n) {
    // An empty text is found before, between and after all characters.
    count.max = text.max < most ? text.max + 1n : text.max;
    kept.max = text.max;
  } else if (by.max <= old.min) kept.max = text.max;
  else count.max = BigInt(Math.ceil(Number(text.max) / Number(old.min)));
  if (old.max === 0n) {
    count.min = text.min < most ? text.min + 1n : text.min;
    kept.min = text.min;
  } else if (old.max <= by.min) kept.min = text.min;
  else count.min = BigInt(Math.ceil(Number(text.min) / Number(old.max)));
  const bounded = { min: BigInt.asUintN(64, count.min), max: count.max > most ? most : count.max };
  return add(multiply(bounded, by), kept);
}

function joinedSize(list: Range, item: Operand | undefined, separator: Operand | undefined): Range {
  const texts = item === undefined ? nothing : multiply(list, sizeOf(item));
  if (separator === undefined) return texts;
  const between = { min: list.min > 0n ? list.min - 1n : 0n, max: list.max > 0n ? list.max - 1n : 0n };
  return add(texts, multiply(sizeOf(separator), between));
}

const byOverload: Readonly<Record<string, (operands: Operands) => CallCost>> = {
  string_format: ({ target }) => read(target),
  string_to_bytes: ({ args }) => {
    const { min, max } = sizeOf(args[0]);
    return { ...read(args[0]), size: { min, max: BigInt.asUintN(64, max * 4n) } };
  },
  bytes_to_string: ({ args }) => {
    const { min, max } = sizeOf(args[0]);
    return { ...read(args[0]), size: { min: min / 4n, max } };
  },
  strings_quote: ({ args }) => {
    const { min, max } = sizeOf(args[0]);
    return { ...read(args[0]), size: { min: min + 2n, max: BigInt.asUintN(64, max * 2n + 2n) } };
  },
  starts_with_string: ({ args }) => read(args[0]),
  ends_with_string: ({ args }) => read(args[0]),
  in_list: ({ args }) => ({ cost: scaled(sizeOf(args[1]), 1) }),
  matches_string: ({ target, args }) => ({ cost: searched(sizeOf(target), sizeOf(args[0])) }),
  contains_string: ({ target, args }) => ({
    cost: multiply(scaled(sizeOf(target), traversal), scaled(sizeOf(args[0]), traversal)),
  }),
};

const ordered = ["less", "less_equals", "greater", "greater_equals"].flatMap((name) => [
  `${name}_string`,
  `${name}_bytes`,
]);
const comparisons: ReadonlySet<string> = new Set(["equals", "not_equals", ...ordered]);

/** The cost of a call beside that of its arguments, and the size of what it gives. */
export function callCost(name: string, overload: string, operands: Operands): CallCost {
  if (Object.hasOwn(listCosts, overload)) return (listCosts[overload] as (operands: Operands) => CallCost)(operands);
  const known = Object.hasOwn(byName, name) ? byName[name]?.(operands, overload) : undefined;
  if (known !== undefined) return known;
  if (comparisons.has(overload)) return comparison(operands);
  const own = Object.hasOwn(byOverload, overload) ? byOverload[overload] : undefined;
  return own === undefined ? one : own(operands);
}

/** No more is looked at than the smaller of both has. */
function comparison({ args: [left, right] }: Operands): CallCost {
  const [a, b] = [sizeOf(left).max, sizeOf(right).max];
  const max = a < b ? a : b;
  return { cost: scaled({ min: max > 0n ? 1n : 0n, max }, traversal) };
}
