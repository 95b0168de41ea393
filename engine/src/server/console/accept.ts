// Accept what runs: by a commit that makes Git say so where commits are allowed, else by a mark on the objects that ends the
// look for drift there. A commit changes the very values that differ, in the files that state them.

import { type ActionPlan, type DriftView, linkKey, type ObjectLink } from "#api/console";
import { requestedAtAnnotation } from "#api/flux";
import type { DeliveryLook, Looking, SourceTree } from "#delivery";
import {
  asJson,
  equalJson,
  faultFrom,
  formatFault,
  formatMicroTime,
  type Json,
  type Manifest,
  refKey,
  refOf,
} from "#kernel";
import { driftMark, shownPath } from "#plan";
import { fieldSteps, type FieldStep, Locator, valueAt } from "#render/locate";
import { wordsOf } from "./cards.ts";
import {
  changeId,
  type CommitWords,
  differing,
  editedSource,
  type GitChange,
  messageOf,
  otherReaders,
  pushChange,
  shownCommit,
  textAt,
  whyNoCommit,
} from "./git-change.ts";
import { type ActionWorld, annotate, type Intent, type Subject } from "./intent.ts";
import { consoleManager } from "./marks.ts";
import { clusterIn, targetOf } from "./object-page.ts";
import { planOf } from "./plan-view.ts";
import { Refused, refusedBy } from "./refusals.ts";

/** What accepting would do. Throws Refused. */
export async function planAccept(world: ActionWorld, subject: Subject, drifted: readonly DriftView[]): Promise<Intent> {
  const { how } = subject.ask;
  const found = await changeToLive(world, subject, drifted);
  const whyNoMark = await whyMarkIsIdle(world, subject, drifted);
  const whyNoChange = "why" in found ? found.why : "";
  if (whyNoMark !== "" && (how === "pin" || whyNoChange !== ""))
    throw new Refused("not-possible", [whyNoMark, whyNoChange].filter((why) => why !== "").join("; no commit: "));
  if ("why" in found) {
    if (how === "commit") throw new Refused("not-possible", `it cannot be committed: ${found.why}`);
    return planMark(world, subject, { drifted, ways: ["pin"], why: found.why });
  }
  if (how === "pin") return planMark(world, subject, { drifted, ways: ["commit", "pin"], why: "" });
  return planCommit(world, subject, { drifted, ways: whyNoMark === "" ? ["commit", "pin"] : ["commit"], ...found });
}

/** Why a mark in the cluster would do nothing; "" when it would. */
async function whyMarkIsIdle(
  { fleet, renderings }: ActionWorld,
  subject: Subject,
  drifted: readonly DriftView[],
): Promise<string> {
  const key = linkKey(subject.ask.link);
  const looking = fleet.engine?.looking;
  const look = looking?.look(key);
  if (looking === undefined || look === undefined) return "";
  const [mark] = markFor(subject);
  const stated = await renderings.get(looking, key, { revision: look.offered ?? "" });
  const names = new Set(drifted.map(({ object }) => linkKey(object)));
  for (const { kind, metadata } of stated.values()) {
    const name = linkKey({ kind, namespace: metadata.namespace ?? "", name: metadata.name });
    if (names.has(name) && metadata.annotations?.[mark] !== undefined)
      return `Git itself states ${mark} on ${name}: it is changed there`;
  }
  return "";
}

/** A delivery whose files are changed. */
export type Accepting = { looking: Looking; look: DeliveryLook; key: string; source: SourceTree };
type Place = { path: string; line: number };
type Change = { change: GitChange; places: readonly Place[]; accepting: Accepting };

async function changeToLive(
  world: ActionWorld,
  subject: Subject,
  drifted: readonly DriftView[],
): Promise<Change | { why: string }> {
  const why = await whyNoCommit(world, subject);
  if (why !== "") return { why };
  const key = linkKey(subject.ask.link);
  const looking = world.fleet.engine?.looking;
  const look = looking?.look(key);
  const content = await looking?.content(key);
  if (looking === undefined || look === undefined || content === undefined)
    return { why: "the engine in this process does not run it" };
  const accepting = { looking, look, key, source: content.source };
  try {
    const wanted = await Promise.all(drifted.map(({ object }) => wantedOf(world, subject, { accepting, object })));
    return { ...(await editAll(accepting, wanted)), accepting };
  } catch (thrown) {
    return { why: look.mask(wordsOf(thrown instanceof Refused ? thrown.message : formatFault(faultFrom(thrown)))) };
  }
}

/** A field of an object, and the value that Git is to state. */
export type Field = { path: string; steps: readonly FieldStep[]; value: Json | undefined };
/** What Git is to state of one object. */
export type Wanted = { manifest: Manifest; fields: readonly Field[] };

/** The fields of an object that differ, with the values that run. */
async function wantedOf(
  world: ActionWorld,
  { viewer }: Subject,
  { accepting, object }: { accepting: Accepting; object: ObjectLink },
): Promise<Wanted> {
  const { looking, key, look } = accepting;
  const name = linkKey(object);
  if (object.kind === "Secret") throw new Refused("not-possible", `${name}: secret values are not written to Git`);
  const cluster = clusterIn(world, object, viewer);
  const target = await targetOf(cluster, object);
  const stated = await world.renderings.get(looking, key, { revision: look.offered ?? "" });
  const manifest = stated.get(refKey({ ...object, namespace: target.namespace }));
  if (manifest === undefined) throw new Refused("not-possible", `${key} does not state ${name} any more`);
  const live = await cluster.get(target);
  if (!live.ok) throw new Refused("not-possible", `${name} is not there: its removal is committed by hand`);
  const step = await looking.step(key, manifest);
  const fields = (step?.changes ?? []).map(({ path }): Field => {
    const steps = fieldSteps(path);
    if (steps === undefined) throw new Refused("not-possible", `${name}: ${path} is no path that can be followed`);
    return { path, steps, value: valueAt(asJson(live.value), steps) };
  });
  if (fields.length === 0) throw new Refused("not-possible", `${name} does not differ any more`);
  return { manifest, fields };
}

