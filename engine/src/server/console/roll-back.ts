// Back to an earlier revision: by a commit that brings back the files of the delivery where commits are allowed, else by a pin
// that holds the delivery at that revision until it is taken away.

import { type ActionPlan, linkKey, type PlanView } from "#api/console";
import { type DeliveryLook, guardMarks, type Looking } from "#delivery";
import { faultFrom, formatFault, parseRevision, shortRevision } from "#kernel";
import { wordsOf } from "./cards.ts";
import {
  changeId,
  differing,
  editedSource,
  type GitChange,
  isSameRendering,
  messageOf,
  otherReaders,
  pushChange,
  shownCommit,
  textAt,
  whyNoCommit,
} from "./git-change.ts";
import { type ActionWorld, annotate, type Intent, type Subject } from "./intent.ts";
import { contentAt } from "./plan-view.ts";
import { readPlan } from "./plans.ts";
import { Refused } from "./refusals.ts";
import { planReleaseRollBack } from "./release-roll-back.ts";

type Wanted = { revision: string; from: string; plan: PlanView };

/** What rolling back would do. Throws Refused. */
export async function planRollBack(world: ActionWorld, subject: Subject): Promise<Intent> {
  const { ask, viewer, card } = subject;
  if (ask.link.kind === "HelmRelease") return planReleaseRollBack(world, subject);
  const revision = ask.revision ?? "";
  if (revision === "") throw new Refused("malformed", "to which revision?", "name one of the delivery's history");
  if (parseRevision(revision).digest === "")
    throw new Refused("malformed", `${revision} is no whole revision`, "name it as the delivery's history has it");
  const plan = await readPlan(world, ask.link, { which: "pending", revision, viewer });
  if (plan.problem !== "") throw new Refused("not-possible", `revision ${shortRevision(revision)}: ${plan.problem}`);
  const wanted = { revision, plan, from: card.revision };
  const found = await changeBack(world, subject, revision);
  if ("why" in found) {
    if (ask.how === "commit") throw new Refused("not-possible", `it cannot be committed: ${found.why}`);
    return planPin(world, subject, { ...wanted, ways: ["pin"], why: found.why });
  }
  if (ask.how === "pin") return planPin(world, subject, { ...wanted, ways: ["commit", "pin"], why: "" });
  return planCommit(world, subject, { ...wanted, ...found });
}

type Change = { change: GitChange; look: DeliveryLook };

/** The files that would bring the revision back, or why there are none. */
async function changeBack(world: ActionWorld, subject: Subject, revision: string): Promise<Change | { why: string }> {
  const why = await whyNoCommit(world, subject);
  if (why !== "") return { why };
  const { fleet } = world;
  const key = linkKey(subject.ask.link);
  const looking = fleet.engine?.looking;
  const look = looking?.look(key);
  if (looking === undefined || look === undefined) return { why: "the engine in this process does not run it" };
  try {
    return await filesBack(world, { looking, look, key, revision });
  } catch (thrown) {
    return { why: look.mask(wordsOf(thrown instanceof Refused ? thrown.message : formatFault(faultFrom(thrown)))) };
  }
}

type Asked = { looking: Looking; look: DeliveryLook; key: string; revision: string };

/** Every file that the delivery read then or reads now, as it was then. */
async function filesBack({ fleet }: ActionWorld, { looking, look, key, revision }: Asked): Promise<Change> {
  const then = await contentAt(fleet, look, revision);
  const now = await looking.content(key);
  if (now === undefined) throw new Refused("not-ready", "its source offers nothing now");
  const [past, present] = [await looking.rendering(key, then), await looking.rendering(key, now.source)];
  const [openThen, openNow] = [await then.open(), await now.source.open()];
  const [edits, before] = [new Map<string, string | null>(), new Map<string, string | null>()];
  for (const path of new Set([...past.files, ...present.files])) {
    edits.set(path, await textAt(openThen, path));
    before.set(path, await textAt(openNow, path));
  }
  const change = differing(edits, before);
  const after = await looking.rendering(key, editedSource(now.source, change.edits));
  if (!isSameRendering(after.manifests, past.manifests))
    throw new Refused("not-possible", "the files that it reads do not bring that revision back by themselves");
  return { change, look };
}

function planCommit(
  world: ActionWorld,
  subject: Subject,
  { revision, from, plan, change, look }: Wanted & Change,
): Intent {
  const name = linkKey(subject.ask.link);
  const short = shortRevision(revision);
  const message = messageOf(subject, `Roll back ${name} to ${short}`);
  const commit = shownCommit(world, subject, { change, words: { message, mask: look.mask } });
  const others = otherReaders(world, subject, change);
  const count = change.edits.size === 1 ? "1 file" : `${change.edits.size} files`;
  const shown: Omit<ActionPlan, "id"> = {
    says: [
      `commits ${count} of ${name} as they were at revision ${short} to branch ${commit.branch}, with the source's credentials`,
      ...(others.length === 0 ? [] : [`these read the same files, and change too: ${others.join(", ")}`]),
      "it is applied as every commit is",
    ],
    plan,
    commit,
    ways: ["commit", "pin"],
    needsReason: false,
    places: [],
  };
  return {
    shown,
    depends: ["commit", revision, from, changeId(change)],
    async carryOut() {
      const pushed = await pushChange(world, subject, { change, message });
      return { message: `committed ${pushed.id.slice(0, 7)}: ${pushed.subject}`, commit: pushed };
    },
  };
}

/** What taking the pin away would do. */
export async function planUnpin(world: ActionWorld, subject: Subject): Promise<Intent> {
  const { ask, viewer, card } = subject;
  const name = linkKey(ask.link);
  const from = card.pinned?.revision ?? "";
  const offered = card.source === undefined ? "" : (world.fleet.card(linkKey(card.source))?.revision ?? "");
  const plan = await readPlan(world, ask.link, { which: "pending", revision: offered, viewer });
  const by = card.pinned?.by === "" || card.pinned === undefined ? "" : ` that ${card.pinned.by} set`;
  return {
    shown: {
      says: [
        `takes away the pin of ${name} at revision ${shortRevision(from)}${by}`,
        `what its source offers is applied at once: revision ${shortRevision(offered)}`,
      ],
      plan,
      ways: [],
      needsReason: false,
      places: [],
    },
    depends: ["unpin", from, offered],
    async carryOut() {
      await annotate(world, subject, { [guardMarks.pinnedRevision]: null, [guardMarks.pinnedBy]: null });
      return { message: `${name} follows its source again` };
    },
  };
}

type Pin = Wanted & { ways: ActionPlan["ways"]; why: string };

function planPin(world: ActionWorld, subject: Subject, { revision, plan, from, ways, why }: Pin): Intent {
  const name = linkKey(subject.ask.link);
  const short = shortRevision(revision);
  return {
    shown: {
      says: [
        `holds ${name} at revision ${short}, whatever its source offers, until it is resumed`,
        `writes ${guardMarks.pinnedRevision} on it, and that ${subject.viewer.user} did so`,
        ...(why === "" ? [] : [`no commit is offered: ${why}`]),
      ],
      plan,
      ways,
      needsReason: false,
      places: [],
    },
    depends: ["pin", revision, from, subject.object.metadata.generation ?? 0],
    async carryOut() {
      await annotate(world, subject, {
        [guardMarks.pinnedRevision]: revision,
        [guardMarks.pinnedBy]: subject.viewer.user,
      });
      return { message: `${name} is held at revision ${short}` };
    },
  };
}
