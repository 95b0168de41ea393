// Ranges of sizes and costs, with sums and products that stop at the largest number of 64 bits: what is more than that is beyond all
// limits anyhow. Numbers are bigints, since the limits of the real server are told to the last unit.

export type Range = { min: bigint; max: bigint };

export const most: bigint = 2n ** 64n - 1n;
export const unknownSize: Range = { min: 0n, max: most };
export const nothing: Range = { min: 0n, max: 0n };

export function fixed(value: number | bigint): Range {
  return { min: BigInt(value), max: BigInt(value) };
}

function bounded(value: bigint): bigint {
  return value > most ? most : value;
}

export function add(a: Range, b: Range): Range {
  return { min: bounded(a.min + b.min), max: bounded(a.max + b.max) };
}

export function sum(ranges: readonly Range[]): Range {
  return ranges.reduce(add, nothing);
}

export function multiply(a: Range, b: Range): Range {
  return { min: bounded(a.min * b.min), max: bounded(a.max * b.max) };
}

/** Each end times a factor, rounded up, in the precision of a double as the real server has it. */
export function scaled({ min, max }: Range, factor: number): Range {
  return { min: scale(min, factor), max: scale(max, factor) };
}

function scale(value: bigint, factor: number): bigint {
  const product = Math.ceil(Number(value) * factor);
  return product >= 2 ** 64 ? most : BigInt(product);
}

/** The range that holds both. */
export function union(a: Range, b: Range): Range {
  return { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
}
