// Back to an earlier release: by a commit that makes the HelmRelease's file ask for that chart with those values, where commits
// are allowed and the file states them; else by `helm rollback` in the viewer's name, with the HelmRelease suspended so that it
// stays.

import { type ActionPlan, linkKey, type PlanView } from "#api/console";
import { type StatedRelease, givenValues, rollBackRelease } from "#dialects/flux/releases";
import type { DeliveryLook } from "#delivery";
import {
  asJson,
  equalJson,
  faultFrom,
  formatFault,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  refKey,
  refOf,
  textOf,
} from "#kernel";
import { type FieldStep, valueAt } from "#render/locate";
import { editAll, type Field } from "./accept.ts";
import { wordsOf } from "./cards.ts";
import {
  changeId,
  type GitChange,
  messageOf,
  otherReaders,
  pushChange,
  shownCommit,
  whyNoCommit,
} from "./git-change.ts";
import { type ActionWorld, type Intent, patch, type Subject } from "./intent.ts";
import { rollBackPatienceMs } from "./limits.ts";
import { consoleMarks } from "./marks.ts";
import { ownerKeyOf } from "./object-entries.ts";
import { Refused } from "./refusals.ts";
import { whyNoReturn } from "./release-history.ts";
import { releasePlan, versionIn } from "./release-plan.ts";
import { clusterOf } from "./viewer.ts";

type Wanted = { wanted: StatedRelease; runs: StatedRelease; plan: PlanView };
type Ways = { ways: ActionPlan["ways"]; why: string };

/** What rolling a release back would do. Throws Refused. */
export async function planReleaseRollBack(world: ActionWorld, subject: Subject): Promise<Intent> {
  const { ask } = subject;
  const wanted = await wantedOf(world, subject);
  const found = await changeBack(world, subject, wanted);
  const whyNoPin = await whyNotByHelm(world, subject, wanted);
  const whyNoChange = "why" in found ? found.why : "";
  if (whyNoPin !== "" && (ask.how === "pin" || whyNoChange !== ""))
    throw new Refused("not-possible", [whyNoPin, whyNoChange].filter((why) => why !== "").join("; no commit: "));
  if ("why" in found) {
    if (ask.how === "commit") throw new Refused("not-possible", `it cannot be committed: ${found.why}`);
    return planByHelm(world, subject, { ...wanted, ways: ["pin"], why: found.why });
  }
  const ways: ActionPlan["ways"] = whyNoPin === "" ? ["commit", "pin"] : ["commit"];
  if (ask.how === "pin") return planByHelm(world, subject, { ...wanted, ways, why: "" });
  return planCommit(world, subject, { ...wanted, ...found, ways });
}

async function wantedOf(world: ActionWorld, { ask, viewer, card }: Subject): Promise<Wanted> {
  const key = linkKey(ask.link);
  const states = world.fleet.releases;
  if (states === undefined || (await states.look(key)) === undefined)
    throw new Refused("not-ready", "the engine in this process does not run this release", "ask at the one that does");
  const revision = ask.revision ?? "";
  const version = versionIn(revision);
  if (version === undefined)
    throw new Refused("malformed", "to which release?", "name one as the release's history has it: v3");
  const [wanted, runs] = [await states.stated(key, version), await states.stated(key)];
  if (wanted === undefined || runs === undefined)
    throw new Refused("not-possible", `Helm's record of ${revision} is gone`);
  const status = wanted.release.info.status;
  const why = whyNoReturn({ version, status }, { version: runs.version }, { ...card, cluster: "" });
  if (why !== "") throw new Refused("not-possible", `${revision}: ${why}`);
  return { wanted, runs, plan: await releasePlan(world, key, { states, wanted, revision, viewer }) };
}

type Change = { change: GitChange; owner: Subject["card"]; look: DeliveryLook };

