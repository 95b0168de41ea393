// Conditions, set as Kubernetes' own controllers set them: the time of transition moves only with the status.

import { formatTime } from "#kernel";
import type { Condition } from "./types.ts";

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === "True";
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** Sets one; the same status with the same reason changes nothing. `hasUpdateTime` where the kind records that too. */
export function withCondition(
  conditions: readonly Condition[],
  next: Condition,
  now: number,
  hasUpdateTime = false,
): Condition[] {
  const before = conditionOf(conditions, next.type);
  if (before !== undefined && before.status === next.status && before.reason === next.reason) return [...conditions];
  const time = formatTime(now);
  const lastTransitionTime = before?.status === next.status ? (before.lastTransitionTime ?? time) : time;
  const condition = { ...next, ...(hasUpdateTime ? { lastUpdateTime: time } : {}), lastTransitionTime };
  return [...withoutCondition(conditions, next.type), condition];
}
