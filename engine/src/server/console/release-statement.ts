// What a release says of one of its objects: what the next install or upgrade would state, and what the record of the one that
// runs does.

import type { ReleaseLook, StatedRelease } from "#dialects/flux/releases";
import { faultFrom, formatFault, type Manifest, refKey, refOf } from "#kernel";
import { wordsOf } from "./cards.ts";
import type { ObjectWorld } from "./object-page.ts";
import { releaseOrigin } from "./release-origin.ts";
import type { ReleaseStates } from "./release-states.ts";
import { type Statement, type StatementAsk, unstated } from "./statement.ts";

/** Who applies the objects of releases. */
export const helmManager = "helm-controller";

export async function releaseStatement(
  { fleet }: ObjectWorld,
  { link, target, owner }: StatementAsk,
  states: ReleaseStates,
): Promise<Statement> {
  const look = await states.look(owner);
  if (look === undefined) return unstated("the engine in this process does not run its release");
  const { mask } = look;
  const none: Statement = { ...unstated(`${owner} does not state it`, mask), manager: helmManager };
  try {
    const [record, next] = await Promise.all([states.stated(owner), nextOf(owner, look, states)]);
    const key = refKey({ ...link, namespace: target.namespace });
    const applied = record && objectIn(record, key);
    const upcoming = next.state && objectIn(next.state, key);
    // Where the next one cannot be made, what runs is what is to be.
    const desired = next.state === undefined ? applied : upcoming;
    const stated = upcoming === undefined ? record : next.state;
    const step = desired && (await states.looking.step(owner, desired).catch(() => undefined));
    const recorded = record === undefined ? "no release" : `release v${record.version}, ${record.title}`;
    return {
      ...none,
      desired,
      why: applied === undefined ? none.why : `${next.words} does not state it any more`,
      changes: step?.changes ?? [],
      ...(applied === undefined ? {} : { applied }),
      from: { desired: next.state === undefined ? `${recorded}: ${next.words}` : next.words, applied: recorded },
      origin: async () => stated && releaseOrigin(fleet, { look, stated }, { ...link, namespace: target.namespace }),
    };
  } catch (thrown) {
    return { ...none, why: mask(wordsOf(formatFault(faultFrom(thrown)))) };
  }
}

function objectIn({ manifests }: StatedRelease, key: string): Manifest | undefined {
  return manifests.find((manifest) => refKey(refOf(manifest)) === key);
}

type Next = { state: StatedRelease | undefined; words: string };

async function nextOf(owner: string, { mask }: ReleaseLook, states: ReleaseStates): Promise<Next> {
  try {
    const state = await states.next(owner);
    return { state, words: `${state.title} with the values as they are now` };
  } catch (thrown) {
    const why = mask(wordsOf(formatFault(faultFrom(thrown))));
    return { state: undefined, words: `what comes next cannot be made: ${why}` };
  }
}
