// What a Job makes of Pods that fail, and when it has succeeded early (pkg/apis/batch/validation, v1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { atLeastZero, invalidAll, itemsOf, part, textOf } from "./fields.ts";

const rulesMost = 20;
const codesMost = 255;
const patternsMost = 20;
const indexBytesMost = 64 * 1024;

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function tooMany(list: readonly Json[], field: string, most: number): FieldError[] {
  if (list.length <= most) return [];
  return [{ type: "TooMany", field, value: list.length, detail: `must have at most ${most} items` }];
}

/** A word of a closed list that must be there. */
function wordErrors(text: string, field: string, allowed: readonly string[]): FieldError[] {
  if (allowed.includes(text)) return [];
  const list = allowed.map((word) => JSON.stringify(word)).join(" ");
  return [text === "" ? required(field, `valid values: [${list}]`) : notSupported(field, text, allowed)];
}

export function failurePolicyErrors(spec: JsonObject, field: string): FieldError[] {
  const policy = spec["podFailurePolicy"];
  if (!isObject(policy)) return [];
  const pod = part(part(spec, "template"), "spec");
  const names = [...itemsOf(pod["containers"], ""), ...itemsOf(pod["initContainers"], "")].map(({ item }) =>
    textOf(item["name"]),
  );
  return [
    ...tooMany(listOf(policy["rules"]), `${field}.rules`, rulesMost),
    ...itemsOf(policy["rules"], `${field}.rules`).flatMap(({ item, field: at }) => [
      ...actionErrors(spec, textOf(item["action"]), `${at}.action`),
      ...ruleErrors(item, at, names),
    ]),
  ];
}

function actionErrors(spec: JsonObject, action: string, field: string): FieldError[] {
  if (action !== "FailIndex") return wordErrors(action, field, actions);
  if (spec["backoffLimitPerIndex"] !== undefined) return [];
  return [invalid(field, action, "requires the backoffLimitPerIndex to be set")];
}

function ruleErrors(rule: JsonObject, field: string, names: readonly string[]): FieldError[] {
  const codes = rule["onExitCodes"];
  const patterns = listOf(rule["onPodConditions"]);
  const errors = isObject(codes) ? codeErrors(codes, `${field}.onExitCodes`, names) : [];
  if (patterns.length > 0) errors.push(...patternErrors(patterns, `${field}.onPodConditions`));
  const isBoth = isObject(codes) && patterns.length > 0;
  if (isBoth)
    errors.push(invalid(field, undefined, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!isObject(codes) && patterns.length === 0)
    errors.push(invalid(field, undefined, "specifying one of OnExitCodes and OnPodConditions is required"));
  return errors;
}

function patternErrors(patterns: Json[], field: string): FieldError[] {
  return [
    ...tooMany(patterns, field, patternsMost),
    ...itemsOf(patterns, field).flatMap(({ item, field: at }) => {
      const type = textOf(item["type"]);
      return [
        ...invalidAll(`${at}.type`, type, qualifiedNameErrors(type)),
        ...wordErrors(textOf(item["status"]), `${at}.status`, statuses),
      ];
    }),
  ];
}

function codeErrors(demand: JsonObject, field: string, names: readonly string[]): FieldError[] {
  const operator = textOf(demand["operator"]);
  const container = demand["containerName"];
  const errors = wordErrors(operator, `${field}.operator`, operators);
  if (typeof container === "string" && !names.includes(container)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(`${field}.containerName`, container, detail));
  }
  const values = listOf(demand["values"]);
  const place = `${field}.values`;
  if (values.length === 0) errors.push(invalid(place, demand["values"] ?? null, "at least one value is required"));
  errors.push(...tooMany(values, place, codesMost));
  const seen = new Set<Json>();
  let isOrdered = true;
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0)
      errors.push(invalid(`${place}[${index}]`, value, "must not be 0 for the In operator"));
    if (seen.has(value)) errors.push({ type: "Duplicate", field: `${place}[${index}]`, value, detail: "" });
    seen.add(value);
    isOrdered &&= index === 0 || (values[index - 1] as number) <= (value as number);
  }
  return isOrdered ? errors : [...errors, invalid(place, values, "must be ordered")];
}

