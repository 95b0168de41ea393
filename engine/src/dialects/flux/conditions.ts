// Conditions as Flux's controllers set them (fluxcd/pkg runtime/conditions): the transition time moves with status, reason
// and message, the generation stands inside.

import type { Condition } from "#api/flux";
import { formatTime } from "#kernel";
import { messageMost } from "./limits.ts";

export type Setting = Pick<Condition, "type" | "status" | "reason" | "message">;

/** The condition types that this dialect sets. */
const types = ["Stalled", "Reconciling", "Ready", "Drifted", "Healthy", "Held"];
/** Flux's controllers keep these first, for readers. */
const first = ["Stalled", "Reconciling", "Ready"];

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
  const others = before.filter((condition) => !types.includes(condition.type));
  const set = types.flatMap((type) => {
    const setting = settings.find((candidate) => candidate.type === type);
    if (setting !== undefined) return [nextCondition(before, setting, at)];
    return kept.includes(type) ? before.filter((condition) => condition.type === type) : [];
  });
  return [...set, ...others].sort(compareConditions);
}

/** Flux's order: the first three, then the newest generation, then by name. */
function compareConditions(a: Condition, b: Condition): number {
  const rank = ({ type }: Condition): number => (first.includes(type) ? first.indexOf(type) : first.length);
  if (rank(a) !== rank(b) || rank(a) < first.length) return rank(a) - rank(b);
  const newer = (b.observedGeneration ?? 0) - (a.observedGeneration ?? 0);
  return newer !== 0 ? newer : a.type < b.type ? -1 : 1;
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
