// Versions and constraints as Masterminds/semver v3.5 reads them.

import {
  Bytes,
  define,
  type FunctionTable,
  GoError,
  type GoFunction,
  GoObject,
  Integer,
  quote,
  type Value,
} from "#formats/gotemplate";
import { encodeUtf8 } from "#kernel";
import { encodeBase64 } from "./base64.ts";
import { patternSpace as blank } from "./space.ts";
import { constraintBytesMax, constraintGroupsMax, versionBytesMax } from "../limits.ts";

const versionShape =
  /^v?(0|[1-9]\d*|\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

const uint64Max = 2n ** 64n - 1n;

/** A parsed version; `original` is the text it came from. */
export class SemanticVersion extends GoObject {
  readonly goType: string = "*semver.Version";
  readonly kind: string = "ptr";
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: string;
  readonly metadata: string;
  readonly original: string;

  constructor(parts: {
    numbers: readonly [bigint, bigint, bigint];
    prerelease: string;
    metadata: string;
    original: string;
  }) {
    super();
    [this.major, this.minor, this.patch] = parts.numbers;
    this.prerelease = parts.prerelease;
    this.metadata = parts.metadata;
    this.original = parts.original;
  }

  print(): string {
    const pre = this.prerelease === "" ? "" : `-${this.prerelease}`;
    const metadata = this.metadata === "" ? "" : `+${this.metadata}`;
    return `${this.major}.${this.minor}.${this.patch}${pre}${metadata}`;
  }

  plain(): Value {
    return this.print();
  }

  override hidden(): [string, Value][] {
    const numbers = { major: this.major, minor: this.minor, patch: this.patch };
    return [
      ...Object.entries(numbers).map(([name, value]): [string, Value] => [name, new Integer("uint64", value)]),
      ["pre", this.prerelease],
      ["metadata", this.metadata],
      ["original", this.original],
    ];
  }

  override copied(): GoObject {
    return new SemanticVersion({ numbers: [0n, 0n, 0n], prerelease: "", metadata: "", original: "" });
  }

  override equals(other: GoObject): boolean {
    return other instanceof SemanticVersion && other.print() === this.print() && other.original === this.original;
  }

  override method(name: string): GoFunction | undefined {
    return this.#valueMethod(name) ?? this.#increment(name) ?? this.pointerMethod(name);
  }

  #valueMethod(name: string): GoFunction | undefined {
    switch (name) {
      case "Major":
      case "Minor":
      case "Patch":
        return define("", () => new Integer("uint64", this[name.toLowerCase() as "major"]));
      case "Prerelease":
        return define("", () => this.prerelease);
      case "Metadata":
        return define("", () => this.metadata);
      case "SetPrerelease":
        return define("string", (prerelease: string) => this.#with({ prerelease }));
      case "SetMetadata":
        return define("string", (metadata: string) => this.#with({ metadata }));
      case "String":
      case "Value":
        return define("", () => this.print());
      case "MarshalJSON":
        return define("", () => new Bytes(encodeUtf8(JSON.stringify(this.print())), encodeBase64));
      case "MarshalText":
        return define("", () => new Bytes(encodeUtf8(this.print()), encodeBase64));
      default:
        return undefined;
    }
  }

  /** Methods that a version has only where a pointer leads to it. */
  protected pointerMethod(name: string): GoFunction | undefined {
    const order = (holds: (order: number) => Value): GoFunction =>
      define("version", (other: SemanticVersion | null) => {
        if (other === null) throw new GoError("runtime error: invalid memory address or nil pointer dereference");
        return holds(compareVersions(this, other));
      });
    switch (name) {
      case "Original":
        return define("", () => this.original);
      case "Compare":
        return order(BigInt);
      case "LessThan":
        return order((than) => than < 0);
      case "GreaterThan":
        return order((than) => than > 0);
      case "LessThanEqual":
        return order((than) => than <= 0);
      case "GreaterThanEqual":
        return order((than) => than >= 0);
      case "Equal":
        return order((than) => than === 0);
      default:
        return undefined;
    }
  }

  /** The same numbers with another pre-release or other metadata, which must be well formed. */
  #with(part: { prerelease?: string; metadata?: string }): BareVersion {
    const { prerelease = this.prerelease, metadata = this.metadata } = part;
    const isLoose = (text: string): boolean => text !== "" && !/^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$/.test(text);
    if (part.prerelease !== undefined && isLoose(prerelease)) throw new GoError("invalid prerelease string");
    if (part.prerelease !== undefined && hasLeadingZero(prerelease)) throw new GoError("version segment starts with 0");
    if (part.metadata !== undefined && isLoose(metadata)) throw new GoError("invalid metadata string");
    const numbers = [this.major, this.minor, this.patch] as const;
    const start = this.original.startsWith("v") ? "v" : "";
    const end = `${prerelease === "" ? "" : `-${prerelease}`}${metadata === "" ? "" : `+${metadata}`}`;
    return new BareVersion({ numbers, prerelease, metadata, original: `${start}${numbers.join(".")}${end}` });
  }

  #increment(name: string): GoFunction | undefined {
    const { major, minor, patch } = this;
    const next = (numbers: readonly [bigint, bigint, bigint]): GoFunction =>
      define(
        "",
        () =>
          new BareVersion({
            numbers,
            prerelease: "",
            metadata: "",
            original: `${this.original.startsWith("v") ? "v" : ""}${numbers.join(".")}`,
          }),
      );
    if (name === "IncMajor") return next([major + 1n, 0n, 0n]);
    if (name === "IncMinor") return next([major, minor + 1n, 0n]);
    if (name === "IncPatch") return next([major, minor, this.prerelease === "" ? patch + 1n : patch]);
    return undefined;
  }
}

