// What a viewer asks for: shown first, then done in the viewer's own name, and told in an Event. The id of what was shown
// covers all that it depends on; when that has moved, nothing is done.

import { type ActionAsk, type ActionDone, type ActionPlan, linkKey } from "#api/console";
import { requestedAtAnnotation } from "#api/flux";
import { guardMarks } from "#delivery";
import { canonicalJson, formatMicroTime, type Json, sha256Hex, shortRevision } from "#kernel";
import { whyNotNow } from "./action-rights.ts";
import { cardOf } from "./cards.ts";
import { readShown, shownTarget } from "./delivery-page.ts";
import { planDrift } from "./drift-actions.ts";
import { type ActionWorld, annotate, type Intent, patch, type Subject } from "./intent.ts";
import { consoleMarks } from "./marks.ts";
import { readPlan } from "./plans.ts";
import { Refused } from "./refusals.ts";
import { planRollBack, planUnpin } from "./roll-back.ts";
import { wishFor } from "./shown-kinds.ts";
import { tellAction } from "./told.ts";
import type { Viewer } from "./viewer.ts";

/** What an action would do. Throws Refused with the reason when it cannot be done. */
export async function planAction(world: ActionWorld, ask: ActionAsk, viewer: Viewer): Promise<ActionPlan> {
  const { intent, subject } = await intentFor(world, ask, viewer);
  return { id: idOf(subject, intent), ...intent.shown };
}

/** Does what was shown; throws Refused `moved` when it would be something else by now. */
export async function carryOut(world: ActionWorld, ask: ActionAsk, viewer: Viewer): Promise<ActionDone> {
  const { intent, subject } = await intentFor(world, ask, viewer);
  if (ask.plan === undefined)
    throw new Refused("malformed", "what is to be done was not shown first", "ask for the plan, and send its id");
  if (ask.plan !== idOf(subject, intent))
    throw new Refused("moved", "things have moved since the plan was shown", "look at the new plan");
  if (intent.shown.needsReason && (ask.reason ?? "").trim() === "")
    throw new Refused("malformed", "a reason is needed", "say why in a few words: it will stand on the object");
  const done = await intent.carryOut();
  await tellAction(world, subject, done.message);
  return done;
}

function idOf({ ask, viewer }: Subject, intent: Intent): string {
  const { plan: _plan, reason: _reason, ...asked } = ask;
  return sha256Hex(canonicalJson([viewer.id, asked as unknown as Json, intent.depends])).slice(0, 32);
}

async function intentFor(
  world: ActionWorld,
  ask: ActionAsk,
  viewer: Viewer,
): Promise<{ intent: Intent; subject: Subject }> {
  if (world.readOnlyReason !== "") throw new Refused("read-only", world.readOnlyReason);
  const target = await shownTarget(world.fleet, ask.link);
  const object = await readShown(world, ask.link, viewer);
  const card = world.fleet.card(linkKey(ask.link)) ?? cardOf(object);
  const why = whyNotNow(ask.action, { object, card });
  if (why !== "") throw new Refused("not-possible", `${linkKey(ask.link)}: ${why}`);
  const verdict = await world.rights.may(viewer, wishFor(ask.link, "patch"));
  if (!verdict.ok)
    throw new Refused(
      "denied",
      verdict.reason,
      "ask for a Role that allows it; the console can do nothing that you cannot do with kubectl",
    );
  const subject: Subject = { ask, viewer, object, card, target };
  return { intent: await intentOf(world, subject), subject };
}

function intentOf(world: ActionWorld, subject: Subject): Intent | Promise<Intent> {
  switch (subject.ask.action) {
    case "reconcile":
      return planReconcile(world, subject);
    case "suspend":
      return planSwitch(world, subject, true);
    case "resume":
      return subject.card.isSuspended ? planSwitch(world, subject, false) : planUnpin(world, subject);
    case "approve":
      return planApproval(world, subject);
    case "heal":
    case "accept":
      return planDrift(world, subject);
    case "roll-back":
      return planRollBack(world, subject);
  }
}

const nothingMore = { ways: [], needsReason: false, places: [] } as const;

function planReconcile(world: ActionWorld, subject: Subject): Intent {
  const name = linkKey(subject.ask.link);
  return {
    shown: { ...nothingMore, says: [`asks the engine to look at ${name} now, and to try again what failed`] },
    depends: subject.object.metadata.uid ?? "",
    async carryOut() {
      const token = formatMicroTime(world.clock.now());
      await annotate(world, subject, { [requestedAtAnnotation]: token });
      return { message: `${name} is looked at now` };
    },
  };
}

async function planSwitch(world: ActionWorld, subject: Subject, isSuspending: boolean): Promise<Intent> {
  const { ask, viewer, object, card } = subject;
  const name = linkKey(ask.link);
  const says = isSuspending
    ? [
        `sets spec.suspend of ${name}: nothing of it is applied, healed or deleted until it is resumed`,
        `writes on it that ${viewer.user} did so, and why`,
      ]
    : [`takes spec.suspend off ${name}: what Git says now is applied at once`];
  // What has gathered while it was suspended.
  const isPlanned = !isSuspending && card.role === "delivery";
  const plan = isPlanned ? { plan: await readPlan(world, ask.link, { which: "pending", revision: "", viewer }) } : {};
  return {
    shown: { ...nothingMore, says, needsReason: isSuspending, ...plan },
    depends: object.metadata.generation ?? 0,
    async carryOut() {
      const reason = (ask.reason ?? "").trim().slice(0, 256);
      const annotations = {
        [consoleMarks.suspendReason]: isSuspending ? reason : null,
        [consoleMarks.suspendedBy]: isSuspending ? viewer.user : null,
      };
      await patch(world, subject, { spec: { suspend: isSuspending }, metadata: { annotations } });
      return { message: isSuspending ? `${name} is suspended: ${reason}` : `${name} is resumed` };
    },
  };
}

async function planApproval(world: ActionWorld, subject: Subject): Promise<Intent> {
  const { ask, viewer, card, object } = subject;
  const held = card.held?.revision ?? "";
  const revision = ask.revision ?? held;
  if (revision !== held)
    throw new Refused(
      "moved",
      `what is held now is ${shortRevision(held)}, not ${shortRevision(revision)}`,
      "look at its plan",
    );
  const plan = await readPlan(world, ask.link, { which: "pending", revision, viewer });
  const name = linkKey(ask.link);
  return {
    shown: {
      ...nothingMore,
      says: [
        `lets revision ${shortRevision(revision)} pass, and no other`,
        `writes on ${name} that ${viewer.user} approved it`,
      ],
      plan,
    },
    depends: [revision, object.metadata.generation ?? 0],
    async carryOut() {
      const marks = { [guardMarks.approvedRevision]: revision, [guardMarks.approvedBy]: viewer.user };
      await annotate(world, subject, marks);
      return { message: `revision ${shortRevision(revision)} of ${name} is approved` };
    },
  };
}
