// ValidatingAdmissionPolicies with their bindings: evaluated on every write that they match, with the answers, warnings and audit
// annotations of kube-apiserver 1.36 (apiserver/pkg/admission/plugin/policy/validating).

import { toCel } from "#formats/cel";
import { asJson, fieldOf, isObject, type Json, type Manifest, textOf } from "#kernel";
import { type Admission, forbidden, Refusal, type Registry, type Served } from "#apiserver/registry";
import { defineLazy, evaluate, matchConditions, type Sources, type Variables, variablesOf } from "./expressions.ts";
import { auditValueMax, messageBytesMax } from "./limits.ts";
import { isExempt, matchResources } from "./matching.ts";
import { parametersOf } from "./parameters.ts";
import { type AdmissionRequest, nameOf, requestOf } from "./request.ts";

type Denial = { policy: Manifest; binding: Manifest | undefined; message: string; reason: string };

const group = "admissionregistration.k8s.io";

export function validatingPolicies(sources: Sources): Admission {
  return {
    mutate: () => undefined,
    validate: (draft, live, call) => {
      const bindings = objectsOf(sources.registry, "validatingadmissionpolicybindings");
      if (bindings.length === 0) return;
      const request = requestOf(draft, live, call);
      if (isExempt(request)) return;
      const denials = objectsOf(sources.registry, "validatingadmissionpolicies").flatMap((policy) =>
        new Evaluation(sources, request, policy).run(bindings),
      );
      if (denials[0] !== undefined) throw refusalOf(request, denials[0]);
    },
  };
}

/** The objects of a cluster-scoped kind of this group, by name. */
export function objectsOf(registry: Registry, plural: string): Manifest[] {
  const served = registry.table.find(group, "v1", plural);
  if (served === undefined || registry.collection(served.storage).size === 0) return [];
  return [...registry.collection(served.storage).range(`${group}/${plural}/`)].map(({ object }) => object);
}

