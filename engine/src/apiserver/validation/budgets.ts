// PodDisruptionBudgets: how many Pods must stay, or may go (pkg/apis/policy/validation, v1.36).

import { type FieldError, invalid, notSupported } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { countOrShareErrors, notMoreThanAll, part, textOf } from "./fields.ts";
import { selectorErrors, selectorInGo } from "./selectors.ts";

const policies = ["AlwaysAllow", "IfHealthyBudget"];

export function budgetRules(object: JsonObject): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = part(object, "spec");
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: isObject(selector) ? selectorInGo(selector) : null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const [value, field] of [
    [minAvailable, "spec.minAvailable"],
    [maxUnavailable, "spec.maxUnavailable"],
  ] as const)
    errors.push(...countOrShareErrors(value, field), ...notMoreThanAll(value, field));
  errors.push(...selectorErrors(selector, "spec.selector"));
  const policy = unhealthyPodEvictionPolicy;
  if (policy !== undefined && !policies.includes(textOf(policy)))
    errors.push(notSupported("spec.unhealthyPodEvictionPolicy", policy, policies));
  return errors;
}
