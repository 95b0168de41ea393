// The CEL rules of a definition's schemas, judged when it is written: that they compile over what the schema declares, and that what
// they may cost at most stays within the limits, each rule's own and the sum of a schema (apiextensions-apiserver
// pkg/apis/apiextensions/validation, v1.36).

import {
  convertNode,
  customSchemas,
  type DefinitionSchema,
  type FieldError,
  invalid,
  notSupported,
  required,
  schemaAt,
  shownRule,
} from "#api/crd";
import { type CelDeclared, type CelType, declareCel, inspectCel, optionalCel } from "#formats/cel";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { definitionCostMax, namedCostMin, namedCostsMax, requestBytesMax, ruleCostMax } from "./limits.ts";

type RuleCost = { field: string; cost: bigint };

/** One schema as its rules are judged. */
type Walk = {
  errors: FieldError[];
  costs: RuleCost[];
  total: bigint;
  /** The limit of a single rule does not count for a schema that stays as it was. */
  isUnchanged: boolean;
};

type At = {
  schema: JsonObject;
  field: string;
  /** How often its values can be in one object; undefined: as often as fit into a request. */
  cardinality: bigint | undefined;
  isWhole: boolean;
  /** The outermost place whose old and new values cannot be told to be the same. */
  uncorrelated: string | undefined;
};

const unlimited = 2n ** 64n - 1n;

/** What is wrong with the rules of schemas that are right; `before`: those that they replace. */
export function definitionRuleErrors(
  schemas: readonly DefinitionSchema[],
  before: readonly DefinitionSchema[],
): FieldError[] {
  return schemas.flatMap(({ schema, field, version }) => {
    const old = before.find((one) => one.version === version);
    const isUnchanged = old !== undefined && equalJson(old.schema, schema);
    return schemaErrors(schema, field, isUnchanged);
  });
}

function schemaErrors(schema: JsonObject, field: string, isUnchanged: boolean): FieldError[] {
  const walk: Walk = { errors: [], costs: [], total: 0n, isUnchanged };
  visit({ schema, field, cardinality: 1n, isWhole: true, uncorrelated: undefined }, walk);
  if (walk.total <= definitionCostMax) return walk.errors;
  const costly = walk.costs.sort((a, b) => (a.cost > b.cost ? -1 : a.cost < b.cost ? 1 : 0)).slice(0, namedCostsMax);
  const words = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
  const whole = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
  return [
    ...walk.errors,
    ...costly.map((one): FieldError => ({ type: "Forbidden", field: one.field, detail: words })),
    { type: "Forbidden", field, detail: overBudget(whole, walk.total, definitionCostMax) },
  ];
}

function visit(at: At, walk: Walk): void {
  const { schema, field } = at;
  const cardinality = multiplied(at.cardinality, elementsOf(schema));
  const below = (next: Json | undefined, part: string, uncorrelated = at.uncorrelated): void => {
    if (!isObject(next)) return;
    const isWhole = next["x-kubernetes-embedded-resource"] === true;
    visit({ schema: next, field: `${field}.${part}`, cardinality, isWhole, uncorrelated }, walk);
  };
  if (isObject(schema["properties"]))
    for (const [name, next] of Object.entries(schema["properties"])) below(next, `properties[${name}]`);
  below(schema["additionalProperties"], "additionalProperties");
  below(
    schema["items"],
    "items",
    schema["x-kubernetes-list-type"] === "map" ? at.uncorrelated : (at.uncorrelated ?? field),
  );
  const rules = schema["x-kubernetes-validations"];
  if (Array.isArray(rules) && rules.length > 0) checkRules(at, rules.filter(isObject), walk);
}

/** How many values a list or a map may hold; an object holds one of each. */
function elementsOf(schema: JsonObject): bigint | undefined {
  const keyword =
    schema["type"] === "array"
      ? "maxItems"
      : schema["type"] === "object" && schema["additionalProperties"] !== undefined
        ? "maxProperties"
        : undefined;
  if (keyword === undefined) return 1n;
  const limit = schema[keyword];
  return typeof limit === "number" ? BigInt(Math.max(0, limit)) : undefined;
}

function multiplied(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a * b > unlimited ? unlimited : a * b;
}

function checkRules(at: At, rules: readonly JsonObject[], walk: Walk): void {
  const plain = rules.flatMap((rule, index) => formErrors(rule, at, `${at.field}.x-kubernetes-validations[${index}]`));
  walk.errors.push(...plain);
  if (plain.length > 0) return;
  const declared = declareCel(customSchemas, convertNode(at.schema), "selfType", at.isWhole);
  if (declared === undefined) return;
  for (const [index, rule] of rules.entries())
    new RuleCheck(at, declared, walk, `${at.field}.x-kubernetes-validations[${index}]`).check(rule);
}

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const newline = /[\n\r]/;

function textOf(rule: JsonObject, name: string): string {
  const value = rule[name];
  return typeof value === "string" ? value : "";
}