/** A semver.Version that is no pointer: what the Inc methods return. */
class BareVersion extends SemanticVersion {
  override readonly goType: string = "semver.Version";
  override readonly kind: string = "struct";
  protected override pointerMethod(): undefined {
    return undefined;
  }
}

function hasLeadingZero(prerelease: string): boolean {
  return prerelease.split(".").some((part) => /^0\d+$/.test(part));
}

/** The version that the text names, or undefined. */
export function parseVersion(text: string): SemanticVersion | undefined {
  if (isLongerThan(text, versionBytesMax)) return undefined;
  const match = versionShape.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease = "", metadata = ""] = match;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  if (numbers.some((part) => part > uint64Max)) return undefined;
  if (hasLeadingZero(prerelease)) return undefined;
  return new SemanticVersion({ numbers, prerelease, metadata, original: text });
}

export function parseVersionOrFail(text: string): SemanticVersion {
  const version = parseVersion(text);
  if (version === undefined) throw new GoError(explainVersion(text));
  return version;
}

function explainVersion(text: string): string {
  if (isLongerThan(text, versionBytesMax)) return `version string is too long (max ${versionBytesMax} bytes)`;
  const [, ...numbers] = versionShape.exec(text) ?? [];
  const large = numbers.slice(0, 3).find((part) => part !== undefined && BigInt(part) > uint64Max);
  if (large === undefined) return numbers.length > 0 ? "version segment starts with 0" : "invalid semantic version";
  return `error parsing version segment: strconv.ParseUint: parsing ${quote(large)}: value out of range`;
}

function isLongerThan(text: string, bytes: number): boolean {
  return text.length > bytes || encodeUtf8(text).length > bytes;
}

/** Order of two versions; metadata does not count. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  for (const part of ["major", "minor", "patch"] as const) if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  return comparePrereleases(a.prerelease, b.prerelease);
}

function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "") return 1;
  if (b === "") return -1;
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareIdentifiers(left[i], right[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const isNumberA = /^\d+$/.test(a);
  const isNumberB = /^\d+$/.test(b);
  if (isNumberA && isNumberB) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : 1;
}

type Constraint = {
  operator: string;
  version: SemanticVersion;
  isDirty: boolean;
  isMinorDirty: boolean;
  isPatchDirty: boolean;
};

const versionPattern =
  "v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?(-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?";
const operatorPattern = "=|!=|>|<|>=|=>|<=|=<|~|~>|\\^|";
const greedyOperators = "(?:!=|>=|=>|<=|=<|~>|=|>|<|~|\\^)?";
const onePattern: RegExp = new RegExp(`^${blank}*(${operatorPattern})${blank}*(${versionPattern})${blank}*$`);
const findPattern: RegExp = new RegExp(`${greedyOperators}${blank}*${versionPattern}`, "g");
const rangePattern: RegExp = new RegExp(
  `${blank}*(${versionPattern})${blank}+-${blank}+(${versionPattern})${blank}*`,
  "g",
);
const validPattern: RegExp = new RegExp(
  `^(?:${blank}*${greedyOperators}${blank}*${versionPattern}${blank}*)(?:(?:${blank}+|,${blank}*)${greedyOperators}${blank}*${versionPattern}${blank}*)*$`,
);

export type Constraints = readonly (readonly Constraint[])[];

/** Parses constraints: groups joined by ||, each a list that must all hold. Throws a GoError. */
export function parseConstraints(text: string): Constraints {
  if (isLongerThan(text, constraintBytesMax))
    throw new GoError(`constraint string is too long (max ${constraintBytesMax} bytes)`);
  const rewritten = text.replace(rangePattern, (...match: string[]) =>
    `>=${match[1]}, <=${match[9]} `.replace(/ $/, ""),
  );
  const groups = rewritten.split("||");
  if (groups.length > constraintGroupsMax) throw new GoError(`too many constraint groups (max ${constraintGroupsMax})`);
  return groups.map((group) => {
    if (!validPattern.test(group)) throw new GoError(`improper constraint: ${quote(group)}`);
    const found = group.match(findPattern) ?? [""];
    return found.map(parseConstraint);
  });
}

