// Which version of an object brought each of the changes that stand in it: who made that version is whom the drift is told of.

import type { FieldChange } from "#plan";

/** One state of one object. */
export type Version = { uid: string; resourceVersion: string };

/** A changed field, the value somebody gave it, and the version in which it was first seen so. */
export type Touch = { path: string; value: string | undefined; version: Version };

/** Who made a version, in words; undefined where nobody knows. */
export type AuthorOf = (version: Version) => string | undefined;

/** The touches of an object that shows these changes in this version. */
export function touchesAfter(
  before: readonly Touch[],
  changes: readonly FieldChange[],
  version: Version,
): readonly Touch[] {
  return changes.map(({ path, from: value }) => {
    const known = before.find((touch) => touch.path === path && touch.value === value);
    return known?.version.uid === version.uid ? known : { path, value, version };
  });
}

/** Those who made the versions, each once. */
export function authorsOf(versions: readonly Version[], authorOf: AuthorOf): string[] {
  return [...new Set(versions.map(authorOf).filter((author) => author !== undefined))];
}