export function list(object: unknown, ...path: string[]): Json[] {
  const value = fieldOf(object, ...path);
  return Array.isArray(value) ? value : [];
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

function refusalOf(request: AdmissionRequest, { policy, binding, message, reason }: Denial): Refusal {
  const by = binding === undefined ? "" : ` with binding '${binding.metadata.name}'`;
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`;
  const { status } = forbidden(request.call.served.resource, nameOf(request), text);
  const details = { ...status.details, causes: [{ message: text }] };
  return new Refusal({ ...status, reason, code: codes[reason] ?? 422, details });
}

/** One policy on one request. */
class Evaluation {
  readonly #sources: Sources;
  readonly #request: AdmissionRequest;
  readonly #policy: Manifest;
  readonly #isStrict: boolean;

  constructor(sources: Sources, request: AdmissionRequest, policy: Manifest) {
    this.#sources = sources;
    this.#request = request;
    this.#policy = policy;
    this.#isStrict = textOf(policy, "spec", "failurePolicy") !== "Ignore";
  }

  run(bindings: readonly Manifest[]): Denial[] {
    const constraints = fieldOf(this.#policy, "spec", "matchConstraints");
    const { registry } = this.#sources;
    const own = bindings.filter((binding) => textOf(binding, "spec", "policyName") === this.#policy.metadata.name);
    if (own.length === 0 || !isObject(constraints)) return [];
    const matched = matchResources(registry, constraints, this.#request);
    if (matched === undefined) return [];
    const annotations = new Map<string, string[]>();
    const denials = own.flatMap((binding) => this.#bound(binding, matched, annotations));
    for (const [key, values] of annotations)
      this.#request.call.annotate?.(`${this.#policy.metadata.name}/${key}`, values.join(", "));
    return denials;
  }

  #bound(binding: Manifest, matched: Served, annotations: Map<string, string[]>): Denial[] {
    const { registry } = this.#sources;
    const resources = fieldOf(binding, "spec", "matchResources");
    if (isObject(resources) && matchResources(registry, resources, this.#request) === undefined) return [];
    const parameters = parametersOf(registry, this.#policy, binding, this.#request.call.namespace);
    if (!parameters.ok) return this.#failed(binding, `failed to configure binding: ${parameters.error}`);
    return parameters.values.flatMap((value) => this.#validated(binding, matched, value, annotations));
  }

  /** A policy that cannot be evaluated denies, unless it says that failures are to be ignored. */
  #failed(binding: Manifest, message: string): Denial[] {
    return this.#isStrict ? [{ policy: this.#policy, binding, message, reason: "Invalid" }] : [];
  }

  // oxlint-disable-next-line max-params -- what one evaluation is about
  #validated(
    binding: Manifest,
    matched: Served,
    parameter: Manifest | undefined,
    annotations: Map<string, string[]>,
  ): Denial[] {
    const variables = variablesOf(this.#sources, this.#request, matched);
    defineLazy(variables, "params", () => (parameter === undefined ? null : toCel(asJson(parameter))));
    const verdict = matchConditions(list(this.#policy, "spec", "matchConditions"), variables);
    if (verdict.errors.length > 0) return this.#acted(binding, this.#failed(binding, joined(verdict.errors)), 0);
    if (!verdict.isMatch) return [];
    defineLazy(variables, "variables", () => composedOf(this.#policy, variables));
    const denials = list(this.#policy, "spec", "validations").flatMap((validation, index) =>
      this.#acted(binding, this.#checked(binding, validation, variables), index),
    );
    return [...denials, ...this.#annotated(binding, variables, annotations)];
  }

  #checked(binding: Manifest, validation: Json, variables: Variables): Denial[] {
    const expression = textOf(validation, "expression");
    const outcome = evaluate(expression, variables);
    if (!outcome.ok) return this.#failed(binding, outcome.message);
    if (outcome.value === true) return [];
    const message =
      messageOf(textOf(validation, "messageExpression"), variables) ||
      textOf(validation, "message").trim() ||
      `failed expression: ${expression.trim()}`;
    return [{ policy: this.#policy, binding, message, reason: textOf(validation, "reason") || "Invalid" }];
  }

  /** What the binding's actions make of denials: only `Deny` denies. */
  #acted(binding: Manifest, denials: readonly Denial[], index: number): Denial[] {
    const actions = list(binding, "spec", "validationActions");
    const { call } = this.#request;
    const [policy, name] = [this.#policy.metadata.name, binding.metadata.name];
    for (const { message } of denials) {
      if (actions.includes("Warn"))
        call.warn(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}': ${message}`);
      if (actions.includes("Audit")) {
        const failure = { message, policy, binding: name, expressionIndex: index, validationActions: actions };
        call.annotate?.("validation.policy.admission.k8s.io/validation_failure", JSON.stringify([failure]));
      }
    }
    return actions.includes("Deny") ? [...denials] : [];
  }

  #annotated(binding: Manifest, variables: Variables, annotations: Map<string, string[]>): Denial[] {
    return list(this.#policy, "spec", "auditAnnotations").flatMap((one) => {
      const expression = textOf(one, "valueExpression");
      const outcome = evaluate(expression, variables);
      if (!outcome.ok) return this.#failed(binding, outcome.message);
      const { value } = outcome;
      if (value === null) return [];
      if (typeof value !== "string")
        return this.#failed(
          binding,
          `valueExpression '${expression}' resulted in unsupported return type: ${typeof value}. Return type must be either string or null.`,
        );
      const text = value.trim().slice(0, auditValueMax);
      const known = annotations.get(textOf(one, "key")) ?? [];
      if (text !== "" && !known.includes(text)) annotations.set(textOf(one, "key"), [...known, text]);
      return [];
    });
  }
}

export function joined(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] as string) : `[${errors.join(", ")}]`;
}

/** What a message expression gives, where that can be shown on one line. */
function messageOf(expression: string, variables: Variables): string {
  if (expression === "") return "";
  const outcome = evaluate(expression, variables);
  if (!outcome.ok || typeof outcome.value !== "string") return "";
  const text = outcome.value.trim();
  return text.includes("\n") || text.length > messageBytesMax ? "" : text;
}

/** `variables`: each evaluated when it is first read, over those before it. */
export function composedOf(policy: Manifest, variables: Variables): Variables {
  const composed: Variables = {};
  for (const one of list(policy, "spec", "variables")) {
    const name = textOf(one, "name");
    defineLazy(composed, name, () => {
      const outcome = evaluate(textOf(one, "expression"), variables);
      if (!outcome.ok)
        throw new Error(
          `composited variable ${JSON.stringify(name)} fails to evaluate: ${outcome.message.replace(/^expression '.*?' resulted in error: /s, "")}`,
        );
      return outcome.value;
    });
  }
  return composed;
}