function isWild(part: string | undefined): boolean {
  return part === undefined || /^\.?[xX*]$/.test(part);
}

function parseConstraint(text: string): Constraint {
  const match = onePattern.exec(text);
  if (match === null) throw new GoError(`improper constraint: ${quote(text)}`);
  const [, operator = "", whole = "", major, minor, patch, prerelease = ""] = match;
  let version = whole;
  const isMajorWild = isWild(major);
  const isMinorDirty = !isMajorWild && isWild(minor);
  const isPatchDirty = !isMajorWild && !isMinorDirty && isWild(patch);
  if (isMajorWild) version = `0.0.0${prerelease}`;
  else if (isMinorDirty) version = `${major}.0.0${prerelease}`;
  else if (isPatchDirty) version = `${major}${minor}.0${prerelease}`;
  const parsed = parseVersion(version);
  if (parsed === undefined) throw new GoError("constraint parser error");
  return {
    operator,
    version: parsed,
    isDirty: isMajorWild || isMinorDirty || isPatchDirty,
    isMinorDirty,
    isPatchDirty,
  };
}

/** True when the version satisfies one of the groups. */
export function satisfies(constraints: Constraints, version: SemanticVersion): boolean {
  return constraints.some((group) => {
    const allowsPrerelease = group.some((constraint) => constraint.version.prerelease !== "");
    if (version.prerelease !== "" && !allowsPrerelease) return false;
    return group.every((constraint) => holds(constraint, version));
  });
}

function holds(constraint: Constraint, version: SemanticVersion): boolean {
  const order = compareVersions(version, constraint.version);
  switch (constraint.operator) {
    case "!=":
      return isDifferent(constraint, version, order);
    case ">":
      return isGreater(constraint, version, order);
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      return isAtMost(constraint, version, order);
    case "~":
    case "~>":
      return isTilde(constraint, version, order);
    case "^":
      return isCaret(constraint, version, order);
    default:
      return constraint.isDirty ? isTilde(constraint, version, order) : order === 0;
  }
}

function isDifferent(constraint: Constraint, version: SemanticVersion, order: number): boolean {
  const wanted = constraint.version;
  if (!constraint.isDirty) return order !== 0;
  if (wanted.major !== version.major) return true;
  if (constraint.isMinorDirty) return false;
  if (wanted.minor !== version.minor) return true;
  if (!constraint.isPatchDirty) return wanted.patch !== version.patch || order !== 0;
  return comparePrereleases(version.prerelease, wanted.prerelease) !== 0;
}

function isGreater(constraint: Constraint, version: SemanticVersion, order: number): boolean {
  if (!constraint.isDirty) return order > 0;
  if (version.major !== constraint.version.major) return version.major > constraint.version.major;
  if (constraint.isMinorDirty) return false;
  return constraint.isPatchDirty ? version.minor > constraint.version.minor : order > 0;
}

function isAtMost(constraint: Constraint, version: SemanticVersion, order: number): boolean {
  const wanted = constraint.version;
  if (!constraint.isDirty) return order <= 0;
  if (version.major > wanted.major) return false;
  return !(version.major === wanted.major && version.minor > wanted.minor && !constraint.isMinorDirty);
}

function isTilde(constraint: Constraint, version: SemanticVersion, order: number): boolean {
  const wanted = constraint.version;
  if (order < 0) return false;
  const isZero = wanted.major === 0n && wanted.minor === 0n && wanted.patch === 0n;
  if (isZero && !constraint.isMinorDirty && !constraint.isPatchDirty) return true;
  return version.major === wanted.major && (version.minor === wanted.minor || constraint.isMinorDirty);
}

function isCaret(constraint: Constraint, version: SemanticVersion, order: number): boolean {
  const wanted = constraint.version;
  if (order < 0 || version.major !== wanted.major) return false;
  if (wanted.major > 0n || constraint.isMinorDirty) return true;
  if (version.minor !== wanted.minor) return false;
  return wanted.minor > 0n || constraint.isPatchDirty || version.patch === wanted.patch;
}

/** True when the version lies in the range; false when either cannot be read. Helm's IsCompatibleRange. */
export function isCompatibleRange(range: string, version: string): boolean {
  const parsed = parseVersion(version);
  if (parsed === undefined) return false;
  try {
    return satisfies(parseConstraints(range), parsed);
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
}

export const semverFunctions: FunctionTable = {
  semver: define("string", parseVersionOrFail),
  semverCompare: define("string, string", (constraint: string, version: string) => {
    const constraints = parseConstraints(constraint);
    return satisfies(constraints, parseVersionOrFail(version));
  }),
};
