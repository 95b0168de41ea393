// One durable write of an object. What the collections show of it is the object that was written, frozen, so that nothing is decoded
// that was just encoded, and its text is kept for the answer and for the watchers.

import { encodeJson, type Json, type JsonObject, type Manifest, type ObjectMeta, setOwn } from "#kernel";
import { objectBytesMax } from "./limits.ts";
import { tooLarge } from "./refusal.ts";
import type { Registry } from "./registry.ts";
import { apiVersionOf, type Served } from "./resource.ts";

export type Writing = {
  served: Served;
  key: string;
  /** Given away: it is frozen once it is written. */
  draft: Manifest;
  /** The revision it replaces, 0 for a new object. */
  revision: number;
};

/** The object as written, in the version of the request, frozen and shared; undefined when somebody else wrote first. */
export async function putObject(
  registry: Registry,
  { served, key, draft, revision }: Writing,
): Promise<Manifest | undefined> {
  if (served.conversion !== undefined) await served.conversion.prepare([draft], served.storage.apiVersion);
  const object = inOrder(storedForm(served, draft), served.storage.apiVersion);
  const text = Buffer.from(encodeJson(object));
  // The answer is what the written object becomes again.
  if (served.conversion !== undefined) await served.conversion.prepare([object], apiVersionOf(served));
  const value = registry.codec.encode(key, text);
  if (value.length > objectBytesMax) throw tooLarge(objectBytesMax);
  registry.fresh.set(value, { object, text });
  try {
    const outcome = await registry.store.put(key, value, revision);
    if (!outcome.ok) return undefined;
    // No collection that follows the resource: it was dropped meanwhile.
    if (!Object.isFrozen(object)) adopt(object, outcome.revision);
  } finally {
    registry.fresh.delete(value);
  }
  return registry.view(served, object);
}

/** A copy without its version, whose JSON begins as `stored-text.ts` expects it, so that the version can be put in. */
function inOrder(object: Manifest, apiVersion: string): Manifest {
  const ordered: Manifest = { apiVersion, kind: object.kind, metadata: withoutVersion(object.metadata) };
  for (const name in object)
    if (!Object.hasOwn(ordered, name)) setOwn(ordered as unknown as JsonObject, name, object[name] as Json);
  return ordered;
}

function withoutVersion(metadata: ObjectMeta): ObjectMeta {
  if (metadata.resourceVersion === undefined) return { ...metadata };
  const { resourceVersion: _, ...rest } = metadata;
  return rest;
}

/** A custom object of another version is stored with the defaults of the stored one, so that whoever reads it finds it whole. */
function storedForm(served: Served, draft: Manifest): Manifest {
  const { apiVersion } = served.storage;
  const written = served.convert?.toStorage(draft) ?? draft;
  if (served.custom === undefined || draft.apiVersion === apiVersion) return written;
  return served.custom.whole({ ...written, apiVersion });
}

/** The last state of an object that is no more, with the version of its removal; undefined when somebody else wrote first. */
export async function removeObject(
  registry: Registry,
  key: string,
  draft: Manifest,
  revision: number,
): Promise<Manifest | undefined> {
  const outcome = await registry.store.delete(key, revision);
  if (!outcome.ok) return undefined;
  return adopt(draft, outcome.revision);
}

/** Makes the object what decoding its bytes would give: with its resourceVersion, without undefined members, frozen. */
export function adopt(object: Manifest, revision: number): Manifest {
  object.metadata.resourceVersion = String(revision);
  return freezePlain(object as unknown as JsonObject) as unknown as Manifest;
}

function freezePlain<T extends Json>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) for (const item of value) freezePlain(item);
  else freezeMembers(value);
  return Object.freeze(value);
}

function freezeMembers(object: JsonObject): void {
  for (const name in object) {
    const member = object[name];
    if (member === undefined) delete object[name];
    else freezePlain(member);
  }
}
