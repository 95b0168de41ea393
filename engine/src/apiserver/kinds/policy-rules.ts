// What admission configuration must be before it is taken: policies with expressions that compile to the right type, bindings, webhooks
// (pkg/apis/admissionregistration/validation of Kubernetes 1.36).

import {
  type FieldError,
  invalid,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
  webhookUrlErrors,
} from "#api/crd";
import { admissionVariables, type CelType, composedVariables, inspectCel } from "#formats/cel";
import { fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";

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

function conditionErrors(
  conditions: readonly JsonObject[],
  field: string,
  variables: Map<string, CelType>,
): FieldError[] {
  return conditions.flatMap((condition, index) => {
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
}

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const failurePolicies = ["Fail", "Ignore"];

function failurePolicyErrors(policy: string, field: string): FieldError[] {
  return policy === "" || failurePolicies.includes(policy) ? [] : [notSupported(field, policy, failurePolicies)];
}

/** What validating and mutating policies have in common. */
function commonErrors(policy: Manifest, scope: Scope): FieldError[] {
  const constraints = fieldOf(policy, "spec", "matchConstraints");
  const errors = failurePolicyErrors(textOf(policy, "spec", "failurePolicy"), "spec.failurePolicy");
  if (!isObject(constraints)) errors.push(required("spec.matchConstraints"));
  else if (items(constraints, "resourceRules").length === 0)
    errors.push(required("spec.matchConstraints.resourceRules"));
  const conditions = items(policy, "spec", "matchConditions");
  return [
    ...errors,
    ...conditionErrors(conditions, "spec.matchConditions", variablesIn(scope, "condition")),
    ...variableErrors(namedVariables(policy), scope),
  ];
}

const identifier = /^[A-Za-z_]\w*$/;

/** Each variable sees those before it. */
function variableErrors(named: readonly { name: string; expression: string }[], scope: Scope): FieldError[] {
  const known = variablesIn(scope, "condition");
  return named.flatMap(({ name, expression }, index) => {
    const field = `spec.variables[${index}]`;
    const errors =
      name.trim() === ""
        ? [required(`${field}.name`, "name is not specified")]
        : identifier.test(name)
          ? []
          : [invalid(`${field}.name`, name, "must be a valid CEL identifier")];
    if (expression.trim() === "") return [...errors, required(`${field}.expression`, "expression is not specified")];
    const variables = new Map([...known, ["variables", composedVariables(named.slice(0, index), known)] as const]);
    const checked = inspectCel(expression, variables);
    if (checked.ok) return [...errors, ...unfitErrors(checked.unfit, `${field}.expression`)];
    return [...errors, invalid(`${field}.expression`, expression, `compilation failed: ${checked.message}`)];
  });
}

export function validatingPolicyErrors(policy: Manifest): FieldError[] {
  const scope = scopeOf(policy);
  const validations = items(policy, "spec", "validations");
  const annotations = items(policy, "spec", "auditAnnotations");
  const errors = commonErrors(policy, scope);
  if (validations.length + annotations.length === 0)
    for (const name of ["validations", "auditAnnotations"])
      errors.push(required(`spec.${name}`, "validations or auditAnnotations must contain at least one item"));
  for (const [index, validation] of validations.entries())
    errors.push(...validationErrors(validation, `spec.validations[${index}]`, scope));
  for (const [index, annotation] of annotations.entries())
    errors.push(...annotationErrors(policy, annotation, `spec.auditAnnotations[${index}]`, scope));
  return errors;
}

// oxlint-disable-next-line max-params -- one annotation and where it stands
function annotationErrors(policy: Manifest, annotation: JsonObject, field: string, scope: Scope): FieldError[] {
  const key = textOf(annotation, "key");
  const expression = textOf(annotation, "valueExpression");
  const full = `${policy.metadata.name}/${key}`;
  const errors = qualifiedNameErrors(full).map((message) => invalid(`${field}.key`, full, message));
  const at = `${field}.valueExpression`;
  if (expression.trim() === "") return [...errors, required(at, "valueExpression is not specified")];
  return [
    ...errors,
    ...expressionErrors({ expression, field: at, types: ["string", "null"] }, variablesIn(scope, "value")),
  ];
}

function validationErrors(validation: JsonObject, field: string, scope: Scope): FieldError[] {
  const expression = textOf(validation, "expression");
  const reason = textOf(validation, "reason");
  const errors =
    expression.trim() === ""
      ? [required(`${field}.expression`, "expression is not specified")]
      : expressionErrors({ expression, field: `${field}.expression`, types: ["bool"] }, variablesIn(scope, "value"));
  errors.push(...messageErrors(validation, field, scope));
  if (reason !== "" && !reasons.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, reasons));
  return errors;
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

const mutated = ["*", "CREATE", "UPDATE"];
const reinvocations = ["IfNeeded", "Never"];

export function mutatingPolicyErrors(policy: Manifest): FieldError[] {
  const scope = scopeOf(policy);
  const errors = commonErrors(policy, scope);
  for (const rule of items(policy, "spec", "matchConstraints", "resourceRules"))
    for (const operation of Array.isArray(rule.operations) ? rule.operations : [])
      if (!mutated.includes(operation as string))
        errors.push(notSupported("spec.matchConstraints.resourceRules.operations", operation, mutated));
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

export function bindingErrors(binding: Manifest): FieldError[] {
  const name = textOf(binding, "spec", "policyName");
  const ref = fieldOf(binding, "spec", "paramRef");
  const errors =
    name === ""
      ? [required("spec.policyName")]
      : subdomainErrors(name).map((message) => invalid("spec.policyName", name, message));
  if (isObject(ref)) {
    if (textOf(ref, "name") === "" && ref.selector === undefined)
      errors.push(required("spec.paramRef", "one of name or selector must be specified"));
    if (textOf(ref, "parameterNotFoundAction") === "") errors.push(required("spec.paramRef.parameterNotFoundAction"));
  }
  return errors;
}

export function validatingBindingErrors(binding: Manifest): FieldError[] {
  const field = "spec.validationActions";
  const found = fieldOf(binding, "spec", "validationActions");
  const given: Json[] = Array.isArray(found) ? found : [];
  const errors = bindingErrors(binding);
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

export function webhookErrors(configuration: Manifest): FieldError[] {
  const names = new Set<string>();
  return items(configuration, "webhooks").flatMap((hook, index) => {
    const field = `webhooks[${index}]`;
    const name = textOf(hook, "name");
    const errors = nameErrors(name, `${field}.name`);
    if (name !== "" && names.has(name))
      errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
    return [
      ...errors,
      ...failurePolicyErrors(textOf(hook, "failurePolicy"), `${field}.failurePolicy`),
      ...sideEffectErrors(textOf(hook, "sideEffects"), `${field}.sideEffects`),
      ...clientErrors(hook.clientConfig, `${field}.clientConfig`),
      ...versionErrors(hook.admissionReviewVersions, `${field}.admissionReviewVersions`),
      ...conditionErrors(items(hook, "matchConditions"), `${field}.matchConditions`, hookVariables),
    ];
  });
}

const hookVariables = admissionVariables({ hasParams: false, hasAuthorizer: true });

function nameErrors(name: string, field: string): FieldError[] {
  if (name === "") return [required(field)];
  const errors = subdomainErrors(name).map((message) => invalid(field, name, message));
  if (errors.length === 0 && name.split(".").length < 3)
    errors.push(invalid(field, name, "should be a domain with at least three segments separated by dots"));
  return errors;
}

function sideEffectErrors(effects: string, field: string): FieldError[] {
  const known = ["None", "NoneOnDryRun"];
  if (effects === "") return [required(field, "must specify one of None, NoneOnDryRun")];
  return known.includes(effects) ? [] : [notSupported(field, effects, known)];
}

function versionErrors(versions: Json | undefined, field: string): FieldError[] {
  const given = Array.isArray(versions) ? versions : [];
  if (given.length === 0) return [required(field, "must specify one of v1, v1beta1")];
  if (given.some((version) => version === "v1" || version === "v1beta1")) return [];
  return [invalid(field, given, "must include at least one of v1, v1beta1")];
}

function clientErrors(client: Json | undefined, field: string): FieldError[] {
  const { url, service } = isObject(client) ? client : {};
  if ((url === undefined) === (service === undefined))
    return [required(field, "exactly one of url or service is required")];
  return typeof url === "string" ? webhookUrlErrors(url, `${field}.url`) : [];
}
