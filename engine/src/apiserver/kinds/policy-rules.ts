// What admission policies must be before they are taken: expressions that compile to the right type, and what binds them
// (pkg/apis/admissionregistration/validation of Kubernetes 1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required, subdomainErrors } from "#api/crd";
import { matchResourcesErrors, oneOfStated, parameterErrors, parameterKindErrors } from "#apiserver/validation";
import { admissionVariables, type CelType, composedVariables, inspectCel } from "#formats/cel";
import { equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";

function items(object: unknown, ...path: string[]): JsonObject[] {
  const value = fieldOf(object, ...path);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** What expressions of a policy may name, with what its own variables give. */
type Scope = { hasParams: boolean; variables: CelType | undefined };

function namedVariables(policy: Manifest): { name: string; expression: string }[] {
  return items(policy, "spec", "variables").map((one) => ({
    name: textOf(one, "name"),
    expression: textOf(one, "expression"),
  }));
}

function scopeOf(policy: Manifest): Scope {
  const hasParams = fieldOf(policy, "spec", "paramKind") !== undefined;
  const known = admissionVariables({ hasParams, hasAuthorizer: true });
  const named = namedVariables(policy);
  return { hasParams, variables: named.length === 0 ? undefined : composedVariables(named, known) };
}

/** Conditions come before a policy's own variables; messages may not ask about access. */
function variablesIn({ hasParams, variables }: Scope, place: "condition" | "message" | "value"): Map<string, CelType> {
  const known = admissionVariables({ hasParams, hasAuthorizer: place !== "message" });
  if (variables !== undefined && place !== "condition") known.set("variables", variables);
  return known;
}

type Wanted = { expression: string; field: string; types: readonly string[] };

function expressionErrors({ expression, field, types }: Wanted, variables: Map<string, CelType>): FieldError[] {
  const checked = inspectCel(expression, variables);
  if (!checked.ok) return [invalid(field, expression, `compilation failed: ${checked.message}`)];
  if (types.includes(checked.type)) return unfitErrors(checked.unfit, field);
  const wanted =
    types.length === 1 ? types[0] : `one of [${types.map((type) => (type === "null" ? "null_type" : type)).join(" ")}]`;
  return [invalid(field, expression, `must evaluate to ${wanted} but got ${checked.type}`)];
}

/** A constant that cannot be converted is an error of the server's own there. */
function unfitErrors(unfit: string | undefined, field: string): FieldError[] {
  return unfit === undefined ? [] : [{ type: "Internal", field, detail: `program instantiation failed: ${unfit}` }];
}

/** Conditions on the requests that a policy or a webhook is asked about. */
export function conditionErrors(
  conditions: readonly JsonObject[],
  field: string,
  variables: Map<string, CelType>,
): FieldError[] {
  const tooMany: FieldError[] =
    conditions.length > conditionsMost
      ? [{ type: "TooMany", field, value: conditions.length, detail: `must have at most ${conditionsMost} items` }]
      : [];
  const each = conditions.flatMap((condition, index) => {
    const at = `${field}[${index}]`;
    const expression = textOf(condition, "expression").trim();
    const name = textOf(condition, "name");
    const isTwice = name !== "" && conditions.findIndex((one) => one["name"] === name) < index;
    return [
      ...(expression === ""
        ? [required(`${at}.expression`)]
        : expressionErrors({ expression, field: `${at}.expression`, types: ["bool"] }, variables)),
      ...(name === ""
        ? [required(`${at}.name`)]
        : qualifiedNameErrors(name).map((message) => invalid(`${at}.name`, name, message))),
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${at}.name`, value: name, detail: "" }] : []),
    ];
  });
  return [...tooMany, ...each];
}

/** As the real server has it. */
const conditionsMost = 64;

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const failurePolicies = ["Fail", "Ignore"];

/** What validating and mutating policies have in common. */
function commonErrors(policy: Manifest, live: Manifest | undefined, scope: Scope, isMutating: boolean): FieldError[] {
  const field = "spec.matchConstraints";
  const constraints = fieldOf(policy, "spec", "matchConstraints");
  const conditions = items(policy, "spec", "matchConditions");
  const areKept =
    live !== undefined &&
    ["paramKind", "matchConditions"].every((name) =>
      equalJson(fieldOf(policy, "spec", name) ?? null, fieldOf(live, "spec", name) ?? null),
    );
  return [
    ...oneOfStated(fieldOf(policy, "spec", "failurePolicy"), "spec.failurePolicy", failurePolicies),
    ...parameterKindErrors(fieldOf(policy, "spec", "paramKind"), "spec.paramKind"),
    ...(isObject(constraints) ? [] : [required(field)]),
    ...matchResourcesErrors(constraints, field, isMutating),
    ...(isObject(constraints) && items(constraints, "resourceRules").length === 0
      ? [required(`${field}.resourceRules`)]
      : []),
    ...(areKept ? [] : conditionErrors(conditions, "spec.matchConditions", variablesIn(scope, "condition"))),
    ...variableErrors(namedVariables(policy), scope),
  ];
}

const reservedWords = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

const identifier = /^[A-Za-z_]\w*$/;

/** Each variable sees those before it. */
function variableErrors(named: readonly { name: string; expression: string }[], scope: Scope): FieldError[] {
  const known = variablesIn(scope, "condition");
  return named.flatMap(({ name, expression }, index) => {
    const field = `spec.variables[${index}]`;
    const errors =
      name.trim() === ""
        ? [required(`${field}.name`, "name is not specified")]
        : identifier.test(name) && !reservedWords.has(name)
          ? []
          : [invalid(`${field}.name`, name, "must be a valid CEL identifier")];
    if (expression.trim() === "") return [...errors, required(`${field}.expression`, "expression is not specified")];
    const variables = new Map([...known, ["variables", composedVariables(named.slice(0, index), known)] as const]);
    const checked = inspectCel(expression, variables);
    if (checked.ok) return [...errors, ...unfitErrors(checked.unfit, `${field}.expression`)];
    return [...errors, invalid(`${field}.expression`, expression, `compilation failed: ${checked.message}`)];
  });
}

export function validatingPolicyErrors(policy: Manifest, live?: Manifest): FieldError[] {
  const scope = scopeOf(policy);
  const validations = items(policy, "spec", "validations");
  const annotations = items(policy, "spec", "auditAnnotations");
  const errors = commonErrors(policy, live, scope, false);
  if (validations.length + annotations.length === 0)
    for (const name of ["validations", "auditAnnotations"])
      errors.push(required(`spec.${name}`, "validations or auditAnnotations must contain at least one item"));
  for (const [index, validation] of validations.entries())
    errors.push(...validationErrors(validation, `spec.validations[${index}]`, scope));
  if (annotations.length > annotationsMost)
    errors.push(
      invalid("spec.auditAnnotations", annotations, `must not have more than ${annotationsMost} auditAnnotations`),
    );
  const keys = annotations.map((annotation) => textOf(annotation, "key"));
  for (const [index, annotation] of annotations.entries()) {
    const field = `spec.auditAnnotations[${index}]`;
    errors.push(...annotationErrors(policy, annotation, field, scope));
    if (keys.indexOf(keys[index] as string) < index)
      errors.push({ type: "Duplicate", field: `${field}.key`, value: keys[index] as string, detail: "" });
  }
  return errors;
}

/** As the real server has them: of a policy, and of one annotation's expression in bytes. */
const [annotationsMost, annotationBytesMost] = [20, 5120];

// oxlint-disable-next-line max-params -- one annotation and where it stands
function annotationErrors(policy: Manifest, annotation: JsonObject, field: string, scope: Scope): FieldError[] {
  const key = textOf(annotation, "key");
  const expression = textOf(annotation, "valueExpression");
  const full = `${policy.metadata.name}/${key}`;
  const errors = qualifiedNameErrors(full).map((message) => invalid(`${field}.key`, full, message));
  const at = `${field}.valueExpression`;
  if (expression.trim() === "") return [...errors, required(at, "valueExpression is not specified")];
  if (expression.trim().length > annotationBytesMost)
    return [...errors, required(at, `must not exceed ${annotationBytesMost} bytes in length`)];
  return [
    ...errors,
    ...expressionErrors({ expression, field: at, types: ["string", "null"] }, variablesIn(scope, "value")),
  ];
}

function validationErrors(validation: JsonObject, field: string, scope: Scope): FieldError[] {
  const expression = textOf(validation, "expression");
  const errors =
    expression.trim() === ""
      ? [required(`${field}.expression`, "expression is not specified")]
      : expressionErrors({ expression, field: `${field}.expression`, types: ["bool"] }, variablesIn(scope, "value"));
  errors.push(...messageErrors(validation, field, scope));
  return [...errors, ...oneOfStated(validation.reason, `${field}.reason`, reasons)];
}

function messageErrors(validation: JsonObject, field: string, scope: Scope): FieldError[] {
  const message = textOf(validation, "message");
  const expression = textOf(validation, "messageExpression");
  const at = `${field}.messageExpression`;
  const errors: FieldError[] = [];
  if (expression !== "" && expression.trim() === "")
    errors.push(invalid(at, expression, "must be non-empty if specified"));
  else if (expression !== "")
    errors.push(...expressionErrors({ expression, field: at, types: ["string"] }, variablesIn(scope, "message")));
  if (message !== "" && message.trim() === "")
    errors.push(invalid(`${field}.message`, message, "must be non-empty if specified"));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(`${field}.message`, message, "must not contain line breaks"));
  return errors;
}

const reinvocations = ["IfNeeded", "Never"];

export function mutatingPolicyErrors(policy: Manifest, live?: Manifest): FieldError[] {
  const scope = scopeOf(policy);
  const errors = commonErrors(policy, live, scope, true);
  const mutations = items(policy, "spec", "mutations");
  if (mutations.length === 0) errors.push(required("spec.mutations", "mutations must contain at least one item"));
  for (const [index, mutation] of mutations.entries())
    errors.push(...mutationErrors(mutation, `spec.mutations[${index}]`, variablesIn(scope, "value")));
  const reinvocation = textOf(policy, "spec", "reinvocationPolicy");
  if (reinvocation === "") errors.push(required("spec.reinvocationPolicy"));
  else if (!reinvocations.includes(reinvocation))
    errors.push(notSupported("spec.reinvocationPolicy", reinvocation, reinvocations));
  return errors;
}

const patchTypes = { JSONPatch: "jsonPatch", ApplyConfiguration: "applyConfiguration" } as const;

function mutationErrors(mutation: JsonObject, field: string, variables: Map<string, CelType>): FieldError[] {
  const type = textOf(mutation, "patchType");
  if (type === "") return [required(`${field}.patchType`)];
  if (type !== "JSONPatch" && type !== "ApplyConfiguration")
    return [notSupported(`${field}.patchType`, type, Object.keys(patchTypes).sort())];
  const member = patchTypes[type];
  const other = member === "jsonPatch" ? "applyConfiguration" : "jsonPatch";
  const given = mutation[member];
  const errors = isObject(given)
    ? patchExpressionErrors(textOf(given, "expression"), `${field}.${member}.expression`, variables, type)
    : [required(`${field}.${member}`, `must be specified when patchType is ${type}`)];
  if (mutation[other] !== undefined)
    errors.push(invalid(`${field}.${other}`, `{${other}}`, `must not be specified when patchType is ${type}`));
  return errors;
}

// oxlint-disable-next-line max-params -- one expression and what it is for
function patchExpressionErrors(
  expression: string,
  field: string,
  variables: Map<string, CelType>,
  type: keyof typeof patchTypes,
): FieldError[] {
  if (expression.trim() === "") return [required(field)];
  const checked = inspectCel(expression, variables, { hasPatchTypes: true });
  if (!checked.ok) return [invalid(field, expression, `compilation failed: ${checked.message}`)];
  const wanted = type === "JSONPatch" ? "list(JSONPatch)" : "Object";
  return checked.type === wanted
    ? unfitErrors(checked.unfit, field)
    : [invalid(field, expression, `must evaluate to ${wanted} but got ${checked.type}`)];
}

const actions = ["Audit", "Deny", "Warn"];

function boundErrors(binding: Manifest, isMutating: boolean): FieldError[] {
  const name = textOf(binding, "spec", "policyName");
  return [
    ...(name === ""
      ? [required("spec.policyName")]
      : subdomainErrors(name).map((message) => invalid("spec.policyName", name, message))),
    ...parameterErrors(fieldOf(binding, "spec", "paramRef"), "spec.paramRef"),
    ...matchResourcesErrors(fieldOf(binding, "spec", "matchResources"), "spec.matchResources", isMutating),
  ];
}

export function mutatingBindingErrors(binding: Manifest): FieldError[] {
  return boundErrors(binding, true);
}

export function validatingBindingErrors(binding: Manifest): FieldError[] {
  const field = "spec.validationActions";
  const found = fieldOf(binding, "spec", "validationActions");
  const given: Json[] = Array.isArray(found) ? found : [];
  const errors = boundErrors(binding, false);
  for (const [index, action] of given.entries()) {
    if (!actions.includes(String(action as string))) errors.push(notSupported(`${field}[${index}]`, action, actions));
    if (given.indexOf(action) < index)
      errors.push({ type: "Duplicate", field: `${field}[${index}]`, value: action, detail: "" });
  }
  if (given.includes("Deny") && given.includes("Warn"))
    errors.push(
      invalid(
        field,
        given,
        "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
      ),
    );
  if (given.length === 0) errors.push(required(field, "at least one validation action is required"));
  return errors;
}
