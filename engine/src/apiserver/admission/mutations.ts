// MutatingAdmissionPolicies with their bindings: JSON patches and apply configurations out of CEL, one after the other, those that may
// run again once more when anything was patched (apiserver/pkg/admission/plugin/policy/mutating of Kubernetes 1.36).

import { fromCel, rewriteInitializers, toCel } from "#formats/cel";
import { applyJsonPatch } from "#formats/patch";
import { asJson, asManifest, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { formatTypeErrors, mergeTyped, type Shape, shapeOf, validateShape } from "#merge";
import {
  type Admission,
  decodeObject,
  DecodeRefusal,
  forbidden,
  internalError,
  objectTypeOf,
  Refusal,
  type Served,
} from "#apiserver/registry";
import { defineLazy, evaluate, matchConditions, type Sources, type Variables, variablesOf } from "./expressions.ts";
import { isExempt, matchResources } from "./matching.ts";
import { parametersOf } from "./parameters.ts";
import { composedOf, joined, list, objectsOf } from "./policies.ts";
import { type AdmissionRequest, inVersion, nameOf, requestOf } from "./request.ts";

type Invocation = { policy: Manifest; binding: Manifest; matched: Served; parameter: Manifest | undefined };

type Failure = { policy: Manifest; binding: Manifest; message: string; reason: string };

export function mutatingPolicies(sources: Sources): Admission {
  return {
    mutate: (draft, live, call) => {
      const bindings = objectsOf(sources.registry, "mutatingadmissionpolicybindings");
      if (bindings.length === 0) return;
      const request = requestOf(draft, live, call);
      if (!isExempt(request)) new Mutation(sources, request, draft).run(bindings);
    },
    validate: () => undefined,
  };
}

/** What one policy cannot do to the object. */
class PolicyError extends Error {}

/** All policies on one request. */
class Mutation {
  readonly #sources: Sources;
  readonly #request: AdmissionRequest;
  readonly #draft: Manifest;
  readonly #failures: Failure[] = [];
  #isPatched = false;

  constructor(sources: Sources, request: AdmissionRequest, draft: Manifest) {
    this.#sources = sources;
    this.#request = request;
    this.#draft = draft;
  }

  run(bindings: readonly Manifest[]): void {
    const invocations = objectsOf(this.#sources.registry, "mutatingadmissionpolicies").flatMap((policy) =>
      this.#invocationsOf(policy, bindings),
    );
    const again = invocations.filter((one) => this.#invoke(one) && isReinvoked(one));
    if (this.#isPatched) for (const one of again) this.#invoke(one);
    const failures = this.#failures.filter(({ policy }) => textOf(policy, "spec", "failurePolicy") !== "Ignore");
    if (failures.length > 0) throw this.#refusal(failures);
  }

  #invocationsOf(policy: Manifest, bindings: readonly Manifest[]): Invocation[] {
    const { registry } = this.#sources;
    const constraints = asJson(policy).spec;
    const criteria = isObject(constraints) ? constraints.matchConstraints : undefined;
    const own = bindings.filter((binding) => textOf(binding, "spec", "policyName") === policy.metadata.name);
    if (own.length === 0 || !isObject(criteria)) return [];
    const matched = matchResources(registry, criteria, this.#request);
    if (matched === undefined) return [];
    return own.flatMap((binding) => {
      const spec = asJson(binding).spec as JsonObject;
      if (isObject(spec.matchResources) && matchResources(registry, spec.matchResources, this.#request) === undefined)
        return [];
      const parameters = parametersOf(registry, policy, binding, this.#request.call.namespace);
      if (parameters.ok) return parameters.values.map((parameter) => ({ policy, binding, matched, parameter }));
      this.#failures.push({
        policy,
        binding,
        message: `failed to configure binding: ${parameters.error}`,
        reason: "Forbidden",
      });
      return [];
    });
  }

  /** Whether the policy had a say. */
  #invoke(invocation: Invocation): boolean {
    const { policy, binding } = invocation;
    const fail = (message: string): void => void this.#failures.push({ policy, binding, message, reason: "Invalid" });
    const verdict = matchConditions(list(policy, "spec", "matchConditions"), this.#variables(invocation));
    if (verdict.errors.length > 0) fail(joined(verdict.errors));
    if (!verdict.isMatch) return false;
    for (const mutation of list(policy, "spec", "mutations"))
      try {
        this.#patch(invocation, mutation);
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        fail(error.message);
      }
    return true;
  }

  #variables({ policy, matched, parameter }: Invocation): Variables {
    const variables = variablesOf(this.#sources, { ...this.#request, object: this.#draft }, matched);
    defineLazy(variables, "params", () => (parameter === undefined ? null : toCel(asJson(parameter))));
    defineLazy(variables, "variables", () => composedOf(policy, variables));
    return variables;
  }

  #patch(invocation: Invocation, mutation: Json): void {
    const { matched } = invocation;
    const { call } = this.#request;
    const before = asJson(inVersion(call.served, matched, this.#draft));
    const isPatch = textOf(mutation, "patchType") === "JSONPatch";
    const expression = textOf(mutation, isPatch ? "jsonPatch" : "applyConfiguration", "expression");
    const outcome = evaluate(expression, this.#variables(invocation), rewriteInitializers(expression));
    if (!outcome.ok) throw new PolicyError(outcome.message);
    const value = fromCel(outcome.value);
    const after = isPatch ? patched(before, value) : configured(before, value, shapeOf(objectTypeOf(matched)));
    if (after === before) return;
    this.#isPatched = true;
    this.#replace(decoded(this.#request, inVersion(matched, call.served, asManifest(after))));
  }

  #replace(object: Manifest): void {
    for (const name of Object.keys(this.#draft)) delete this.#draft[name];
    Object.assign(this.#draft, object);
  }

  #refusal(failures: readonly Failure[]): Refusal {
    const said = failures.map(
      ({ policy, binding, message }) =>
        `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`,
    );
    const { status } = forbidden(this.#request.call.served.resource, nameOf(this.#request), said[0] ?? "");
    const details = { ...status.details, causes: said.map((message) => ({ message })) };
    return new Refusal({ ...status, message: said[0] ?? "", reason: failures[0]?.reason ?? "Invalid", details });
  }
}

function isReinvoked({ policy }: Invocation): boolean {
  return textOf(policy, "spec", "reinvocationPolicy") === "IfNeeded";
}

/** Read again as a request's body would be: defaults filled in, unknown fields refused or, of custom kinds, dropped. */
function decoded({ call }: AdmissionRequest, object: Manifest): Manifest {
  const isOwn = typeof call.served.schema === "string";
  const fieldValidation = isOwn ? "Strict" : "Ignore";
  try {
    return decodeObject({ ...call, duplicates: [], fieldValidation, warn: () => undefined }, object, false);
  } catch (error) {
    if (error instanceof DecodeRefusal) throw internalError(error.why);
    throw error;
  }
}

function patched(object: JsonObject, operations: Json | undefined): JsonObject {
  if (!Array.isArray(operations))
    throw new PolicyError("type mismatch: JSONPatchType.expression should evaluate to array");
  const result = applyJsonPatch(object, operations);
  if (result.ok) return result.value as JsonObject;
  // A test that fails means that there is nothing to do.
  if (result.message.includes("test failed")) return object;
  throw new PolicyError(`JSON Patch: ${result.message}`);
}

function configured(object: JsonObject, value: Json | undefined, shape: Shape): JsonObject {
  if (!isObject(value)) throw new PolicyError("unsupported return type from ApplyConfiguration expression");
  const { apiVersion, kind } = object;
  const config: JsonObject = {
    ...value,
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
  };
  const errors = validateShape(config, shape);
  if (errors.length > 0)
    throw new PolicyError(
      `error applying patch: failed to convert patch object to typed object: ${formatTypeErrors(errors)}`,
    );
  const atomics = atomicsOf(config, shape, "");
  if (atomics.length > 0)
    throw new PolicyError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`,
    );
  return mergeTyped(object, config, shape) as JsonObject;
}

/** Where the configuration would replace something whole. */
function atomicsOf(value: Json, shape: Shape, path: string): string[] {
  if (Array.isArray(value) && shape.list !== undefined) {
    const items = shape.list.items();
    const below = value.flatMap((item, index) => atomicsOf(item, items, `${path}[${index}]`));
    return shape.list.isAtomic ? [path, ...below] : below;
  }
  const { map } = shape;
  if (!isObject(value) || map === undefined) return [];
  const below = Object.entries(value).flatMap(([name, member]) => {
    const inner = map.isDeclared(name) ? map.member(name) : undefined;
    return inner === undefined ? [] : atomicsOf(member, inner, `${path}.${name}`);
  });
  return map.isAtomic ? [path, ...below] : below;
}
