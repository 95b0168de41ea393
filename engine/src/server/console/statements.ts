// Finds what an object's delivery states of it.

import { parseLinkKey } from "#api/console";
import type { DeliveryLook } from "#delivery";
import { faultFrom, formatFault, refKey } from "#kernel";
import { wordsOf } from "./cards.ts";
import type { ObjectWorld } from "./object-page.ts";
import { findPlaces, originOf } from "./origin.ts";
import { releaseStatement } from "./release-statement.ts";
import { wishFor } from "./shown-kinds.ts";
import { type Statement, type StatementAsk, unstated } from "./statement.ts";

/** What its delivery states, as far as the viewer may read that delivery. */
export async function readStatement(world: ObjectWorld, ask: StatementAsk): Promise<Statement> {
  const { owner, viewer } = ask;
  if (owner === "") return unstated("no delivery states it: it has grown from something, or somebody made it");
  const link = parseLinkKey(owner);
  const isReadable = link !== undefined && (await world.rights.may(viewer, wishFor(link))).ok;
  const { engine, releases } = world.fleet;
  if (link?.kind === "HelmRelease") {
    if (isReadable && releases !== undefined) return releaseStatement(world, ask, releases);
    return unstated("its release states it, and no engine in this process runs that, or you may not read it");
  }
  const look = isReadable ? engine?.looking.look(owner) : undefined;
  if (look !== undefined) return deliveryStatement(world, ask, look);
  return unstated("the engine in this process does not run its delivery, or you may not read that");
}

async function deliveryStatement(
  { fleet, renderings }: ObjectWorld,
  { link, target, owner }: StatementAsk,
  look: DeliveryLook,
): Promise<Statement> {
  const none = { ...unstated(`${owner} does not state it`, look.mask), manager: look.delivery.policy.manager };
  const looking = fleet.engine?.looking;
  if (looking === undefined) return none;
  try {
    const manifests = await renderings.get(looking, owner, { revision: look.offered ?? "" });
    const desired = manifests.get(refKey({ ...link, namespace: target.namespace }));
    if (desired === undefined) return none;
    const step = await looking.step(owner, desired).catch(() => undefined);
    const places = await findPlaces(fleet, { owner, manifest: desired });
    return {
      ...none,
      desired,
      why: "",
      changes: step?.changes ?? [],
      field: (steps) => places?.field(steps),
      origin: async () => places && originOf(fleet, places),
    };
  } catch (thrown) {
    return { ...none, why: look.mask(wordsOf(formatFault(faultFrom(thrown)))) };
  }
}
