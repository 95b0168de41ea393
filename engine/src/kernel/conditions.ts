// `status.conditions` of any object, whose shape nobody has promised: what is no text is left empty.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md

import { fieldOf, isObject, type JsonObject, textOf } from "./json.ts";
import type { Manifest } from "./manifest.ts";

export type Condition = {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
};

/** The conditions in their order, without those that are no conditions. */
export function conditionsOf(object: Manifest): readonly Condition[] {
  const found = fieldOf(object, "status", "conditions");
  return Array.isArray(found) ? found.filter(isObject).map(readCondition) : [];
}

/** The condition of a type; undefined where there is none. */
export function conditionOf(object: Manifest, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

function readCondition(condition: JsonObject): Condition {
  const { observedGeneration } = condition;
  const text = (name: string): string => textOf(condition, name);
  return {
    type: text("type"),
    status: text("status"),
    reason: text("reason"),
    message: text("message"),
    lastTransitionTime: text("lastTransitionTime"),
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
  };
}
