// x-kubernetes-validations: CEL rules of a schema, with transition rules, messageExpression, reasons and field paths. The language
// itself is given by the caller, so that this ring stays beside it.

import {
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type SchemaNode,
  type SchemaRef,
  type SchemaSet,
} from "#kernel";
import { childField, type FieldError, type FieldErrorType, formatFieldError } from "./field-error.ts";

/** Evaluates an expression over `self` and, in a transition, `oldSelf`; an error is told, never thrown. */
export type EvaluateRule = (
  expression: string,
  variables: { self: Json; oldSelf?: Json },
  schema: { schemas: SchemaSet; node: SchemaNode },
) => { ok: true; value: unknown } | { ok: false; message: string };

type Rule = {
  rule: string;
  message: string;
  messageExpression: string;
  reason: FieldErrorType;
  fieldPath: string;
  isOptionalOld: boolean;
};

const reasons: { readonly [reason: string]: FieldErrorType } = {
  FieldValueInvalid: "Invalid",
  FieldValueForbidden: "Forbidden",
  FieldValueRequired: "Required",
  FieldValueDuplicate: "Duplicate",
};

const parsed = new WeakMap<SchemaNode, readonly Rule[]>();

function rulesOf(node: SchemaNode): readonly Rule[] {
  const known = parsed.get(node);
  if (known !== undefined) return known;
  const list = node.checks?.["x-kubernetes-validations"];
  const rules = Array.isArray(list) ? list.filter(isObject).map(parseRule) : [];
  parsed.set(node, rules);
  return rules;
}

function parseRule(rule: JsonObject): Rule {
  const text = (name: string): string => (typeof rule[name] === "string" ? rule[name] : "");
  return {
    rule: text("rule"),
    message: text("message"),
    messageExpression: text("messageExpression"),
    reason: reasons[text("reason")] ?? "Invalid",
    fieldPath: text("fieldPath"),
    isOptionalOld: rule["optionalOldSelf"] === true,
  };
}

const withRules = new WeakMap<SchemaNode, boolean>();

/** True when the node or one below it has rules. */
export function hasRules(schemas: SchemaSet, ref: SchemaRef): boolean {
  if (typeof ref === "string") return false;
  const known = withRules.get(ref);
  if (known !== undefined) return known;
  const below = [...Object.values(ref.properties ?? {}), ref.items, ref.additional];
  const result =
    rulesOf(ref).length > 0 || below.some((next) => next !== undefined && next !== true && hasRules(schemas, next));
  withRules.set(ref, result);
  return result;
}

/** Errors after which rules are not looked at: they could not rely on the types. */
const blocking: ReadonlySet<FieldErrorType> = new Set([
  "NotSupported",
  "Required",
  "TooLong",
  "TooMany",
  "TypeInvalid",
]);

const notChecked: FieldError = {
  type: "Invalid",
  field: "<nil>",
  value: null,
  detail:
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
};

type Walk = { schemas: SchemaSet; evaluate: EvaluateRule; errors: FieldError[]; warn: (text: string) => void };
type At = { ref: SchemaRef; field: string; value: Json; old: Json | undefined; parent?: At };

export type RuleInput = {
  value: Json /** The object as stored; undefined when it is created. */;
  old: Json | undefined;
  schemas: SchemaSet;
  root: SchemaRef;
  /** Told of what a rule has against a value that was there before: it is let be. */
  warn?: (text: string) => void;
};

/** What the rules refuse. `found` are the errors so far: with a blocking one among them, one error says that rules were left out. */
export function validateRules(input: RuleInput, evaluate: EvaluateRule, found: readonly FieldError[]): FieldError[] {
  const { value, old, schemas, root } = input;
  if (!hasRules(schemas, root)) return [];
  if (found.some((error) => blocking.has(error.type))) return [notChecked];
  const walk: Walk = { schemas, evaluate, errors: [], warn: input.warn ?? (() => undefined) };
  visit({ ref: root, field: "", value, old }, walk);
  return walk.errors;
}

function visit(at: At, walk: Walk): void {
  if (at.value === null || !hasRules(walk.schemas, at.ref)) return;
  const node = walk.schemas.resolve(at.ref);
  for (const rule of rulesOf(node)) checkRule(rule, { ...at, node }, walk);
  if (Array.isArray(at.value)) visitItems(at, node, walk);
  else if (isObject(at.value)) visitMembers(at, node, walk);
}

function checkRule(rule: Rule, at: At & { node: SchemaNode }, walk: Walk): void {
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && at.old === undefined && !rule.isOptionalOld) return;
  const variables = { self: at.value, ...(at.old === undefined ? {} : { oldSelf: at.old }) };
  const schema = { schemas: walk.schemas, node: at.node };
  const refuse = (error: FieldError): void => {
    if (!isTransition && isUnchanged(at)) walk.warn(formatFieldError(error));
    else walk.errors.push(error);
  };
  const result = walk.evaluate(rule.rule, variables, schema);
  const field =
    rule.fieldPath === ""
      ? at.field
      : `${at.field}${rule.fieldPath.startsWith("[") || at.field !== "" ? rule.fieldPath : rule.fieldPath.slice(1)}`;
  if (!result.ok) {
    const words = `${result.message} evaluating rule: ${rule.message === "" ? rule.rule : rule.message}`;
    refuse({ type: "Invalid", field, value: undefined, detail: words });
  } else if (result.value !== true) {
    const message = messageOf(rule, () => walk.evaluate(rule.messageExpression, variables, schema));
    refuse({ type: rule.reason, field, value: undefined, detail: message });
  }
}

/** The value stood there before, or what it is a part of did. */
function isUnchanged({ value, old, parent }: At): boolean {
  if (old !== undefined) return equalJson(value, old);
  return parent !== undefined && isUnchanged(parent);
}

function messageOf(rule: Rule, evaluate: () => ReturnType<EvaluateRule>): string {
  if (rule.messageExpression !== "") {
    const result = evaluate();
    // An expression that fails, or gives nothing to show, leaves the plain message.
    if (result.ok && typeof result.value === "string" && result.value.trim() !== "" && !result.value.includes("\n"))
      return result.value.trim();
  }
  return rule.message === "" ? `failed rule: ${rule.rule}` : rule.message;
}

/** Items of map lists meet their old selves by key; those of other lists have none. */
function visitItems(at: At, node: SchemaNode, walk: Walk): void {
  if (node.items === undefined) return;
  const keyOf = (item: Json): string | undefined => {
    if (node.listType !== "map" || !isObject(item)) return undefined;
    return JSON.stringify((node.listMapKeys ?? []).map((name) => item[name]));
  };
  const before = new Map<string, Json>();
  for (const item of Array.isArray(at.old) ? at.old : []) {
    const key = keyOf(item);
    if (key !== undefined) before.set(key, item);
  }
  for (const [index, item] of (at.value as Json[]).entries()) {
    const key = keyOf(item);
    const old = key === undefined ? undefined : before.get(key);
    visit({ ref: node.items, field: `${at.field}[${index}]`, value: item, old, parent: at }, walk);
  }
}

function visitMembers(at: At, node: SchemaNode, walk: Walk): void {
  const before = isObject(at.old) ? at.old : {};
  for (const [name, member] of Object.entries(at.value as JsonObject)) {
    const declared = node.properties !== undefined && Object.hasOwn(node.properties, name);
    const ref = declared ? node.properties?.[name] : node.additional;
    if (ref === undefined || ref === true) continue;
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    visit({ ref, field: childField(at.field, name), value: member, old, parent: at }, walk);
  }
}
