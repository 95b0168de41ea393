// What a change of a Job may change (pkg/apis/batch/validation and pkg/registry/batch/job, v1.36): its completions with its
// parallelism, and of a suspended one where and with what its Pods run.

import { type FieldError, invalid } from "#api/crd";
import { selectorInGo, successPolicyInGo } from "#apiserver/validation";
import { equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { objectsIn, specOf, withoutNodeAffinity } from "./members.ts";

const immutable = "field is immutable";

/** The rules of a Job's failures, as Go holds them. */
function failurePolicyInGo(policy: JsonObject): Json {
  if (!Array.isArray(policy.rules)) return { Rules: null };
  const rules = objectsIn(policy.rules).map((rule) => ({
    Action: rule.action ?? "",
    OnExitCodes: isObject(rule.onExitCodes)
      ? {
          ContainerName: rule.onExitCodes.containerName ?? null,
          Operator: rule.onExitCodes.operator ?? "",
          Values: rule.onExitCodes.values ?? null,
        }
      : null,
    OnPodConditions: Array.isArray(rule.onPodConditions)
      ? objectsIn(rule.onPodConditions).map(({ type = "", status = "" }) => ({ Type: type, Status: status }))
      : null,
  }));
  return { Rules: rules };
}

type Fixed = readonly [name: string, show?: (value: JsonObject) => Json];

/** Members that stay, and how Go shows those that are objects; the template comes after the first. */
const fixed: readonly Fixed[] = [
  ["completionMode"],
  ["podFailurePolicy", failurePolicyInGo],
  ["backoffLimitPerIndex"],
  ["managedBy"],
  ["successPolicy", successPolicyInGo],
];

function fixedErrors(next: JsonObject, old: JsonObject, [name, show]: Fixed): FieldError[] {
  const [wanted, before] = [next[name] ?? null, old[name] ?? null];
  if (equalJson(wanted, before)) return [];
  const shown = isObject(wanted) && show !== undefined ? show(wanted) : wanted;
  return [invalid(`spec.${name}`, shown, immutable)];
}

/** The completions of an indexed Job may change, with its parallelism alone. */
function completionErrors(next: JsonObject, old: JsonObject): FieldError[] {
  const field = "spec.completions";
  const wanted = next.completions ?? null;
  if (equalJson(wanted, old.completions ?? null)) return [];
  if (next.completionMode !== "Indexed") return [invalid(field, wanted, immutable)];
  if (wanted === null || wanted === next.parallelism) return [];
  return [invalid(field, wanted, "can only be modified in tandem with spec.parallelism")];
}

/** Suspended, with no Pod left: the next ones may be others. */
function mayChangeTemplate(live: Manifest): boolean {
  const { suspend } = specOf(live);
  const isNew = fieldOf(live, "status", "startTime") === undefined;
  const isPaused = objectsIn(fieldOf(live, "status", "conditions")).some(
    ({ type, status }) => type === "Suspended" && status === "True",
  );
  return suspend === true && (isNew || isPaused) && !fieldOf(live, "status", "active");
}

/** What stays even then: all but the resources of containers and where they run. */
function keptTemplate(template: Json | undefined): Json {
  const {
    nodeSelector: _,
    tolerations: _2,
    schedulingGates: _3,
    affinity,
    ...spec
  } = isObject(fieldOf(template, "spec")) ? (fieldOf(template, "spec") as JsonObject) : {};
  const sizeless = (list: Json | undefined): Json =>
    Array.isArray(list) ? objectsIn(list).map(({ resources: _4, ...rest }) => rest) : null;
  return {
    ...spec,
    affinity: withoutNodeAffinity(affinity),
    containers: sizeless(spec.containers),
    initContainers: sizeless(spec.initContainers),
  };
}

function templateErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [specOf(draft).template ?? null, specOf(live).template ?? null];
  if (equalJson(next, old)) return [];
  if (!mayChangeTemplate(live)) return [invalid("spec.template", next, immutable)];
  if (equalJson(keptTemplate(next), keptTemplate(old))) return [];
  return [invalid("spec.template.spec", fieldOf(next, "spec") ?? null, immutable)];
}

export function jobChangeErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [specOf(draft), specOf(live)];
  return [
    ...completionErrors(next, old),
    ...fixedErrors(next, old, ["selector", selectorInGo]),
    ...templateErrors(draft, live),
    ...fixed.flatMap((one) => fixedErrors(next, old, one)),
  ];
}
