// Label and field selectors: their text forms as apimachinery's labels and fields packages parse them.

import type { Manifest } from "#kernel";
import { badRequest } from "./refusal.ts";
import { labelValueErrors, qualifiedNameErrors } from "#api/crd";

type Operator = "=" | "!=" | "in" | "notin" | "exists" | "!" | ">" | "<";
type Requirement = { key: string; operator: Operator; values: string[] };

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;
export type FieldSelector = { matches: (object: Manifest) => boolean; name: string | undefined };

const termPattern =
  /^\s*(?:(!)\s*([^\s!=<>,()]+)|([^\s!=<>,()]+)\s*(?:(==|=|!=|>|<)\s*([^\s!=<>,()]*)|\s(in|notin)\s*\(([^()]*)\)|(in|notin)\s*\(([^()]*)\))?)\s*$/;

/** A predicate on labels; the empty text matches everything. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = splitTerms(text).map((term) => parseTerm(term, text));
  if (requirements.length === 0) return () => true;
  return (labels) => requirements.every((requirement) => holds(requirement, labels));
}

/** Splits at the commas that stand in no parentheses. */
function splitTerms(text: string): string[] {
  if (text.trim() === "") return [];
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string, whole: string): Requirement {
  const match = termPattern.exec(term);
  if (match === null) throw badSelector(whole, `couldn't parse the selector requirement "${term.trim()}"`);
  const [, not, notKey, key, operator, value, spacedSet, spacedValues, closeSet, closeValues] = match;
  const requirement: Requirement =
    not !== undefined
      ? { key: notKey as string, operator: "!", values: [] }
      : operator !== undefined
        ? { key: key as string, operator: (operator === "==" ? "=" : operator) as Operator, values: [value ?? ""] }
        : (spacedSet ?? closeSet) !== undefined
          ? {
              key: key as string,
              operator: (spacedSet ?? closeSet) as Operator,
              values: (spacedValues ?? closeValues ?? "").split(",").map((item) => item.trim()),
            }
          : { key: key as string, operator: "exists", values: [] };
  const problems = qualifiedNameErrors(requirement.key);
  if (problems.length > 0) throw badSelector(whole, `key: Invalid value: "${requirement.key}": ${problems.join("; ")}`);
  for (const item of requirement.values) {
    const wrong = labelValueErrors(item);
    if (wrong.length > 0)
      throw badSelector(whole, `values[0][${requirement.key}]: Invalid value: "${item}": ${wrong.join("; ")}`);
  }
  return requirement;
}

function badSelector(text: string, why: string): Error {
  return badRequest(`unable to parse requirement: ${why} (in "${text}")`);
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
export function parseFieldSelector(
  text: string,
  fieldsOf: (object: Manifest) => Readonly<Record<string, string>>,
  known: readonly string[],
): FieldSelector {
  const terms = text === "" ? [] : text.split(/(?<!\\),/).map((term) => parseFieldTerm(term, known));
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

function parseFieldTerm(term: string, known: readonly string[]): { field: string; value: string; isEqual: boolean } {
  const match = /^(.*?)(!=|==|=)(.*)$/.exec(term);
  if (match === null) throw badRequest(`invalid field selector: "${term}"; can't understand '${term}'`);
  const [, field, operator, value] = match as unknown as [string, string, string, string];
  if (field !== "metadata.name" && field !== "metadata.namespace" && !known.includes(field))
    throw badRequest(
      known.length === 0
        ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
        : `field label not supported: ${field}`,
    );
  return { field, value: value.replace(/\\([\\,=])/g, "$1"), isEqual: operator !== "!=" };
}
