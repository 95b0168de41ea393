// JSON of what stands there without decoding it: the bytes of the store with the version put in. What must be looked into, or shown in
// another version than it is stored in, is decoded all the same.

import { encodeJson } from "#kernel";
import type { Stored } from "./collection.ts";
import { apiVersionOf, type Registry } from "./registry.ts";
import type { Served } from "./resource.ts";
import type { TextBuffer } from "./text-buffer.ts";

/** How `putObject` begins what it stores, up to the first member of its metadata. */
const heads = new WeakMap<Served, Buffer>();

const [brace] = Buffer.from("}");

/** Writes an object as it stands in a list: of Kubernetes' own kinds without kind and apiVersion. */
export function writeItem(registry: Registry, served: Served, stored: Stored, to: TextBuffer): void {
  if (!writeKept(registry, served, stored, { to, isWhole: served.custom !== undefined })) {
    const object = registry.view(served, stored.glimpse());
    to.text(served.custom === undefined ? registry.encodings.rest(object) : registry.encodings.whole(object));
  }
}

/** The same with kind and apiVersion, whatever the kind. */
export function writeWhole(registry: Registry, served: Served, stored: Stored, to: TextBuffer): void {
  if (!writeKept(registry, served, stored, { to, isWhole: true }))
    to.text(registry.encodings.whole(registry.view(served, stored.glimpse())));
}

/** False: the text that is kept cannot be shown as it is. */
function writeKept(
  registry: Registry,
  served: Served,
  { decoded, revision }: Stored,
  { to, isWhole }: { to: TextBuffer; isWhole: boolean },
): boolean {
  if (decoded !== undefined && registry.encodings.has(decoded)) return false;
  if (apiVersionOf(served) !== served.storage.apiVersion || served.resource.kind !== served.storage.kind) return false;
  const value = registry.store.valueAt(revision);
  const head = headOf(served);
  const rest = value.subarray(head.length);
  if (rest.length === 0 || rest[0] === brace || head.compare(value, 0, head.length) !== 0) return false;
  to.text(
    isWhole ? `{"kind":${encodeJson(served.resource.kind)},"apiVersion":${encodeJson(apiVersionOf(served))},` : "{",
  );
  to.text(`"metadata":{"resourceVersion":"${revision}",`);
  to.bytes(rest);
  return true;
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