/** The HelmRelease's file as it would ask for that release, or why there is none. */
async function changeBack(world: ActionWorld, subject: Subject, wanted: Wanted): Promise<Change | { why: string }> {
  const { fleet, renderings } = world;
  const key = ownerKeyOf(subject.object);
  const owner = key === "" ? undefined : fleet.card(key);
  if (owner === undefined) return { why: "no Kustomization states it: there is no file to change" };
  if (subject.card.isSuspended) return { why: "it is suspended: a commit would not reach it" };
  const why = await whyNoCommit(world, { ...subject, card: owner });
  if (why !== "") return { why: `${owner.key}: ${why}` };
  const looking = fleet.engine?.looking;
  const look = looking?.look(key);
  const content = await looking?.content(key);
  if (looking === undefined || look === undefined || content === undefined)
    return { why: `the engine in this process does not run ${key}` };
  try {
    const stated = await renderings.get(looking, key, { revision: look.offered ?? "" });
    const manifest = stated.get(refKey(refOf(subject.object)));
    if (manifest === undefined) return { why: `${key} does not state it any more` };
    const fields = changedFields(manifest, wanted);
    const { change } = await editAll({ looking, look, key, source: content.source }, [{ manifest, fields }]);
    return { change, owner, look };
  } catch (thrown) {
    return { why: look.mask(wordsOf(thrown instanceof Refused ? thrown.message : formatFault(faultFrom(thrown)))) };
  }
}

const versionSteps: readonly FieldStep[] = ["spec", "chart", "spec", "version"];

/** What the HelmRelease must state otherwise for the earlier chart and values to come out. Throws Refused. */
function changedFields(manifest: Manifest, { wanted, runs }: Wanted): Field[] {
  const [then, now] = [wanted.release.chart.metadata, runs.release.chart.metadata];
  const stated = asJson(manifest);
  if (then.name !== now.name) throw impossible(`its chart was ${then.name ?? ""} then`);
  const fields: Field[] = [];
  if (plainVersion(then.version) !== plainVersion(now.version)) {
    if (textOf(manifest, "spec", "chart", "spec", "sourceRef", "kind") !== "HelmRepository")
      throw impossible("its chart is taken as its source has it: the source is what must go back");
    fields.push({ path: "spec.chart.spec.version", steps: versionSteps, value: plainVersion(then.version) });
  }
  for (const { steps, path, value, from } of differing(givenValues(runs), givenValues(wanted))) {
    const inSpec: readonly FieldStep[] = ["spec", "values", ...steps];
    const current = valueAt(stated, inSpec);
    if (current === undefined || !equalJson(current, from))
      throw impossible(`${path} does not come from the HelmRelease itself`);
    fields.push({ path: `spec.values.${path}`, steps: inSpec, value });
  }
  if (fields.length === 0) throw impossible("the HelmRelease asks for that chart and those values already");
  return fields;
}

/** Without what an artifact's digest adds. */
function plainVersion(version = ""): string {
  return version.split("+")[0] ?? "";
}

type Difference = { steps: readonly string[]; path: string; from: Json; value: Json };

/** Single values that differ. Throws Refused where more than those do. */
function differing(now: JsonObject, then: JsonObject, above: readonly string[] = []): Difference[] {
  return [...new Set([...Object.keys(now), ...Object.keys(then)])].flatMap((name): Difference[] => {
    const steps = [...above, name];
    const path = steps.join(".");
    const [from, value] = [now[name], then[name]];
    if (from !== undefined && value !== undefined && equalJson(from, value)) return [];
    if (isObject(from) && isObject(value)) return differing(from, value, steps);
    if (from === undefined) throw impossible(`the value ${path} was given then, and is not now`);
    if (value === undefined) throw impossible(`the value ${path} was not given then`);
    if (typeof from === "object" || typeof value === "object") throw impossible(`the value ${path} is no single one`);
    return [{ steps, path, from, value }];
  });
}

function impossible(message: string): Refused {
  return new Refused("not-possible", message);
}

