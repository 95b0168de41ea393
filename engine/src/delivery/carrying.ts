// A delivery that a new revision says nothing about is carried to it: all it made of the old one holds for the new, without
// a pass. Its status follows when there is time, unless a pass has written it meanwhile.

import type { Claims } from "./claims.ts";
import type { Decryptions } from "./decryption.ts";
import type { Delivery, Phase, Report } from "./model.ts";
import type { SourceArtifact } from "./pass.ts";
import type { RenderDesk } from "./render-desk.ts";
import type { DeliveryState } from "./state.ts";
import { isSettled } from "./triggers.ts";

export type Carriers = { desk: RenderDesk; decryptions: Decryptions; claims: Claims };

/** Dependents may go on at once. */
export function carry(state: DeliveryState, { revision, source }: SourceArtifact, carriers: Carriers): void {
  const { applied, desired, delivery } = state;
  if (applied === undefined || desired === undefined) return;
  carriers.desk.carry(desired.rendering, source.hash);
  carriers.decryptions.carry(delivery.key, source.hash);
  carriers.claims.state(delivery.key, revision, desired.byKey);
  desired.revision = revision;
  state.applied = { ...applied, revision };
  state.guarded = desired;
  state.revision = revision;
  state.bumpedTo = revision;
}

/** What an attempt is known by: the same one is announced once. */
export function attemptOf({ generation, request }: Delivery, revision: string): string {
  return `${revision} ${generation} ${request ?? ""}`;
}

/** What is to be said of a carried delivery; undefined when a pass has said it, or will. The attempt then counts as announced. */
export function bumpReport(
  state: DeliveryState,
  artifact: SourceArtifact | undefined,
  nowMs: number,
): (Partial<Report> & { phase: Phase }) | undefined {
  const { delivery, bumpedTo } = state;
  if (artifact === undefined || artifact.revision !== bumpedTo || state.revision !== bumpedTo) return undefined;
  const attempt = attemptOf(delivery, artifact.revision);
  if (!isSettled(state) || delivery.isSuspended || delivery.isDeleting || state.announced === attempt) return undefined;
  state.announced = attempt;
  state.attemptedRevision = artifact.revision;
  const { revision, originRevision } = artifact;
  return { phase: "ready", revision, originRevision, isApplied: true, isNews: true, isBump: true, startedMs: nowMs };
}
