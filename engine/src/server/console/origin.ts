// Where Git states an object: file and line, what else has a part in it, and the commit that last changed those files.

import type { FieldDiff, Origin, Place } from "#api/console";
import type { Manifest } from "#kernel";
import { fieldSteps, type FieldStep, type Located, type SourcePlace } from "#render/locate";
import type { Fleet } from "./fleet.ts";
import type { Known } from "./places.ts";

/** An object's places, and the lines of its fields. */
export type Found = {
  known: Known;
  located: Located;
  field: (steps: readonly FieldStep[]) => Place | undefined;
};

/** What is looked at: the object as the delivery states it. */
export type Wanted = { owner: string; manifest: Manifest };

/** Where an object is stated; undefined where the files that were read for it are not at hand. */
export async function findPlaces(fleet: Fleet, { owner, manifest }: Wanted): Promise<Found | undefined> {
  const known = await fleet.places.of(owner);
  if (known === undefined) return undefined;
  const located = known.locator.find(manifest);
  const field = (steps: readonly FieldStep[]): Place | undefined => {
    const place = located.field(steps);
    return place && fleet.places.placeOf(known, place);
  };
  return { known, located, field };
}

/** The origin as its page shows it; undefined where no file states the object. */
export async function originOf(fleet: Fleet, { known, located }: Found): Promise<Origin | undefined> {
  const { source, read } = known;
  if (located.place === undefined) return undefined;
  const own: SourcePlace = located.place;
  const paths = [...new Set([own, ...located.also].map((each) => each.path))];
  const commit = await fleet.history?.lastChange(source, read.revision, paths).catch(() => undefined);
  return {
    repository: fleet.card(`${source.kind}/${source.namespace}/${source.name}`)?.url ?? "",
    revision: read.revision,
    place: fleet.places.placeOf(known, own),
    also: located.also.map((each) => fleet.places.placeOf(known, each)),
    ...(commit === undefined ? {} : { commit }),
  };
}

/** The difference with the line where Git states its field. */
export function withPlace(diff: FieldDiff, found: Found | undefined): FieldDiff {
  return found === undefined ? diff : withLine(diff, found.field);
}

/** The same, by whatever knows the lines. */
export function withLine(diff: FieldDiff, field: Found["field"]): FieldDiff {
  const steps = fieldSteps(diff.path);
  const place = steps === undefined ? undefined : field(steps);
  return place === undefined ? diff : { ...diff, statedAt: place };
}