function planCommit(
  world: ActionWorld,
  subject: Subject,
  { wanted, runs, plan, change, owner, look, ways }: Wanted & Change & Pick<Ways, "ways">,
): Intent {
  const name = linkKey(subject.ask.link);
  const to = nameOf(wanted);
  const stating: Subject = { ...subject, card: owner };
  const message = messageOf(subject, `Roll back ${name} to ${to}`);
  const commit = shownCommit(world, stating, { change, words: { message, mask: look.mask } });
  const others = otherReaders(world, stating, change);
  return {
    shown: {
      says: [
        `commits to branch ${commit.branch} that ${name} asks for the chart and values of ${to}, with the source's credentials`,
        ...(others.length === 0 ? [] : [`these read the same files, and change too: ${others.join(", ")}`]),
        `${owner.key} applies it as every commit; the release is then upgraded to what it was`,
      ],
      plan,
      commit,
      ways,
      needsReason: false,
      places: [],
    },
    depends: ["commit", wanted.version, runs.version, changeId(change)],
    async carryOut() {
      const pushed = await pushChange(world, stating, { change, message });
      return { message: `committed ${pushed.id.slice(0, 7)}: ${pushed.subject}`, commit: pushed };
    },
  };
}

/** `v3 (podinfo@6.5.0)` */
function nameOf({ version, title }: StatedRelease): string {
  return `v${version} (${title})`;
}

/** Why the viewer cannot go back by Helm itself; "" when that can be tried. */
async function whyNotByHelm(
  { fleet, rights }: ActionWorld,
  { card, viewer }: Subject,
  { runs }: Wanted,
): Promise<string> {
  if (card.cluster !== "") return "its objects are in another cluster: roll it back there";
  if (runs.release.info.status.startsWith("pending-")) return "an action on it is under way";
  const look = await fleet.releases?.look(card.key);
  const namespace = look?.storageNamespace ?? card.namespace;
  for (const verb of ["list", "create", "update"]) {
    const verdict = await rights.may(viewer, { verb, group: "", plural: "secrets", namespace });
    if (!verdict.ok) return `Helm's records are Secrets: ${verdict.reason}`;
  }
  return "";
}

function planByHelm(world: ActionWorld, subject: Subject, { wanted, runs, plan, ways, why }: Wanted & Ways): Intent {
  const { ask, viewer, object, card } = subject;
  const name = linkKey(ask.link);
  const to = nameOf(wanted);
  return {
    shown: {
      says: [
        card.isSuspended ? `${name} is suspended, and stays so` : `suspends ${name}, so that it is not upgraded again`,
        `rolls the release back to ${to} as \`helm rollback\` does, in your name`,
        "it stays there, and is not healed, until it is resumed",
        ...(why === "" ? [] : [`no commit is offered: ${why}`]),
      ],
      plan,
      ways,
      needsReason: false,
      places: [],
    },
    depends: ["pin", wanted.version, runs.version, object.metadata.generation ?? 0],
    async carryOut() {
      const reason = (ask.reason ?? "").trim().slice(0, 200);
      await suspend(world, subject, `rolled back to ${to}${reason === "" ? "" : `: ${reason}`}`);
      await rollBack(world, subject, wanted).catch(async (thrown: unknown) => {
        if (!card.isSuspended) await suspend(world, subject, undefined);
        throw thrown;
      });
      return { message: `${name} is rolled back to ${to}, and suspended by ${viewer.user}` };
    },
  };
}

async function rollBack(world: ActionWorld, { ask, viewer, card }: Subject, wanted: StatedRelease): Promise<void> {
  const look = await world.fleet.releases?.look(linkKey(ask.link));
  if (look === undefined) throw new Refused("not-ready", "the engine in this process does not run this release");
  const result = await rollBackRelease({
    object: look.object,
    version: wanted.version,
    cluster: clusterOf(world.cluster, viewer),
    clock: world.clock,
    description: `Rollback to ${wanted.version} by ${viewer.user}`.slice(0, 200),
    signal: AbortSignal.timeout(rollBackPatienceMs),
  });
  if (result.ok) return;
  const why = look.mask(wordsOf(formatFault(result.fault)));
  throw new Refused("failed", `rolling back ${card.key}: ${why}`, "look at its history before you try again");
}

/** With a reason suspended, without one not. */
async function suspend(world: ActionWorld, subject: Subject, reason: string | undefined): Promise<void> {
  const isSuspending = reason !== undefined;
  const annotations = {
    [consoleMarks.suspendReason]: reason ?? null,
    [consoleMarks.suspendedBy]: isSuspending ? subject.viewer.user : null,
  };
  await patch(world, subject, { spec: { suspend: isSuspending }, metadata: { annotations } });
}
