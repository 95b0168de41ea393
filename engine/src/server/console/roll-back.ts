// Back to an earlier revision: by a commit that brings back the delivery's files where commits are allowed, else by a pin that
// holds the delivery at that revision until it is taken away.

import { linkKey } from "#api/console";
import { guardMarks } from "#delivery";
import { shortRevision } from "#kernel";
import { type ActionWorld, annotate, type Intent, type Subject } from "./intent.ts";
import { readPlan } from "./plan-view.ts";
import { Refused } from "./refusals.ts";

/** What rolling back would do. Throws Refused. */
export async function planRollBack(world: ActionWorld, subject: Subject): Promise<Intent> {
  const { ask, viewer, card } = subject;
  const revision = ask.revision ?? "";
  if (revision === "") throw new Refused("malformed", "to which revision?", "name one of the delivery's history");
  const plan = await readPlan(world, ask.link, { which: "pending", revision, viewer });
  if (plan.problem !== "") throw new Refused("not-possible", `revision ${shortRevision(revision)}: ${plan.problem}`);
  return planPin(world, subject, { revision, plan, from: card.revision });
}

type Pin = { revision: string; from: string; plan: Awaited<ReturnType<typeof readPlan>> };

function planPin(world: ActionWorld, subject: Subject, { revision, plan, from }: Pin): Intent {
  const name = linkKey(subject.ask.link);
  const short = shortRevision(revision);
  return {
    shown: {
      says: [
        `holds ${name} at revision ${short}, whatever its source offers, until the pin is taken away`,
        `writes ${guardMarks.pinnedRevision} on it, and that ${subject.viewer.user} did so`,
      ],
      plan,
      ways: ["pin"],
      needsReason: false,
      places: [],
    },
    depends: [revision, from, subject.object.metadata.generation ?? 0],
    async carryOut() {
      await annotate(world, subject, {
        [guardMarks.pinnedRevision]: revision,
        [guardMarks.pinnedBy]: subject.viewer.user,
      });
      return { message: `${name} is held at revision ${short}` };
    },
  };
}
