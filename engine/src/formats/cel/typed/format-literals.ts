// What is wrong with `'%s: %d'.format([a, b])` where both sides are literals: clauses that are none, and arguments that do not fit them
// (cel-go/ext/formatting.go, v0.26).

import type { Checked, Wrong } from "./checker.ts";
import type { Expression } from "./expression.ts";
import { type CelType, dyn } from "./types.ts";

type Clause = { kinds: ReadonlySet<string>; words: string };

function clause(kinds: string, words: string): Clause {
  return { kinds: new Set(kinds.split(" ")), words };
}

const texts = clause(
  "list map int uint double bool string timestamp bytes duration type null dyn",
  "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
);
const hex = clause("int uint string bytes dyn", "only integers, byte buffers, and strings can be formatted as hex");

const clauses: Readonly<Record<string, Clause>> = {
  s: texts,
  d: clause("int uint dyn", "decimal clause can only be used on integers"),
  f: clause("double string dyn", "fixed-point clause can only be used on doubles"),
  e: clause("double string dyn", "scientific clause can only be used on doubles"),
  b: clause("int uint bool dyn", "only integers and bools can be formatted as binary"),
  o: clause("int uint dyn", "octal clause can only be used on integers"),
  x: hex,
  X: hex,
};

/** One is told of each call. */
export function formatErrors(node: Expression & { kind: "call" }, checked: Checked): Wrong[] {
  const [given] = node.args;
  if (node.function !== "format" || node.target?.kind !== "literal" || given?.kind !== "list") return [];
  const args = given.elements.map(({ value }) => value);
  let count = 0;
  for (const [text, precision = "", letter = ""] of node.target.value.matchAll(/%%|%(\.\d*)?(.?)/gs)) {
    if (text === "%%") continue;
    const wrong = clauseError(args[count], { letter, precision, index: count }, { node, checked });
    if (wrong !== undefined) return [wrong];
    count++;
  }
  if (args.length <= count) return [];
  const message = `too many arguments supplied to string.format (expected ${count}, got ${args.length})`;
  return [{ at: node.at, message }];
}

function clauseError(
  argument: Expression | undefined,
  { letter, precision, index }: { letter: string; precision: string; index: number },
  { node, checked }: { node: Expression; checked: Checked },
): Wrong | undefined {
  if (letter === "" && precision === "") return { at: node.at, message: "unexpected end of string" };
  if (argument === undefined) return { at: node.at, message: `index ${index} out of range` };
  const known = Object.hasOwn(clauses, letter) ? clauses[letter] : undefined;
  if (known === undefined)
    return { at: node.at, message: `could not parse formatting clause: unrecognized formatting clause "${letter}"` };
  const bad = known === texts ? badText(argument, checked) : isUnfit(argument, known, checked);
  if (bad === undefined) return undefined;
  const type = typeOf(bad, checked).name;
  return { at: bad.at, message: `error during formatting: ${known.words}, was given ${type}` };
}

function typeOf(node: Expression, checked: Checked): CelType {
  return checked.types.get(node) ?? dyn;
}

function isUnfit(node: Expression, { kinds }: Clause, checked: Checked): Expression | undefined {
  return kinds.has(typeOf(node, checked).kind) ? undefined : node;
}

/** The part of a value that has no text: those of lists and maps are looked at too. */
function badText(node: Expression, checked: Checked): Expression | undefined {
  const own = isUnfit(node, texts, checked);
  if (own !== undefined) return own;
  const parts =
    node.kind === "list"
      ? node.elements.map(({ value }) => value)
      : node.kind === "map"
        ? node.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of parts) {
    const bad = badText(part, checked);
    if (bad !== undefined) return bad;
  }
  return undefined;
}
