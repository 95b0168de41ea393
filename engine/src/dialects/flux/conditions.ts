// Conditions as Flux's controllers set them: a transition time that moves only with the status, the generation inside.

import type { Condition } from "#api/flux";
import { formatTime } from "#kernel";
import { messageMost } from "./limits.ts";

export type Setting = Pick<Condition, "type" | "status" | "reason" | "message">;

/** The condition types that this dialect sets; others in a status are kept as they are. */
const order = ["Reconciling", "Stalled", "Ready", "Healthy", "Drifted"];

/** The next conditions: `settings` replace ours, ours that are not named vanish, those of others stay. */
export function nextConditions(
  before: readonly Condition[],
  settings: readonly Setting[],
  at: { generation: number; nowMs: number },
): Condition[] {
  const own = new Set(order);
  const others = before.filter((condition) => !own.has(condition.type));
  const set = order.flatMap((type) => {
    const setting = settings.find((candidate) => candidate.type === type);
    return setting === undefined ? [] : [nextCondition(before, setting, at)];
  });
  return [...set, ...others];
}

function nextCondition(
  before: readonly Condition[],
  setting: Setting,
  at: { generation: number; nowMs: number },
): Condition {
  const previous = before.find((condition) => condition.type === setting.type);
  const isSame = previous?.status === setting.status;
  return {
    type: setting.type,
    status: setting.status,
    observedGeneration: at.generation,
    lastTransitionTime: isSame ? previous.lastTransitionTime : formatTime(at.nowMs),
    reason: setting.reason,
    message: setting.message.slice(0, messageMost),
  };
}
