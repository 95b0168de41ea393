// The page of one object: what Git says, what runs, what was applied, and whose each field is.

import type { FieldDiff } from "./delivery.ts";
import type { Commit, Happening, Health, Link, ObjectLink } from "./words.ts";

/** `GET /api/object?group=&kind=&namespace=&name=&cluster=`. */
export type ObjectPage = {
  object: ObjectLink;
  version: string;
  isThere: boolean;
  health: Health;
  message: string;
  isSimulated: boolean;
  /** YAML, secrets masked alike in all three; "" where there is none, and `missing` says why. */
  live: string;
  desired: string;
  /** The fields that the delivery's manager owns, with the values they have: what was last applied. */
  applied: string;
  missing: { live?: string; desired?: string; applied?: string };
  /** Of an object of a HelmRelease: what states it, in words: `podinfo@6.5.1 with the values as they are now`, `release v3`. */
  from?: { desired: string; applied: string };
  /** Live against desired, field by field. */
  diff: readonly FieldDiff[];
  owners: readonly FieldOwner[];
  origin?: Origin;
  /** Up from the object: owners, the delivery, its source, the delivery that states that delivery, … */
  chain: readonly ChainItem[];
  delivery?: Link;
  events: readonly Happening[];
  limits: readonly string[];
};

/** Who owns a field, and since when (managedFields' time: when this manager last wrote anything here). */
export type FieldOwner = {
  /** `spec.replicas`, `spec.template.spec.containers[name="web"].image`; a line a leaf. */
  path: string;
  manager: string;
  operation: string;
  subresource: string;
  atMs: number;
  /** What the value is, masked. */
  value: string;
  /** Where Git states it. */
  statedAt?: Place;
};

/** A line in the source; `note` says how sure that is, when it is not. */
export type Place = { path: string; line: number; note?: string; url?: string };

/** Where in Git an object is stated. */
export type Origin = {
  repository: string;
  revision: string;
  /** The file and line where the object begins. */
  place: Place;
  /** What else changes it: patches, values, generators. */
  also: readonly Place[];
  /** The commit that last changed those files. */
  commit?: Commit;
};

export type ChainItem = ObjectLink & { what: "object" | "owner" | "delivery" | "source"; words: string };
