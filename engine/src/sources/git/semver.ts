// Semantic versions and ranges as Masterminds' semver reads them (v3), since Flux picks tags by it: `^`, `~`, wildcards,
// hyphens, commas or spaces for "and", `||` for "or". Pre-releases count only where a range names one itself.

export type SemVer = { parts: [number, number, number]; pre: string; build: string };

const versionPattern = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

/** Lenient: a leading `v` and missing parts are accepted. */
export function parseSemVer(text: string): SemVer | undefined {
  const match = versionPattern.exec(text);
  if (match === null) return undefined;
  const parts: SemVer["parts"] = [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
  if (!parts.every(Number.isSafeInteger)) return undefined;
  return { parts, pre: match[4] ?? "", build: match[5] ?? "" };
}

/** Precedence by https://semver.org#spec-item-11; build metadata does not count. */
export function compareSemVer(a: SemVer, b: SemVer): number {
  for (let i = 0; i < 3; i++) if (a.parts[i] !== b.parts[i]) return (a.parts[i] ?? 0) - (b.parts[i] ?? 0);
  if (a.pre === b.pre) return 0;
  if (a.pre === "" || b.pre === "") return a.pre === "" ? 1 : -1;
  return comparePre(a.pre.split("."), b.pre.split("."));
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === right) continue;
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const [isLeft, isRight] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (isLeft && isRight) return Number(left) - Number(right);
    if (isLeft !== isRight) return isLeft ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

export type Range = (version: SemVer) => boolean;

/** undefined when the text is no range. */
export function parseRange(text: string): Range | undefined {
  const alternatives = text.split("||").map(parseAll);
  if (alternatives.some((alternative) => alternative === undefined)) return undefined;
  return (version) => alternatives.some((alternative) => alternative?.(version) === true);
}

const operand = String.raw`v?(?:\d+|[xX*])(?:\.(?:\d+|[xX*]))?(?:\.(?:\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`;
const comparison = new RegExp(String.raw`\s*(=|!=|>=|=>|<=|=<|>|<|~>|~|\^)?\s*(${operand})\s*,?`, "y");
const hyphen = new RegExp(String.raw`(${operand})\s+-\s+(${operand})`, "g");

function parseAll(text: string): Range | undefined {
  const plain = text.replace(hyphen, ">=$1 <=$2").trim();
  if (plain === "") return undefined;
  const tests: Range[] = [];
  comparison.lastIndex = 0;
  while (comparison.lastIndex < plain.length) {
    const match = comparison.exec(plain);
    const test = match === null ? undefined : comparisonOf(match[1] ?? "", match[2] ?? "");
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return (version) => tests.every((test) => test(version));
}

/** One operator and its version; `fixed` counts the parts that are given. */
function comparisonOf(operator: string, text: string): Range | undefined {
  const [core = "", ...rest] = text.replace(/^v/, "").split(/(?=[-+])/);
  const given = core.split(".");
  const wild = given.findIndex((part) => /^[xX*]$/.test(part));
  const fixed = wild < 0 ? given.length : wild;
  const numbers = [0, 1, 2].map((i) => (i < fixed ? (given[i] ?? "0") : "0"));
  const low = parseSemVer(`${numbers.join(".")}${rest.join("")}`);
  if (low === undefined) return undefined;
  const range = boundsOf(operator, low, fixed);
  return (version) => (version.pre === "" || low.pre !== "") && range(version);
}

function boundsOf(operator: string, low: SemVer, fixed: number): Range {
  const atLeast = (version: SemVer): boolean => compareSemVer(version, low) >= 0;
  const below = (part: number): Range => {
    if (part < 0) return () => true;
    const parts = low.parts.map((value, i) => (i < part ? value : i === part ? value + 1 : 0)) as SemVer["parts"];
    return (version) => compareSemVer({ ...version, pre: "" }, { parts, pre: "", build: "" }) < 0;
  };
  const within =
    (part: number): Range =>
    (version) =>
      atLeast(version) && below(part)(version);
  const equal: Range = fixed === 3 ? (version) => compareSemVer(version, low) === 0 : within(fixed - 1);
  switch (operator) {
    case "":
    case "=":
      return equal;
    case "!=":
      return (version) => !equal(version);
    case ">":
      return fixed === 3
        ? (version) => compareSemVer(version, low) > 0
        : (version) => atLeast(version) && !equal(version);
    case ">=":
    case "=>":
      return atLeast;
    case "<":
      return (version) => !atLeast(version);
    case "<=":
    case "=<":
      return fixed === 3 ? (version) => compareSemVer(version, low) <= 0 : below(fixed - 1);
    case "^":
      return within(Math.min(caretPart(low, fixed), fixed - 1));
    default:
      return within(Math.min(1, fixed - 1));
  }
}

/** The first part that is not zero may not change. */
function caretPart(low: SemVer, fixed: number): number {
  const first = low.parts.findIndex((part) => part > 0);
  return first < 0 ? fixed - 1 : first;
}