/** With rules for failures, only Pods that have failed are replaced. */
export function replacementErrors(spec: JsonObject, field: string): FieldError[] {
  const policy = spec["podReplacementPolicy"];
  if (policy === undefined) return [];
  const allowed = isObject(spec["podFailurePolicy"]) ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return allowed.includes(textOf(policy)) ? [] : [notSupported(field, policy, allowed)];
}

/** A policy of success as Go holds it. */
export function policyInGo(policy: JsonObject): Json {
  const rules = itemsOf(policy["rules"], "").map(({ item }) => ({
    SucceededIndexes: item["succeededIndexes"] ?? null,
    SucceededCount: item["succeededCount"] ?? null,
  }));
  return { Rules: policy["rules"] === undefined || policy["rules"] === null ? null : rules };
}

export function successPolicyErrors(policy: JsonObject, field: string, completions: Json | undefined): FieldError[] {
  const place = `${field}.rules`;
  const rules = listOf(policy["rules"]);
  const errors = tooMany(rules, place, rulesMost);
  if (rules.length === 0)
    errors.unshift(required(place, "at least one rules must be specified when the successPolicy is specified"));
  const most = typeof completions === "number" ? completions : 0;
  return [...errors, ...itemsOf(rules, place).flatMap(({ item, field: at }) => successErrors(item, at, most))];
}

function successErrors(rule: JsonObject, field: string, completions: number): FieldError[] {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  const errors: FieldError[] = [];
  if (count === undefined && indexes === undefined)
    errors.push(required(field, "at least one of succeededCount or succeededIndexes must be specified"));
  let total = 0;
  if (typeof indexes === "string") {
    const place = `${field}.succeededIndexes`;
    if (indexes.length > indexBytesMost)
      errors.push({ type: "TooLong", field: place, detail: `may not be more than ${indexBytesMost} bytes` });
    const counted = countIndexes(indexes, completions);
    if (typeof counted === "number") total = counted;
    else errors.push(invalid(place, indexes, `error parsing succeededIndexes: ${counted}`));
  }
  if (typeof count !== "number") return errors;
  const place = `${field}.succeededCount`;
  errors.push(...atLeastZero(count, place));
  const atMost = (most: number, of: string): FieldError =>
    invalid(place, count, `must be less than or equal to ${most} (the number of ${of})`);
  if (count > completions) errors.push(atMost(completions, "specified completions"));
  if (typeof indexes === "string" && count > total)
    errors.push(atMost(total, "indexes in the specified succeededIndexes field"));
  return errors;
}

function orderText(last: number, next: number): string {
  return `non-increasing order, previous: ${last}, current: ${next}`;
}

/** How many indexes a text like `1,3-5` names, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  let total = 0;
  let last: number | undefined;
  for (const interval of text === "" ? [] : text.split(",")) {
    const bounds = indexBounds(interval, completions);
    if (typeof bounds === "string") return bounds;
    const [low, high] = bounds;
    if (last !== undefined && last >= low) return orderText(last, low);
    total += high - low + 1;
    last = high;
  }
  return total;
}

/** The first and last index of an interval, or what is wrong with it. */
export function indexBounds(interval: string, completions: number): readonly [number, number] | string {
  const parts = interval.split("-");
  if (parts.length > 2) {
    const quoted = JSON.stringify(interval);
    return `the fragment ${quoted} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  const numbers: number[] = [];
  for (const one of parts) {
    if (!/^[+-]?\d+$/.test(one)) return `cannot convert string to integer for index: ${JSON.stringify(one)}`;
    if (Number(one) >= completions) return `too large index: ${JSON.stringify(one)}`;
    numbers.push(Number(one));
  }
  const [low = 0, high = low] = numbers;
  return numbers.length > 1 && low >= high ? orderText(low, high) : [low, high];
}
