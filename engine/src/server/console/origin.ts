// Where Git states an object: file and line, what else has a part in it, and the commit that last changed those files.

import type { Link, Origin, Place } from "#api/console";
import type { DeliveryLook, ReadFiles } from "#delivery";
import type { Manifest } from "#kernel";
import { type Located, locate, type SourcePlace } from "#render/locate";
import type { Fleet } from "./fleet.ts";

/** An object's origin, and the lines of its fields. */
export type Found = { origin: Origin | undefined; located: Located; place: (place: SourcePlace) => Place };

/** What is looked at: the object as the delivery states it. */
export type Wanted = { owner: string; look: DeliveryLook; manifest: Manifest };

/** Where an object is stated; undefined where the files that were read for it are not at hand. */
export async function findOrigin(fleet: Fleet, { owner, look, manifest }: Wanted): Promise<Found | undefined> {
  const read = await fleet.engine?.looking.files(owner).catch(() => undefined);
  if (read === undefined) return undefined;
  const { source, path } = look.delivery;
  const located = locate({ folder: path.replace(/^\.?\/+/, "").replace(/\/+$/, ""), files: read.files, manifest });
  const place = (found: SourcePlace): Place => placeOf(fleet, { source, revision: read.revision }, found);
  if (located.place === undefined) return { origin: undefined, located, place };
  const own: SourcePlace = located.place;
  const commit = await lastChange(fleet, source, { read, paths: [own, ...located.also].map((each) => each.path) });
  const origin: Origin = {
    repository: fleet.card(`${source.kind}/${source.namespace}/${source.name}`)?.url ?? "",
    revision: read.revision,
    place: place(own),
    also: located.also.map(place),
    ...(commit === undefined ? {} : { commit }),
  };
  return { origin, located, place };
}

function placeOf(fleet: Fleet, { source, revision }: { source: Link; revision: string }, found: SourcePlace): Place {
  const url = fleet.history?.addressOf(source, revision, found);
  return url === undefined ? found : { ...found, url };
}

function lastChange(fleet: Fleet, source: Link, { read, paths }: { read: ReadFiles; paths: readonly string[] }) {
  return fleet.history?.lastChange(source, read.revision, [...new Set(paths)]).catch(() => undefined);
}
