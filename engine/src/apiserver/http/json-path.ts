// The part of JSONPath that printer columns use: members, quoted members, indices, wildcards and filters by equality.

import { equalJson, isObject, type Json } from "#kernel";

type Step =
  | { what: "member"; name: string }
  | { what: "index"; index: number }
  | { what: "all" }
  | { what: "filter"; path: readonly Step[]; operator: "==" | "!=" | undefined; value: Json };

const parsed = new Map<string, readonly Step[]>();

/** All values at the path; empty when there is none or the path cannot be read. */
export function findAll(value: Json, path: string): Json[] {
  let steps = parsed.get(path);
  if (steps === undefined) parsed.set(path, (steps = parsePath(path)));
  return walk([value], steps);
}

function walk(start: readonly Json[], steps: readonly Step[]): Json[] {
  let found = [...start];
  for (const step of steps) found = found.flatMap((value) => take(value, step));
  return found;
}

function take(value: Json, step: Step): Json[] {
  switch (step.what) {
    case "member":
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name] as Json] : [];
    case "index": {
      if (!Array.isArray(value)) return [];
      const item = value.at(step.index);
      return item === undefined ? [] : [item];
    }
    case "all":
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case "filter":
      return Array.isArray(value) ? value.filter((item) => holds(item, step)) : [];
  }
}

function holds(item: Json, filter: Extract<Step, { what: "filter" }>): boolean {
  const found = walk([item], filter.path);
  if (filter.operator === undefined) return found.length > 0;
  const isEqual = found.length > 0 && equalJson(found[0], filter.value);
  return filter.operator === "==" ? isEqual : found.length > 0 && !isEqual;
}

const token =
  /\.((?:\\.|[^.[\]\\])+)|\[\s*(?:(-?\d+)|(\*)|'((?:\\.|[^'])*)'|"((?:\\.|[^"])*)"|\?\s*\(\s*@((?:[^=!)]|\\.)*?)\s*(?:(==|!=)\s*([^)]*?))?\s*\))\s*\]/y;

function parsePath(path: string): Step[] {
  const text = path.replace(/^\{|\}$/g, "").replace(/^\$/, "");
  const whole = text.startsWith(".") || text.startsWith("[") ? text : `.${text}`;
  const steps: Step[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < whole.length) {
    const at = token.lastIndex;
    const match = token.exec(whole);
    if (match === null) return [{ what: "member", name: `\0unreadable at ${at}` }];
    const end = token.lastIndex;
    steps.push(stepOf(match));
    token.lastIndex = end;
  }
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [, member, index, all, single, double, filter, operator, literal] = match;
  if (member !== undefined) return member === "*" ? { what: "all" } : { what: "member", name: unescape(member) };
  if (index !== undefined) return { what: "index", index: Number(index) };
  if (all !== undefined) return { what: "all" };
  const quoted = single ?? double;
  if (quoted !== undefined) return { what: "member", name: unescape(quoted) };
  return {
    what: "filter",
    path: parsePath(filter ?? ""),
    operator: operator as "==" | "!=" | undefined,
    value: literalOf(literal ?? ""),
  };
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

function literalOf(text: string): Json {
  const quoted = /^(['"])(.*)\1$/.exec(text.trim());
  if (quoted !== null) return quoted[2] as string;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
