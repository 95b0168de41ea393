// Label selectors: which labels they choose, and what is wrong with them.

import { type FieldError, invalid, labelValueErrors, qualifiedNameErrors, required, validateLabels } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { forbidden, invalidAll, itemsOf, part, textOf } from "./fields.ts";

/** True when a label selector chooses an object with these labels. */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  const matches = Object.entries(part(selector, "matchLabels")).every(([key, value]) => labels[key] === value);
  const expressions = Array.isArray(selector["matchExpressions"]) ? selector["matchExpressions"].filter(isObject) : [];
  return matches && expressions.every((expression) => holds(expression, labels));
}

function holds(expression: JsonObject, labels: JsonObject): boolean {
  const key = textOf(expression["key"]);
  const values = Array.isArray(expression["values"]) ? expression["values"] : [];
  const isThere = Object.hasOwn(labels, key);
  switch (textOf(expression["operator"])) {
    case "In":
      return isThere && values.includes(labels[key] as Json);
    case "NotIn":
      return !isThere || !values.includes(labels[key] as Json);
    case "Exists":
      return isThere;
    case "DoesNotExist":
      return !isThere;
    default:
      return false;
  }
}

export function isBare(selector: JsonObject): boolean {
  const expressions = selector["matchExpressions"];
  return (
    Object.keys(part(selector, "matchLabels")).length === 0 && (!Array.isArray(expressions) || expressions.length === 0)
  );
}

/** What is wrong with labels that are chosen by, in words of labels. */
export function labelsErrors(labels: Json | undefined, field: string): FieldError[] {
  return isObject(labels) ? validateLabels(labels, field) : [];
}

/** What is wrong with a selector that is there. */
export function selectorErrors(selector: Json | undefined, field: string): FieldError[] {
  if (!isObject(selector)) return [];
  return [
    ...Object.entries(part(selector, "matchLabels")).flatMap(([key, value]) => [
      ...invalidAll(`${field}.matchLabels`, key, qualifiedNameErrors(key)),
      ...invalidAll(`${field}.matchLabels`, value, labelValueErrors(textOf(value))),
    ]),
    ...itemsOf(selector["matchExpressions"], `${field}.matchExpressions`).flatMap(({ item, field: at }) =>
      requirementErrors(item, at),
    ),
  ];
}

function requirementErrors(requirement: JsonObject, field: string): FieldError[] {
  const values = Array.isArray(requirement["values"]) ? requirement["values"] : [];
  const operator = textOf(requirement["operator"]);
  const key = textOf(requirement["key"]);
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      errors.push(forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else errors.push(invalid(`${field}.operator`, operator, "not a valid selector operator"));
  return [
    ...errors,
    ...invalidAll(`${field}.key`, key, qualifiedNameErrors(key)),
    ...values.flatMap((value, index) =>
      invalidAll(`${field}.values[${index}]`, value, labelValueErrors(textOf(value))),
    ),
  ];
}

/** True when the selector says something that no label can be asked. */
export function isBroken(selector: JsonObject): boolean {
  return selectorErrors(selector, "").length > 0;
}

/** A selector as Go writes it: labels in the order of their names, each demand in the order of its type. */
export function selectorInGo(selector: JsonObject): JsonObject {
  const { matchLabels, matchExpressions } = selector;
  const labels = isObject(matchLabels)
    ? { matchLabels: Object.fromEntries(Object.entries(matchLabels).sort(([a], [b]) => (a < b ? -1 : 1))) }
    : {};
  if (!Array.isArray(matchExpressions)) return labels;
  const demands = itemsOf(matchExpressions, "").map(({ item: { key = "", operator = "", values } }) => ({
    key,
    operator,
    ...(Array.isArray(values) && values.length > 0 ? { values } : {}),
  }));
  return demands.length === 0 ? labels : { ...labels, matchExpressions: demands };
}
