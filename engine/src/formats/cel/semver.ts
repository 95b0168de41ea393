// Semantic versions in CEL, by the precedence rules of semver.org 2.0.

import type { Environment } from "@marcbachmann/cel-js";

export class SemanticVersion {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
}

const number = "(0|[1-9]\\d*)";
const strict = new RegExp(`^${number}\\.${number}\\.${number}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?$`);

/** Undefined when the text is no version. Normalised: a leading v, missing parts and leading zeros are taken. */
export function parseSemver(text: string, isNormalised: boolean): SemanticVersion | undefined {
  const match = strict.exec(isNormalised ? normalise(text) : text);
  if (match === null) return undefined;
  const prerelease = match[4] === undefined ? [] : match[4].split(".");
  if (prerelease.some((part) => part === "" || /^0\d+$/.test(part))) return undefined;
  return new SemanticVersion(
    [BigInt(match[1] as string), BigInt(match[2] as string), BigInt(match[3] as string)],
    prerelease,
  );
}

function normalise(text: string): string {
  const [, core = "", rest = ""] = /^v?([0-9.]*)(.*)$/.exec(text) ?? [];
  const parts = core.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (parts.length < 3 && core !== "") parts.push("0");
  return `${parts.join(".")}${rest}`;
}

export function compareSemver(a: SemanticVersion, b: SemanticVersion): number {
  for (let i = 0; i < 3; i++) {
    const [left, right] = [a.numbers[i] as bigint, b.numbers[i] as bigint];
    if (left !== right) return left < right ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return b.prerelease.length - a.prerelease.length === 0 ? 0 : a.prerelease.length === 0 ? 1 : -1;
  for (let i = 0; i < a.prerelease.length && i < b.prerelease.length; i++) {
    const order = compareParts(a.prerelease[i] as string, b.prerelease[i] as string);
    if (order !== 0) return order;
  }
  return Math.sign(a.prerelease.length - b.prerelease.length);
}

function compareParts(a: string, b: string): number {
  const [isLeft, isRight] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isLeft !== isRight) return isLeft ? -1 : 1;
  if (isLeft) return a.length !== b.length ? Math.sign(a.length - b.length) : a < b ? -1 : a > b ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function registerSemver(env: Environment): void {
  const parse = (text: string, isNormalised = false): SemanticVersion => {
    const version = parseSemver(text, isNormalised);
    if (version === undefined) throw new Error(`invalid semantic version: ${text}`);
    return version;
  };
  env
    .registerType("Semver", SemanticVersion)
    .registerFunction("semver(string): Semver", (text: string) => parse(text))
    .registerFunction("semver(string, bool): Semver", parse)
    .registerFunction("isSemver(string): bool", (text: string) => parseSemver(text, false) !== undefined)
    .registerFunction(
      "isSemver(string, bool): bool",
      (text: string, isNormalised: boolean) => parseSemver(text, isNormalised) !== undefined,
    )
    .registerFunction("Semver.major(): int", (version: SemanticVersion) => version.numbers[0])
    .registerFunction("Semver.minor(): int", (version: SemanticVersion) => version.numbers[1])
    .registerFunction("Semver.patch(): int", (version: SemanticVersion) => version.numbers[2])
    .registerFunction(
      "Semver.isLessThan(Semver): bool",
      (a: SemanticVersion, b: SemanticVersion) => compareSemver(a, b) < 0,
    )
    .registerFunction(
      "Semver.isGreaterThan(Semver): bool",
      (a: SemanticVersion, b: SemanticVersion) => compareSemver(a, b) > 0,
    )
    .registerFunction("Semver.compareTo(Semver): int", (a: SemanticVersion, b: SemanticVersion) =>
      BigInt(compareSemver(a, b)),
    )
    .registerOperator("Semver == Semver", (a: SemanticVersion, b: SemanticVersion) => compareSemver(a, b) === 0);
}
