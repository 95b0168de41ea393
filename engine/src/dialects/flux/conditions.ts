// Conditions as Flux's controllers set them (fluxcd/pkg runtime/conditions): the transition time moves with status, reason
// and message, the generation stands inside.

import type { Condition } from "#api/flux";
import { formatTime } from "#kernel";
import { messageMost } from "./limits.ts";

export type Setting = Pick<Condition, "type" | "status" | "reason" | "message">;

/** The condition types that this dialect sets, in the order in which Flux's controllers keep them. */
const order = ["Stalled", "Reconciling", "Ready", "Drifted", "Healthy", "Held"];

export type ConditionChanges = {
  settings: readonly Setting[];
  /** Types that stay exactly as they are. */
  kept: readonly string[];
};

/** The next conditions: `settings` replace ours, ours that are neither named nor kept vanish, those of others stay. */
export function nextConditions(
  before: readonly Condition[],
  { settings, kept }: ConditionChanges,
  at: { generation: number; nowMs: number },
): Condition[] {
  const own = new Set(order);
  const others = before.filter((condition) => !own.has(condition.type));
  const set = order.flatMap((type) => {
    const setting = settings.find((candidate) => candidate.type === type);
    if (setting !== undefined) return [nextCondition(before, setting, at)];
    return kept.includes(type) ? before.filter((condition) => condition.type === type) : [];
  });
  return [...set, ...others];
}

function nextCondition(
  before: readonly Condition[],
  setting: Setting,
  at: { generation: number; nowMs: number },
): Condition {
  const previous = before.find((condition) => condition.type === setting.type);
  const message =
    setting.message.length <= messageMost ? setting.message : `${setting.message.slice(0, messageMost)}...`;
  const isSame =
    previous?.status === setting.status && previous.reason === setting.reason && previous.message === message;
  return {
    type: setting.type,
    status: setting.status,
    observedGeneration: at.generation,
    lastTransitionTime: isSame ? previous.lastTransitionTime : formatTime(at.nowMs),
    reason: setting.reason,
    message,
  };
}
