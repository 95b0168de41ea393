// JSON of what stands there without decoding it: the bytes of the store with the version put in. What must be looked into, or shown in
// another version than it is stored in, is decoded all the same.

import { encodeJson, type Manifest } from "#kernel";
import type { Stored } from "./collection.ts";
import type { Registry } from "./registry.ts";
import { apiVersionOf, type Served } from "./resource.ts";
import type { TextBuffer } from "./text-buffer.ts";

/** How `putObject` begins what it stores, up to the first member of its metadata. */
const heads = new WeakMap<Served, Buffer>();

const [brace] = Buffer.from("}");

/** Writes an object as it stands in a list: of Kubernetes' own kinds without kind and apiVersion. */
export function writeItem(registry: Registry, served: Served, stored: Stored, to: TextBuffer): void {
  const isWhole = served.custom !== undefined;
  if (writeKept(registry, served, stored, { to, isWhole })) return;
  const object = registry.view(served, stored.glimpse());
  to.text(isWhole ? encodeJson(object) : itemText(object));
}

/** The same with kind and apiVersion, whatever the kind. */
export function writeWhole(registry: Registry, served: Served, stored: Stored, to: TextBuffer): void {
  if (!writeKept(registry, served, stored, { to, isWhole: true }))
    to.text(encodeJson(registry.view(served, stored.glimpse())));
}

/** The JSON of an object as an item of a list that says the kind for all. */
export function itemText(object: Manifest): string {
  const { kind: _kind, apiVersion: _apiVersion, ...members } = object;
  return encodeJson(members);
}

/** The JSON of an object that was just written, as it was written; undefined for all others. */
export function recentText(registry: Registry, served: Served, object: Manifest): Buffer | undefined {
  if (object.apiVersion !== served.storage.apiVersion || !Object.isFrozen(object)) return undefined;
  const { resourceVersion } = object.metadata;
  const text = registry.texts.get(Number(resourceVersion));
  const rest = text === undefined ? undefined : afterHead(served, text);
  if (rest === undefined) return undefined;
  const head = headOf(served);
  const version = `"resourceVersion":"${resourceVersion}",`;
  const whole = Buffer.allocUnsafe(head.length + version.length + rest.length);
  whole.set(head);
  whole.write(version, head.length, "latin1");
  whole.set(rest, head.length + version.length);
  return whole;
}

/** False: the text that is kept cannot be shown as it is. */
function writeKept(
  registry: Registry,
  served: Served,
  { revision }: Stored,
  { to, isWhole }: { to: TextBuffer; isWhole: boolean },
): boolean {
  const { resource, storage, custom } = served;
  if (apiVersionOf(served) !== storage.apiVersion || resource.kind !== storage.kind) return false;
  if (custom !== undefined && revision <= custom.since) return false;
  const rest = afterHead(served, registry.texts.get(revision) ?? registry.store.valueAt(revision));
  if (rest === undefined) return false;
  if (isWhole) to.bytes(headOf(served));
  else to.text('{"metadata":{');
  to.text(`"resourceVersion":"${revision}",`);
  to.bytes(rest);
  return true;
}

/** What follows the head; undefined where the text does not begin with it, as what is sealed, or of another version. */
function afterHead(served: Served, text: Uint8Array): Uint8Array | undefined {
  const head = headOf(served);
  const rest = text.subarray(head.length);
  return rest.length === 0 || rest[0] === brace || head.compare(text, 0, head.length) !== 0 ? undefined : rest;
}

function headOf(served: Served): Buffer {
  let head = heads.get(served);
  if (head === undefined) {
    const { apiVersion, kind } = served.storage;
    head = Buffer.from(`{"apiVersion":${encodeJson(apiVersion)},"kind":${encodeJson(kind)},"metadata":{`);
    heads.set(served, head);
  }
  return head;
}
