// Which content a delivery takes: what its source offers, or where somebody has pinned it, what the source offered then.

import { DeliveryFault } from "./faults.ts";
import { guardMarks } from "./guard.ts";
import type { Delivery } from "./model.ts";
import type { SourceArtifact } from "./pass.ts";
import type { ArtifactView } from "./ports.ts";

/** The revision that a delivery is to have; undefined: its source offers none. */
export function wantedRevision({ guard, source }: Delivery, artifacts: ArtifactView): string | undefined {
  return guard.pinnedRevision ?? artifacts.get(source)?.revision;
}

/** The content of that revision; undefined where it cannot be had. */
export async function wantedArtifact(
  { guard, source }: Delivery,
  artifacts: ArtifactView,
): Promise<SourceArtifact | undefined> {
  const { pinnedRevision } = guard;
  const offered = artifacts.get(source);
  if (pinnedRevision === undefined || pinnedRevision === offered?.revision) return offered;
  return artifacts.at?.(source, pinnedRevision);
}

/** The same, or a DeliveryFault that says why not. */
export async function requireArtifact(delivery: Delivery, artifacts: ArtifactView): Promise<SourceArtifact> {
  const artifact = await wantedArtifact(delivery, artifacts);
  if (artifact !== undefined) return artifact;
  const { pinnedRevision } = delivery.guard;
  if (pinnedRevision !== undefined)
    throw new DeliveryFault({
      code: "source-not-ready",
      disposition: "wait",
      message: `its source does not have revision ${pinnedRevision}, at which it is pinned, any more`,
      hint: `remove the annotation ${guardMarks.pinnedRevision}, or name a revision whole as status.history has it`,
    });
  throw new DeliveryFault({
    code: "source-not-ready",
    disposition: "wait",
    message: await artifacts.whyNot(delivery.source),
    hint: "this delivery goes on as soon as its source has an artifact",
  });
}
