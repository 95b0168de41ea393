// Label and field selectors: their text forms as apimachinery's labels and fields packages parse them.

import type { Manifest } from "#kernel";
import { badRequest } from "./refusal.ts";
import { labelValueErrors, qualifiedNameErrors } from "#api/crd";

type Operator = "=" | "!=" | "in" | "notin" | "exists" | "!" | ">" | "<";
type Requirement = { key: string; operator: Operator; values: string[] };

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;
export type FieldSelector = { matches: (object: Manifest) => boolean; name: string | undefined };

/** A predicate on labels; the empty text matches everything. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = new SelectorParser(text).parse();
  if (requirements.length === 0) return () => true;
  return (labels) => requirements.every((requirement) => holds(requirement, labels));
}

type Token = { kind: "word" | "end" | "!" | "," | "(" | ")" | "=" | "==" | "!=" | ">" | "<" | "?"; text: string };

const special = "=!(),><";
const symbols: ReadonlySet<string> = new Set(["!", ",", "(", ")", "=", "==", "!=", ">", "<"]);

/** Words, and the longest symbols that can be read. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (/[ \t\r\n]/.test(char)) at++;
    else if (special.includes(char)) {
      const pair = text.slice(at, at + 2);
      const found = symbols.has(pair) ? pair : char;
      tokens.push({ kind: found as Token["kind"], text: found });
      at += found.length;
    } else {
      const word = /^[^=!(),><\s]+/.exec(text.slice(at))?.[0] ?? char;
      tokens.push({ kind: "word", text: word });
      at += word.length;
    }
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

/** The grammar of apimachinery's labels.Parse, with its words for what does not fit. */
class SelectorParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === "end") return requirements;
      if (token.kind !== "word" && token.kind !== "!")
        throw badRequest(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === "end") return requirements;
      if (next.kind !== ",") throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.kind !== "word" && after.kind !== "!")
        throw badRequest(`found '${after.text}', expected: identifier after ','`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  #requirement(): Requirement {
    let token = this.#take();
    const isNegated = token.kind === "!";
    if (isNegated) token = this.#take();
    if (token.kind !== "word") throw unparsed(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const wrong = qualifiedNameErrors(key);
    if (wrong.length > 0) throw unparsed(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join("; ")}`);
    const next = this.#peek().kind;
    if (isNegated) return { key, operator: "!", values: [] };
    if (next === "end" || next === ",") return { key, operator: "exists", values: [] };
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#values() : [this.#value()];
    checkValues(key, operator, values);
    return { key, operator, values };
  }

  #operator(): Operator {
    const { kind, text } = this.#take();
    if (kind === "=" || kind === "==") return "=";
    if (kind === "!=" || kind === ">" || kind === "<") return kind;
    if (kind === "word" && (text === "in" || text === "notin")) return text;
    throw unparsed(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #value(): string {
    const token = this.#peek();
    if (token.kind === "end" || token.kind === ",") return "";
    this.#take();
    if (token.kind === "word") return token.text;
    throw unparsed(`found '${token.text}', expected: identifier`);
  }

  #values(): string[] {
    const open = this.#take();
    if (open.kind !== "(") throw unparsed(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ")") {
      this.#take();
      return [""];
    }
    if (first.kind !== "word" && first.kind !== ",")
      throw unparsed(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.#words();
    if (this.#take().kind !== ")") throw unparsed(`found '${first.text}', expected: ')'`);
    return values;
  }

  #words(): string[] {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.kind === "word") {
        values.add(token.text);
        if (next.kind === ")") return [...values].sort();
        if (next.kind !== ",") throw unparsed(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ",") {
        if (values.size === 0) values.add("");
        if (next.kind === ")") return [...values.add("")].sort();
        if (next.kind === ",") {
          this.#take();
          values.add("");
        }
      } else throw unparsed(`found '${token.text}', expected: ',', or identifier`);
    }
  }
}

function unparsed(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}

function checkValues(key: string, operator: Operator, values: readonly string[]): void {
  const problems: string[] = [];
  if (operator === ">" || operator === "<")
    for (const [index, value] of values.entries())
      if (!/^[+-]?\d+$/.test(value))
        problems.push(
          `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
        );
  for (const [index, value] of values.entries()) {
    const wrong = labelValueErrors(value);
    if (wrong.length > 0)
      problems.push(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join("; ")}`);
  }
  if (problems.length > 0) throw unparsed(problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`);
}

function holds(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case "=":
      return value === requirement.values[0];
    case "!=":
      return value !== requirement.values[0];
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "notin":
      return value === undefined || !requirement.values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case ">":
      return value !== undefined && Number(value) > Number(requirement.values[0]);
    case "<":
      return value !== undefined && Number(value) < Number(requirement.values[0]);
  }
}

/** A predicate on fields. `fieldsOf` gives the ones the resource offers; any other is refused with 400. */
/** The fields of a kind that may be selected by, beside name and namespace. */
export type SelectableFields = {
  known: readonly string[];
  isNamespaced: boolean;
  /** The kind tells its fields, if only that it has none: others are refused in other words. */
  isListed: boolean;
  kind: string;
};

export function parseFieldSelector(
  text: string,
  fieldsOf: (object: Manifest) => Readonly<Record<string, string>>,
  kind: SelectableFields,
): FieldSelector {
  const terms = text === "" ? [] : text.split(/(?<!\\),/).map((term) => parseFieldTerm(term, kind, text));
  const byName = terms.find((term) => term.field === "metadata.name" && term.isEqual);
  return {
    name: byName?.value,
    matches: (object) =>
      terms.every(({ field, value, isEqual }) => {
        const found =
          field === "metadata.name"
            ? object.metadata.name
            : field === "metadata.namespace"
              ? (object.metadata.namespace ?? "")
              : (fieldsOf(object)[field] ?? "");
        return (found === value) === isEqual;
      }),
  };
}

function unknownOfSlice(field: string): string {
  return `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`;
}

function parseFieldTerm(
  term: string,
  { known, isNamespaced, isListed, kind }: SelectableFields,
  text: string,
): { field: string; value: string; isEqual: boolean } {
  const match = /^(.*?)(!=|==|=)(.*)$/.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
  const [, field, operator, value] = match as unknown as [string, string, string, string];
  if (field !== "metadata.name" && field !== "metadata.namespace" && !known.includes(field))
    throw badRequest(
      !isListed
        ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
        : kind === "Job"
          ? `field label ${JSON.stringify(field)} not supported for Job`
          : kind === "ResourceSlice"
            ? unknownOfSlice(field)
            : `field label not supported: ${field}`,
    );
  if (field === "metadata.namespace" && !isNamespaced && isListed)
    throw badRequest(kind === "ResourceSlice" ? unknownOfSlice(field) : `field label not supported: ${field}`);
  return { field, value: value.replace(/\\([\\,=])/g, "$1"), isEqual: operator !== "!=" };
}
