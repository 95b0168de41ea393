// Which actions a viewer may take on a delivery or source now, and where not, why not: what the object's state forbids, what
// this server forbids, what Kubernetes forbids.

import type { Action, Card, Rights as ActionRights } from "#api/console";
import { fieldOf, type Manifest } from "#kernel";
import type { PageWorld } from "./page-world.ts";
import { wishFor } from "./shown-kinds.ts";
import type { Viewer } from "./viewer.ts";

type Subject = { object: Manifest; card: Card; viewer: Viewer };

const actions: readonly Action[] = ["reconcile", "suspend", "resume", "approve", "heal", "accept", "roll-back"];

/** Every action with its verdict. Heal and accept are judged again for the object concerned. */
export async function rightsFor(world: PageWorld, subject: Subject): Promise<ActionRights> {
  const { card, viewer } = subject;
  const patch = await world.rights.may(viewer, wishFor(card, "patch"));
  const verdicts = actions.map((action): [Action, ActionRights[Action]] => {
    const why = world.readOnlyReason || whyNotNow(action, subject) || (patch.ok ? "" : patch.reason);
    return [action, why === "" ? { ok: true } : { ok: false, reason: why }];
  });
  return Object.fromEntries(verdicts) as ActionRights;
}

/** What the state of the object forbids; "" when nothing does. */
export function whyNotNow(action: Action, { object, card }: Pick<Subject, "object" | "card">): string {
  const isSuspended = fieldOf(object, "spec", "suspend") === true;
  switch (action) {
    case "reconcile":
      return isSuspended ? "it is suspended: resume it first" : "";
    case "suspend":
      return isSuspended ? "it is suspended already" : "";
    case "resume":
      return isSuspended || card.pinned !== undefined ? "" : "it is neither suspended nor pinned";
    case "approve":
      return whyNoApproval(card);
    case "heal":
    case "accept":
      if (card.role !== "delivery") return "a source has no drift";
      return card.drift.length === 0 ? "nothing has drifted" : "";
    case "roll-back":
      if (card.kind === "HelmRelease") return whyNoEarlier(object);
      if (card.kind !== "Kustomization") return "a source is not rolled back";
      return card.source?.kind === "GitRepository" ? "" : "its source is not a Git repository";
  }
}

function whyNoEarlier(object: Manifest): string {
  const history = fieldOf(object, "status", "history");
  return Array.isArray(history) && history.length > 1 ? "" : "there is no earlier release to go back to";
}

function whyNoApproval(card: Card): string {
  if (card.role !== "delivery") return "a source holds nothing back";
  if (card.held === undefined) return "nothing is held back";
  if (card.held.reason === "Paused")
    return "it is paused, which an approval does not end: remove the annotation keelson.dev/pause";
  return card.held.revision === "" ? "a deletion is approved with `keelson approve --deletion`" : "";
}
