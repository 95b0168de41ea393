// Kubernetes' label selectors (`app=web,tier in (a, b),!x`), used here on labels and annotations alike.

import { invalid } from "./faults.ts";

type Requirement = (values: ReadonlyMap<string, string>) => boolean;

const parsed = new Map<string, readonly Requirement[]>();

/** Selectors kept compiled; kustomizations use the same few again and again. */
const parsedMax = 1_000;

/** True when all requirements hold; the empty selector holds always. */
export function matchesSelector(selector: string, values: ReadonlyMap<string, string>): boolean {
  if (selector.trim() === "") return true;
  let requirements = parsed.get(selector);
  if (requirements === undefined) {
    requirements = parseSelector(selector);
    if (parsed.size >= parsedMax) parsed.clear();
    parsed.set(selector, requirements);
  }
  return requirements.every((one) => one(values));
}

const token = /\s*(!=|==|=|>|<|!|\(|\)|,|[^\s!=<>(),]+)/gy;

function parseSelector(selector: string): Requirement[] {
  const tokens = tokenise(selector);
  const requirements: Requirement[] = [];
  for (let at = 0; at < tokens.length; ) {
    const one = parseRequirement(tokens, at, selector);
    requirements.push(one.requirement);
    at = one.end;
    if (at === tokens.length) break;
    if (tokens[at] !== "," || at + 1 === tokens.length) throw unexpected(tokens[at], selector);
    at++;
  }
  return requirements;
}

function tokenise(selector: string): string[] {
  const tokens: string[] = [];
  const text = selector.trimEnd();
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) throw invalid(`unable to parse selector '${selector}'`);
    tokens.push(found[1] as string);
  }
  return tokens;
}

function unexpected(found: string | undefined, selector: string): Error {
  return invalid(`unable to parse selector '${selector}': found '${found ?? "the end"}' where it cannot stand`);
}

function isWord(text: string | undefined): text is string {
  return text !== undefined && !/^(?:!=|==|=|>|<|!|\(|\)|,)$/.test(text);
}

type Parsed = { requirement: Requirement; end: number };

function parseRequirement(tokens: readonly string[], at: number, selector: string): Parsed {
  if (tokens[at] === "!") {
    const key = tokens[at + 1];
    if (!isWord(key)) throw unexpected(key, selector);
    checkKey(key);
    return { requirement: (values) => !values.has(key), end: at + 2 };
  }
  const key = tokens[at];
  if (!isWord(key)) throw unexpected(key, selector);
  checkKey(key);
  const operator = tokens[at + 1];
  if (operator === undefined || operator === ",") return { requirement: (values) => values.has(key), end: at + 1 };
  if (operator === "in" || operator === "notin") return parseSet(tokens, at, selector);
  const hasValue = isWord(tokens[at + 2]);
  const value = hasValue ? (tokens[at + 2] as string) : "";
  const end = at + (hasValue ? 3 : 2);
  checkValue(value);
  if (operator === "=" || operator === "==") return { requirement: (values) => values.get(key) === value, end };
  if (operator === "!=") return { requirement: (values) => values.get(key) !== value, end };
  if (operator === ">" || operator === "<") return { requirement: compareNumber(key, operator, value), end };
  throw unexpected(operator, selector);
}

function parseSet(tokens: readonly string[], at: number, selector: string): Parsed {
  const key = tokens[at] as string;
  const isIn = tokens[at + 1] === "in";
  if (tokens[at + 2] !== "(") throw unexpected(tokens[at + 2], selector);
  const wanted = new Set<string>();
  let end = at + 3;
  let expectsWord = true;
  for (; tokens[end] !== ")"; end++) {
    const one = tokens[end];
    if (one === undefined || (one !== "," && !isWord(one))) throw unexpected(one, selector);
    if (one === ",") {
      if (expectsWord) wanted.add("");
      expectsWord = true;
    } else {
      wanted.add(one);
      expectsWord = false;
    }
  }
  if (expectsWord) wanted.add("");
  for (const one of wanted) checkValue(one);
  const requirement: Requirement = isIn
    ? (values) => values.has(key) && wanted.has(values.get(key) as string)
    : (values) => !values.has(key) || !wanted.has(values.get(key) as string);
  return { requirement, end: end + 1 };
}

function compareNumber(key: string, operator: string, value: string): Requirement {
  if (!/^[-+]?\d+$/.test(value)) throw invalid(`'${value}' must be a whole number after '${operator}'`);
  const limit = BigInt(value.replace("+", ""));
  return (values) => {
    const found = values.get(key);
    if (found === undefined || !/^-?\d+$/.test(found)) return false;
    return operator === ">" ? BigInt(found) > limit : BigInt(found) < limit;
  };
}

const namePart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

function checkKey(key: string): void {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const isPrefixFine = slash < 0 || (prefixPart.test(key.slice(0, slash)) && slash <= 253);
  if (!isPrefixFine || !namePart.test(name)) throw invalid(`'${key}' is no label key`);
}

function checkValue(value: string): void {
  if (value !== "" && !namePart.test(value)) throw invalid(`'${value}' is no label value`);
}
