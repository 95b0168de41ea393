// What admission configuration must be before it is taken: policies with expressions that compile to the right type, bindings, webhooks
// (pkg/apis/admissionregistration/validation of Kubernetes 1.36).

import { type FieldError, invalid, notSupported, required, subdomainErrors } from "#api/crd";
import { checkCel, rewriteInitializers } from "#formats/cel";
import { fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";

function items(object: unknown, ...path: string[]): JsonObject[] {
  const value = fieldOf(object, ...path);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The variables that expressions of a policy may name; objects are dyn, since a policy is about many kinds. */
function variablesFor(policy: Manifest): Record<string, string> {
  const hasParams = fieldOf(policy, "spec", "paramKind") !== undefined;
  const names = ["object", "oldObject", "request", "namespaceObject", ...(hasParams ? ["params"] : [])];
  if (items(policy, "spec", "variables").length > 0) names.push("variables");
  return { ...Object.fromEntries(names.map((name) => [name, "dyn"])), authorizer: "Authorizer" };
}

/** Message and audit expressions may not ask about access. */
function withoutAuthorizer({ authorizer: _, ...rest }: Record<string, string>): Record<string, string> {
  return rest;
}

type Wanted = { expression: string; field: string; type: string };

function expressionErrors({ expression, field, type }: Wanted, variables: Record<string, string>): FieldError[] {
  const checked = checkCel(expression, variables);
  if (!checked.ok) return [invalid(field, expression, `compilation failed: ${checked.message}`)];
  return checked.type === type ? [] : [invalid(field, expression, `must evaluate to ${type} but got ${checked.type}`)];
}

function conditionErrors(
  conditions: readonly JsonObject[],
  field: string,
  variables: Record<string, string>,
): FieldError[] {
  return conditions.flatMap((condition, index) => {
    const at = `${field}[${index}]`;
    const expression = textOf(condition, "expression");
    return [
      ...(textOf(condition, "name") === "" ? [required(`${at}.name`)] : []),
      ...(expression.trim() === ""
        ? [required(`${at}.expression`)]
        : expressionErrors({ expression, field: `${at}.expression`, type: "bool" }, variables)),
    ];
  });
}

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const failurePolicies = ["Fail", "Ignore"];

function failurePolicyErrors(policy: string, field: string): FieldError[] {
  return policy === "" || failurePolicies.includes(policy) ? [] : [notSupported(field, policy, failurePolicies)];
}

/** What validating and mutating policies have in common. */
function commonErrors(policy: Manifest, variables: Record<string, string>): FieldError[] {
  const constraints = fieldOf(policy, "spec", "matchConstraints");
  const errors = failurePolicyErrors(textOf(policy, "spec", "failurePolicy"), "spec.failurePolicy");
  if (!isObject(constraints)) errors.push(required("spec.matchConstraints"));
  else if (items(constraints, "resourceRules").length === 0)
    errors.push(required("spec.matchConstraints.resourceRules"));
  return [
    ...errors,
    ...conditionErrors(items(policy, "spec", "matchConditions"), "spec.matchConditions", variables),
    ...items(policy, "spec", "variables").flatMap((variable, index) => variableErrors(variable, index, variables)),
  ];
}

function variableErrors(variable: JsonObject, index: number, variables: Record<string, string>): FieldError[] {
  const field = `spec.variables[${index}].expression`;
  const checked = checkCel(textOf(variable, "expression"), variables);
  return checked.ok ? [] : [invalid(field, textOf(variable, "expression"), `compilation failed: ${checked.message}`)];
}

export function validatingPolicyErrors(policy: Manifest): FieldError[] {
  const variables = variablesFor(policy);
  const validations = items(policy, "spec", "validations");
  const annotations = items(policy, "spec", "auditAnnotations");
  const errors = commonErrors(policy, variables);
  if (validations.length + annotations.length === 0)
    for (const name of ["validations", "auditAnnotations"])
      errors.push(required(`spec.${name}`, "validations or auditAnnotations must contain at least one item"));
  for (const [index, validation] of validations.entries())
    errors.push(...validationErrors(validation, `spec.validations[${index}]`, variables));
  return errors;
}

function validationErrors(validation: JsonObject, field: string, variables: Record<string, string>): FieldError[] {
  const expression = textOf(validation, "expression");
  const message = textOf(validation, "messageExpression");
  const reason = textOf(validation, "reason");
  const errors =
    expression.trim() === ""
      ? [required(`${field}.expression`, "expression is not specified")]
      : expressionErrors({ expression, field: `${field}.expression`, type: "bool" }, variables);
  if (message !== "")
    errors.push(
      ...expressionErrors(
        { expression: message, field: `${field}.messageExpression`, type: "string" },
        withoutAuthorizer(variables),
      ),
    );
  if (reason !== "" && !reasons.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, reasons));
  return errors;
}

const mutated = ["*", "CREATE", "UPDATE"];
const reinvocations = ["IfNeeded", "Never"];

export function mutatingPolicyErrors(policy: Manifest): FieldError[] {
  const variables = variablesFor(policy);
  const errors = commonErrors(policy, variables);
  for (const rule of items(policy, "spec", "matchConstraints", "resourceRules"))
    for (const operation of Array.isArray(rule.operations) ? rule.operations : [])
      if (!mutated.includes(operation as string))
        errors.push(notSupported("spec.matchConstraints.resourceRules.operations", operation, mutated));
  const mutations = items(policy, "spec", "mutations");
  if (mutations.length === 0) errors.push(required("spec.mutations", "mutations must contain at least one item"));
  for (const [index, mutation] of mutations.entries())
    errors.push(...mutationErrors(mutation, `spec.mutations[${index}]`, variables));
  const reinvocation = textOf(policy, "spec", "reinvocationPolicy");
  if (reinvocation === "") errors.push(required("spec.reinvocationPolicy"));
  else if (!reinvocations.includes(reinvocation))
    errors.push(notSupported("spec.reinvocationPolicy", reinvocation, reinvocations));
  return errors;
}

const patchTypes = { JSONPatch: "jsonPatch", ApplyConfiguration: "applyConfiguration" } as const;

function mutationErrors(mutation: JsonObject, field: string, variables: Record<string, string>): FieldError[] {
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

const scalars: ReadonlySet<string> = new Set(["bool", "int", "uint", "double", "string", "null", "bytes"]);

// oxlint-disable-next-line max-params -- one expression and what it is for
function patchExpressionErrors(
  expression: string,
  field: string,
  variables: Record<string, string>,
  type: keyof typeof patchTypes,
): FieldError[] {
  if (expression.trim() === "") return [required(field)];
  const checked = checkCel(rewriteInitializers(expression), variables);
  if (!checked.ok) return [invalid(field, expression, `compilation failed: ${checked.message}`)];
  if (!scalars.has(checked.type)) return [];
  const wanted = type === "JSONPatch" ? "list(JSONPatch)" : "Object";
  return [invalid(field, expression, `must evaluate to ${wanted} but got ${checked.type}`)];
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

const hookVariables = { object: "dyn", oldObject: "dyn", request: "dyn", authorizer: "Authorizer" };

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
  return typeof url === "string" ? urlErrors(url, `${field}.url`) : [];
}

const urlForm = "; desired format: https://host[/path]";

function urlErrors(text: string, field: string): FieldError[] {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  const host = rest.split(/[/?#]/)[0] ?? "";
  return [
    ...(scheme === "https" ? [] : [invalid(field, scheme, `'https' is the only allowed URL scheme${urlForm}`)]),
    ...(host === "" ? [invalid(field, host, `host must be specified${urlForm}`)] : []),
    ...(text.includes("?")
      ? [invalid(field, text.slice(text.indexOf("?") + 1), "query parameters are not permitted in the URL")]
      : []),
  ];
}
