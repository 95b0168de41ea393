// What differs between two states of an object, field by field, with the managers that own each field on the live side.
// Values of Secrets are never shown.

import {
  asJson,
  decodeJson,
  encodeJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
} from "#kernel";
import { longestShown, mostChangesShown } from "./limits.ts";
import { memberPath, matchesKeys } from "./managed-fields.ts";

/** One differing field. `from` is live, `to` is desired; undefined means that the field is not there. */
export type FieldChange = { path: string; from: string | undefined; to: string | undefined; managers: string[] };

/** A manager and its place in the nested field set; `true` once it owns all below. */
type Claim = { manager: string; node: JsonObject | true };

/** What the server keeps for itself; it differs without anybody's doing. */
const serverMetadata: ReadonlySet<string> = new Set([
  "managedFields",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "uid",
  "selfLink",
]);

/** Differences of `next` from `live`; status and the server's own metadata do not count. */
export function compareObjects(live: Manifest, next: Manifest): FieldChange[] {
  const claims = (live.metadata.managedFields ?? []).flatMap<Claim>((entry) =>
    entry.fieldsV1 === undefined ? [] : [{ manager: entry.manager ?? "unknown", node: entry.fieldsV1 }],
  );
  const changes: FieldChange[] = [];
  const walk = new Walk(changes, (path, value) => showValue(live.kind, path, value));
  walk.compare({ path: "", live: comparable(live), next: comparable(next), claims });
  return changes.slice(0, mostChangesShown);
}

function comparable(object: Manifest): JsonObject {
  const { status: _status, metadata, ...rest } = asJson(object);
  if (!isObject(metadata)) return rest;
  const kept = Object.entries(metadata).filter(([key]) => !serverMetadata.has(key));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

type Place = { path: string; live: Json | undefined; next: Json | undefined; claims: readonly Claim[] };

class Walk {
  readonly #changes: FieldChange[];
  readonly #show: (path: string, value: Json | undefined) => string | undefined;

  constructor(changes: FieldChange[], show: (path: string, value: Json | undefined) => string | undefined) {
    this.#changes = changes;
    this.#show = show;
  }

  compare(place: Place): void {
    const { live, next } = place;
    if (equalJson(live, next) || (isEmpty(live) && isEmpty(next))) return;
    if (isObject(live) && isObject(next)) return this.#compareMembers(place, live, next);
    if (isKeyedList(live) && isKeyedList(next)) return this.#compareItems(place, live, next);
    // Maps that one side lacks are told member by member, so that the reader sees the field meant.
    if (isObject(live) && next === undefined) return this.#compareMembers(place, live, {});
    if (isObject(next) && live === undefined) return this.#compareMembers(place, {}, next);
    this.#changes.push({
      path: place.path,
      from: this.#show(place.path, live),
      to: this.#show(place.path, next),
      managers: [...new Set(place.claims.map((claim) => claim.manager))],
    });
  }

  #compareMembers(place: Place, live: JsonObject, next: JsonObject): void {
    for (const name of new Set([...Object.keys(live), ...Object.keys(next)])) {
      this.compare({
        path: memberPath(place.path, name),
        live: live[name],
        next: next[name],
        claims: place.claims.flatMap((claim) => descend(claim, `f:${name}`)),
      });
    }
  }

  #compareItems(place: Place, live: KeyedList, next: KeyedList): void {
    for (const name of new Set([...live, ...next].map((item) => item.name))) {
      const mine = live.find((item) => item.name === name);
      const theirs = next.find((item) => item.name === name);
      this.compare({
        path: `${place.path}[name=${name}]`,
        live: mine,
        next: theirs,
        claims: place.claims.flatMap((claim) => descendItem(claim, mine ?? theirs ?? {})),
      });
    }
  }
}

type KeyedList = (JsonObject & { name: string })[];

/** A list whose items all have a distinct name, compared by name. */
function isKeyedList(value: Json | undefined): value is KeyedList {
  if (!Array.isArray(value)) return false;
  const names = value.map((item) => (isObject(item) ? item["name"] : undefined));
  return names.every((name) => typeof name === "string") && new Set(names).size === names.length;
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);
}

function descend(claim: Claim, name: string): Claim[] {
  if (claim.node === true) return [claim];
  const below = claim.node[name];
  if (!isObject(below)) return [];
  return [{ manager: claim.manager, node: isLeaf(below) ? true : below }];
}

function descendItem(claim: Claim, item: JsonObject): Claim[] {
  if (claim.node === true) return [claim];
  for (const [name, below] of Object.entries(claim.node)) {
    if (!name.startsWith("k:") || !isObject(below)) continue;
    const keys = decodeJson(name.slice(2));
    if (isObject(keys) && matchesKeys(item, keys)) {
      return [{ manager: claim.manager, node: isLeaf(below) ? true : below }];
    }
  }
  return [];
}

function isLeaf(node: JsonObject): boolean {
  return Object.keys(node).every((key) => key === ".");
}

/** Fields of a Secret that may be shown; all others are its content or a copy of it. */
const openSecretPath = /^\.(metadata\.(labels|name|namespace|ownerReferences|finalizers)|type|immutable)\b/;

/** A value as people read it: JSON, cut where it is long, hidden where it may be secret. */
export function showValue(kind: string, path: string, value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (kind === "Secret" && !openSecretPath.test(path)) return "(hidden)";
  const text = encodeJson(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

/** One line about one field: `spec.replicas 2 → 5 (kubectl-edit)`. */
export function formatChange(change: FieldChange): string {
  const by = change.managers.length === 0 ? "" : ` (${change.managers.join(", ")})`;
  return `${shownPath(change.path)} ${change.from ?? "(absent)"} → ${change.to ?? "(absent)"}${by}`;
}

/** A path as people read it: `spec.replicas`. */
export function shownPath(path: string): string {
  return path.replace(/^\.(?=.)/, "");
}
