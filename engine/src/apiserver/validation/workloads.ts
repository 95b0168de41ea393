// Workloads: what they say of the Pods they make (pkg/apis/apps and batch validation, v1.36).

import { type FieldError, invalid, notSupported, required } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import {
  atLeastZero,
  countOrShareErrors,
  forbidden,
  itemsOf,
  notMoreThanAll,
  part,
  type Rule,
  textOf,
} from "./fields.ts";
import { validatePodSpec } from "./pods.ts";
import { isBare, isBroken, selectorErrors, selects } from "./selectors.ts";

/** A template's own parts. */
export function validateTemplate(template: JsonObject, field: string, claims: readonly string[] = []): FieldError[] {
  return validatePodSpec(part(template, "spec"), `${field}.spec`, claims);
}

/** Names of the claims that a StatefulSet makes for each of its Pods. */
function claimNames(spec: JsonObject): string[] {
  return itemsOf(spec["volumeClaimTemplates"], "").map(({ item }) => textOf(part(item, "metadata")["name"]));
}

/** Selector and template of a workload that runs its Pods forever. */
export function workload(kind: string): Rule {
  return (object) => {
    const spec = part(object, "spec");
    const template = part(spec, "template");
    const labels = part(template, "metadata")["labels"];
    const errors: FieldError[] = [];
    const selector = spec["selector"];
    // A DaemonSet is not asked for a selector, only for one that fits.
    if (!isObject(selector)) errors.push(...(kind === "daemonset" ? [] : [required("spec.selector")]));
    else if (isBroken(selector))
      errors.push(
        ...selectorErrors(selector, "spec.selector"),
        invalid("spec.selector", selector, "invalid label selector"),
      );
    else if (isBare(selector)) errors.push(invalid("spec.selector", selector, `empty selector is invalid for ${kind}`));
    const isChoice = isObject(selector) && !isBare(selector) && !isBroken(selector);
    if (!isObject(selector) || (isChoice && !selects(selector, isObject(labels) ? labels : {})))
      errors.push(
        invalid(
          "spec.template.metadata.labels",
          isObject(labels) ? labels : null,
          "`selector` does not match template `labels`",
        ),
      );
    errors.push(...validateTemplate(template, "spec.template", claimNames(spec)));
    const policy = textOf(part(template, "spec")["restartPolicy"]);
    if (policy !== "Always" && policy !== "")
      errors.push(notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
    return [
      ...errors,
      ...["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"].flatMap((name) =>
        atLeastZero(spec[name], `spec.${name}`),
      ),
    ];
  };
}

export function deploymentRules(object: JsonObject): FieldError[] {
  const strategy = part(part(object, "spec"), "strategy");
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const errors = workload("deployment")(object);
  if (type === "Recreate" && rolling !== undefined)
    errors.push(forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
  if (type === "RollingUpdate" && isObject(rolling)) errors.push(...rollingErrors(rolling));
  if (["Recreate", "RollingUpdate", ""].includes(type)) return errors;
  const inGo = isObject(rolling)
    ? { MaxUnavailable: rolling["maxUnavailable"] ?? 0, MaxSurge: rolling["maxSurge"] ?? 0 }
    : null;
  return [...errors, notSupported("spec.strategy", { Type: type, RollingUpdate: inGo }, ["Recreate", "RollingUpdate"])];
}

function rollingErrors({ maxUnavailable, maxSurge }: JsonObject): FieldError[] {
  const at = "spec.strategy.rollingUpdate";
  const isNothing = [maxUnavailable, maxSurge].every((value) => value === 0 || value === "0%");
  return [
    ...countOrShareErrors(maxUnavailable, `${at}.maxUnavailable`),
    ...countOrShareErrors(maxSurge, `${at}.maxSurge`),
    ...(isNothing ? [invalid(`${at}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0")] : []),
    ...notMoreThanAll(maxUnavailable, `${at}.maxUnavailable`),
  ];
}

export function statefulSetRules(object: JsonObject): FieldError[] {
  const policy = textOf(part(object, "spec")["podManagementPolicy"]);
  const isKnown = ["OrderedReady", "Parallel", ""].includes(policy);
  return [
    ...(isKnown ? [] : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...statefulUpdateErrors(part(part(object, "spec"), "updateStrategy")),
    ...workload("statefulset")(object),
  ];
}

function statefulUpdateErrors(strategy: JsonObject): FieldError[] {
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const shown = isObject(rolling)
    ? { Partition: rolling["partition"] ?? 0, MaxUnavailable: rolling["maxUnavailable"] ?? null }
    : null;
  if (type === "OnDelete")
    return rolling === undefined
      ? []
      : [invalid("spec.updateStrategy.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type === "RollingUpdate")
    return isObject(rolling) ? atLeastZero(rolling["partition"], "spec.updateStrategy.rollingUpdate.partition") : [];
  if (type === "") return [];
  return [
    invalid("spec.updateStrategy", { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'"),
  ];
}

export function replicationControllerRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const selector = part(spec, "selector");
  const errors = atLeastZero(spec["minReadySeconds"], "spec.minReadySeconds");
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  errors.push(...atLeastZero(spec["replicas"], "spec.replicas"));
  const template = spec["template"];
  if (!isObject(template)) return [...errors, required("spec.template")];
  const labels = part(template, "metadata")["labels"];
  const given = isObject(labels) ? labels : {};
  if (Object.entries(selector).some(([key, value]) => given[key] !== value))
    errors.push(
      invalid(
        "spec.template.metadata.labels",
        isObject(labels) ? labels : null,
        "`selector` does not match template `labels`",
      ),
    );
  errors.push(...validatePodSpec(part(template, "spec"), "spec.template.spec"));
  const policy = textOf(part(template, "spec")["restartPolicy"]);
  if (policy !== "Always" && policy !== "")
    errors.push(notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
  return errors;
}

export function controllerRevisionRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { data = null } = object;
  const errors = atLeastZero(object["revision"], "revision");
  if (live !== undefined || isObject(data)) return errors;
  return [...errors, required("data", data === null ? "data is mandatory" : "data must be a valid JSON object")];
}