/** Each value replaced where it is stated; then all must be as it runs. Throws Refused. */
export async function editAll(
  { looking, look, key, source }: Accepting,
  wanted: readonly Wanted[],
): Promise<{ change: GitChange; places: readonly Place[] }> {
  const open = await source.open();
  const read = await looking.rendering(key, source);
  const before = new Map<string, string | null>();
  const files = new Map<string, string>();
  for (const path of read.files) {
    const text = await textAt(open, path).catch(() => null);
    before.set(path, text);
    if (text !== null) files.set(path, text);
  }
  const folder = look.delivery.path.replace(/^\.?\/+/, "").replace(/\/+$/, "");
  const places: Place[] = [];
  for (const { manifest, fields } of wanted)
    for (const { path, steps, value } of fields) {
      const edited = new Locator({ folder, files }).edit(manifest, steps, value);
      if ("why" in edited) throw new Refused("not-possible", `${shownPath(path)}: ${edited.why}`);
      files.set(edited.path, edited.text);
      places.push({ path: edited.path, line: edited.line });
    }
  const change = differing(files, before);
  const after = await looking.rendering(key, editedSource(source, change.edits));
  requireLive(after.manifests, wanted);
  return { change, places };
}

function requireLive(manifests: readonly Manifest[], wanted: readonly Wanted[]): void {
  const byKey = new Map(manifests.map((manifest) => [refKey(refOf(manifest)), manifest]));
  for (const { manifest, fields } of wanted) {
    const after = byKey.get(refKey(refOf(manifest)));
    for (const { path, steps, value } of fields) {
      const next = after === undefined ? undefined : valueAt(asJson(after), steps);
      if (next === undefined || value === undefined || !equalJson(next, value))
        throw new Refused("not-possible", `${shownPath(path)}: the change in Git would not bring it about`);
    }
  }
}

async function planCommit(
  world: ActionWorld,
  subject: Subject,
  { drifted, change, places, accepting, ways }: Change & Pick<Mark, "drifted" | "ways">,
): Promise<Intent> {
  const { key, source, look } = accepting;
  const names = drifted.map(({ object }) => linkKey(object)).join(", ");
  const message = messageOf(subject, `Accept what runs in ${names}`.slice(0, 200));
  const words: CommitWords = { message, mask: look.mask };
  const commit = shownCommit(world, subject, { change, words });
  const others = otherReaders(world, subject, change);
  const plan = await planOf(world, key, {
    look,
    revision: look.offered ?? "",
    source: editedSource(source, change.edits),
    viewer: subject.viewer,
  });
  const shown: Omit<ActionPlan, "id"> = {
    says: [
      ...drifted.map(({ object, fields }) => `makes Git say what runs in ${linkKey(object)}: ${fields.join("; ")}`),
      `commits that to branch ${commit.branch}, with the source's credentials`,
      ...(others.length === 0 ? [] : [`these read the same files, and change too: ${others.join(", ")}`]),
    ],
    plan,
    commit,
    ways,
    needsReason: false,
    places: places.map((place) => ({ ...place })),
  };
  return {
    shown,
    depends: ["commit", look.offered ?? "", changeId(change)],
    async carryOut() {
      const pushed = await pushChange(world, subject, { change, message });
      return { message: `committed ${pushed.id.slice(0, 7)}: ${pushed.subject}`, commit: pushed };
    },
  };
}

type Mark = { drifted: readonly DriftView[]; ways: ActionPlan["ways"]; why: string };

function planMark(world: ActionWorld, subject: Subject, { drifted, ways, why }: Mark): Intent {
  return {
    shown: {
      says: [
        ...drifted.map(
          ({ object }) => `marks ${linkKey(object)} with ${markFor(subject).join(": ")}: what differs there now stands`,
        ),
        "drift of these objects is neither healed nor reported any more, until the mark is taken away or Git states another",
        ...(why === "" ? [] : [`no commit is offered: ${why}`]),
      ],
      ways,
      needsReason: false,
      places: [],
    },
    depends: ["pin", subject.card.revision, drifted.map(({ object, fields }) => [linkKey(object), [...fields]])],
    async carryOut() {
      for (const { object } of drifted) await markAccepted(world, subject, object);
      // A mark is none of the fields that the engine watches for drift: it is asked to look.
      await annotate(world, subject, { [requestedAtAnnotation]: formatMicroTime(world.clock.now()) });
      return { message: `accepted what runs in ${drifted.map(({ object }) => linkKey(object)).join(", ")}` };
    },
  };
}

/** The annotation that ends the look for drift: a release's objects have Flux's own. */
function markFor({ card }: Subject): [name: string, value: string] {
  return card.kind === "HelmRelease" ? ["helm.toolkit.fluxcd.io/driftDetection", "disabled"] : [driftMark, "off"];
}

async function markAccepted(world: ActionWorld, subject: Subject, object: ObjectLink): Promise<void> {
  const cluster = clusterIn(world, object, subject.viewer);
  const patch = { metadata: { annotations: Object.fromEntries([markFor(subject)]) } };
  const answer = await cluster.patch(
    await targetOf(cluster, object),
    { type: "merge", patch },
    { fieldManager: consoleManager },
  );
  if (!answer.ok) throw refusedBy(answer.status, `marking ${linkKey(object)}`);
}
