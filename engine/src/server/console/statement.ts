// What a delivery says of one object: the manifest that is to be, how the live object differs from it, and where it is stated.

import type { ObjectLink, ObjectPage, Origin, Place } from "#api/console";
import type { Target } from "#cluster";
import type { Manifest } from "#kernel";
import type { FieldChange } from "#plan";
import type { FieldStep } from "#render/locate";
import type { Viewer } from "./viewer.ts";

export type Statement = {
  desired: Manifest | undefined;
  /** Why there is none. */
  why: string;
  changes: readonly FieldChange[];
  /** Keeps what was decrypted out of a text. */
  mask: (text: string) => string;
  /** Who applies it; "" for nobody known. */
  manager: string;
  /** What was last applied, where that is kept as a text. */
  applied?: Manifest;
  from?: ObjectPage["from"];
  field: (steps: readonly FieldStep[]) => Place | undefined;
  origin: () => Promise<Origin | undefined>;
};

/** What is asked about. `owner`: the key of its delivery; "" for none. */
export type StatementAsk = { link: ObjectLink; target: Target; owner: string; viewer: Viewer };

/** Nothing is known of it; why, in words. */
export function unstated(why: string, mask: Statement["mask"] = (text) => text): Statement {
  const origin = (): Promise<undefined> => Promise.resolve(undefined);
  return { desired: undefined, why, changes: [], mask, manager: "", field: () => undefined, origin };
}
