// What the configuration of admission webhooks must be before it is taken (pkg/apis/admissionregistration/validation, v1.36). What was
// stored before some of these rules may stay as it is.

import { dns1035Errors, type FieldError, invalid, required, subdomainErrors } from "#api/crd";
import { oneOfStated, operationRuleErrors, selectorErrors, webhookClientErrors } from "#apiserver/validation";
import { admissionVariables } from "#formats/cel";
import { equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { objectsIn } from "./members.ts";
import { conditionErrors } from "./policy-rules.ts";

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map((one) => (typeof one === "string" ? one : "")) : [];
}

const hookVariables = admissionVariables({ hasParams: false, hasAuthorizer: true });
const harmless = ["None", "NoneOnDryRun"];
const allEffects = ["None", "NoneOnDryRun", "Some", "Unknown"];
const reviewVersions = ["v1", "v1beta1"];
const secondsMost = 30;

/** What was not so before need not be so now. */
type Demands = { effects: readonly string[]; knowsVersion: boolean; hasOwnNames: boolean; looksAtConditions: boolean };

function demandsOn(configuration: Manifest, live: Manifest | undefined): Demands {
  if (live === undefined) return { effects: harmless, knowsVersion: true, hasOwnNames: true, looksAtConditions: true };
  const [next, old] = [configuration, live].map((one) => objectsIn(fieldOf(one, "webhooks"))) as [
    JsonObject[],
    JsonObject[],
  ];
  const names = old.map((hook) => textOf(hook, "name"));
  const known = (hook: JsonObject): boolean => {
    const versions = texts(hook.admissionReviewVersions);
    return versions.length === 0 || versions.some((version) => reviewVersions.includes(version));
  };
  const areKept =
    next.length === old.length &&
    next.every((hook, index) => equalJson(hook.matchConditions ?? null, old[index]?.matchConditions ?? null));
  return {
    effects: old.every((hook) => harmless.includes(textOf(hook, "sideEffects"))) ? harmless : allEffects,
    knowsVersion: old.every(known),
    hasOwnNames: new Set(names).size === names.length,
    looksAtConditions: !areKept,
  };
}

export function webhookErrors(configuration: Manifest, live?: Manifest): FieldError[] {
  const demands = demandsOn(configuration, live);
  const hooks = objectsIn(fieldOf(configuration, "webhooks"));
  const names = hooks.map((hook) => textOf(hook, "name"));
  return hooks.flatMap((hook, index) => {
    const field = `webhooks[${index}]`;
    const name = names[index] as string;
    const isTwice = demands.hasOwnNames && name !== "" && names.indexOf(name) < index;
    return [
      ...hookErrors(hook, field, demands),
      ...versionErrors(texts(hook.admissionReviewVersions), `${field}.admissionReviewVersions`, demands.knowsVersion),
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${field}.name`, value: name, detail: "" }] : []),
    ];
  });
}

function hookErrors(hook: JsonObject, field: string, demands: Demands): FieldError[] {
  const { timeoutSeconds } = hook;
  const isTimely = typeof timeoutSeconds !== "number" || (timeoutSeconds >= 1 && timeoutSeconds <= secondsMost);
  const timely = `the timeout value must be between 1 and ${secondsMost} seconds`;
  return [
    ...nameErrors(textOf(hook, "name"), `${field}.name`),
    ...objectsIn(hook.rules).flatMap((rule, index) => operationRuleErrors(rule, `${field}.rules[${index}]`)),
    ...oneOfStated(hook.failurePolicy, `${field}.failurePolicy`, ["Fail", "Ignore"]),
    ...oneOfStated(hook.matchPolicy, `${field}.matchPolicy`, ["Equivalent", "Exact"]),
    ...effectErrors(hook.sideEffects, `${field}.sideEffects`, demands.effects),
    ...(isTimely ? [] : [invalid(`${field}.timeoutSeconds`, timeoutSeconds, timely)]),
    ...selectorErrors(hook.namespaceSelector, `${field}.namespaceSelector`),
    ...selectorErrors(hook.objectSelector, `${field}.objectSelector`),
    ...oneOfStated(hook.reinvocationPolicy, `${field}.reinvocationPolicy`, ["IfNeeded", "Never"]),
    ...webhookClientErrors(isObject(hook.clientConfig) ? hook.clientConfig : {}, `${field}.clientConfig`),
    ...(demands.looksAtConditions
      ? conditionErrors(objectsIn(hook.matchConditions), `${field}.matchConditions`, hookVariables)
      : []),
  ];
}

function nameErrors(name: string, field: string): FieldError[] {
  if (name === "") return [required(field)];
  const errors = subdomainErrors(name).map((message) => invalid(field, name, message));
  if (errors.length === 0 && name.split(".").length < 3)
    errors.push(invalid(field, name, "should be a domain with at least three segments separated by dots"));
  return errors;
}

function effectErrors(effects: Json | undefined, field: string, allowed: readonly string[]): FieldError[] {
  if ((effects ?? null) === null) return [required(field, `must specify one of ${allowed.join(", ")}`)];
  return oneOfStated(effects, field, allowed);
}

function versionErrors(versions: readonly string[], field: string, knowsVersion: boolean): FieldError[] {
  const words = reviewVersions.join(", ");
  if (versions.length === 0) return [required(field, `must specify one of ${words}`)];
  const each = versions.flatMap((version, index) => {
    const wrong = versions.indexOf(version) < index ? ["duplicate version"] : dns1035Errors(version);
    return wrong.map((message) => invalid(`${field}[${index}]`, version, message));
  });
  const isKnown = versions.some((version) => reviewVersions.includes(version));
  return isKnown || !knowsVersion
    ? each
    : [...each, invalid(field, [...versions], `must include at least one of ${words}`)];
}