/** What is wrong with a rule before its expressions are looked at. */
function formErrors(rule: JsonObject, { schema }: At, field: string): FieldError[] {
  const [text, message, path] = [textOf(rule, "rule"), textOf(rule, "message"), textOf(rule, "fieldPath")];
  const expression = textOf(rule, "messageExpression");
  const reason = rule["reason"];
  const errors = messageErrors(text, message, field);
  if (expression !== "" && expression.trim() === "")
    errors.push(required(`${field}.messageExpression`, "messageExpression must be non-empty if specified"));
  if (typeof reason === "string" && !reasons.includes(reason))
    errors.push(notSupported(`${field}.reason`, reason, reasons));
  if (path !== "" && path.trim() === "")
    errors.push(invalid(`${field}.fieldPath`, path, "must be non-empty if specified"));
  if (newline.test(path)) errors.push(invalid(`${field}.fieldPath`, path, "must not contain line breaks"));
  if (path !== "" && !schemaAt(path, schema).ok)
    errors.push(invalid(`${field}.fieldPath`, path, "must be a valid path"));
  return errors;
}

function messageErrors(rule: string, message: string, field: string): FieldError[] {
  if (rule.trim() === "") return [required(`${field}.rule`, "rule is not specified")];
  if (message !== "" && message.trim() === "")
    return [invalid(`${field}.message`, message, "must be non-empty if specified")];
  if (newline.test(message.trim())) return [invalid(`${field}.message`, message, "must not contain line breaks")];
  if (newline.test(rule.trim()) && message.trim() === "")
    return [required(`${field}.message`, "message must be specified if rule contains line breaks")];
  return [];
}

/** One rule over the values of one place. */
class RuleCheck {
  readonly #at: At;
  readonly #declared: CelDeclared;
  readonly #walk: Walk;
  readonly #field: string;

  constructor(at: At, declared: CelDeclared, walk: Walk, field: string) {
    this.#at = at;
    this.#declared = declared;
    this.#walk = walk;
    this.#field = field;
  }

  check(rule: JsonObject): void {
    const isOptional = rule["optionalOldSelf"] === true;
    const self = this.#declared.type;
    const variables = new Map([
      ["self", self],
      ["oldSelf", isOptional ? optionalCel(self) : self],
    ]);
    const found = inspectCel(textOf(rule, "rule"), variables);
    if (!found.ok || found.type !== "bool") {
      const why = found.ok ? "cel expression must evaluate to a bool" : `compilation failed: ${found.message}`;
      this.#refuse("rule", rule, why);
      return this.#checkOld(rule, false);
    }
    if (found.unfit !== undefined) {
      this.#refuse("rule", rule, `program instantiation failed: ${found.unfit}`);
      return this.#checkOld(rule, found.names.has("oldSelf"));
    }
    this.#spend("rule", "estimated rule cost", this.#all(found.cost(this.#declared)));
    this.#checkMessage(rule, variables);
    this.#checkOld(rule, found.names.has("oldSelf"));
  }

  #checkMessage(rule: JsonObject, variables: ReadonlyMap<string, CelType>): void {
    const message = textOf(rule, "messageExpression");
    if (message === "") return;
    const refuse = (why: string): void => this.#refuse("messageExpression", rule, `messageExpression ${why}`);
    const said = inspectCel(message, variables);
    if (!said.ok) refuse(`compilation failed: ${said.message}`);
    else if (said.type !== "string") refuse("must evaluate to a string");
    else if (said.unfit !== undefined) refuse(`instantiation failed: ${said.unfit}`);
    else this.#spend("messageExpression", "estimated messageExpression cost", said.cost(this.#declared));
  }

  /** As often as there can be such values. */
  #all(cost: bigint): bigint {
    const times = this.#at.cardinality ?? BigInt(Math.floor(requestBytesMax / (this.#declared.bytesMin + 1)));
    return multiplied(cost, times) ?? unlimited;
  }

  #refuse(member: string, rule: JsonObject, detail: string): void {
    this.#walk.errors.push(invalid(`${this.#field}.${member}`, shownRule(rule), detail));
  }

  #spend(member: string, name: string, cost: bigint): void {
    const field = `${this.#field}.${member}`;
    if (!this.#walk.isUnchanged && cost > ruleCostMax)
      this.#walk.errors.push({ type: "Forbidden", field, detail: overBudget(name, cost, ruleCostMax) });
    const total = this.#walk.total + cost;
    this.#walk.total = total > unlimited ? unlimited : total;
    if (cost >= namedCostMin) this.#walk.costs.push({ field, cost });
  }

  /** A transition needs an old value that is the same thing. */
  #checkOld(rule: JsonObject, usesOld: boolean): void {
    const { uncorrelated } = this.#at;
    if (usesOld && uncorrelated !== undefined) {
      const words = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      this.#walk.errors.push(invalid(`${this.#field}.rule`, textOf(rule, "rule"), words));
    }
    if (!usesOld && typeof rule["optionalOldSelf"] === "boolean")
      this.#walk.errors.push(
        invalid(
          `${this.#field}.optionalOldSelf`,
          rule["optionalOldSelf"],
          "may not be set if oldSelf is not used in rule",
        ),
      );
  }
}

function overBudget(name: string, cost: bigint, limit: bigint): string {
  const factor = Number(cost) / Number(limit);
  const times = factor > 100 ? "more than 100x" : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  return `${name} exceeds budget by factor of ${times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
