// The patch verbs: JSON patch, merge patch and strategic merge patch over the object as it stands.

import type { PatchBody } from "#cluster";
import { applyJsonPatch, applyMergePatch } from "#formats/patch";
import { asJson, asManifest, isObject, type Json, type Manifest } from "#kernel";
import {
  asOwn,
  badRequest,
  changeObject,
  createObject,
  notFound,
  type Registry,
  Refusal,
  startDraft,
  storageKey,
  type WriteCall,
} from "#apiserver/registry";

export function patchObject(registry: Registry, call: WriteCall, body: PatchBody): Promise<Manifest> {
  return changeObject(registry, call, {
    make: (live) => startDraft(call, patched(call, live, body)),
    retries: true,
  });
}

/** Server-side apply: creates the object when there is none. */
export async function applyObject(
  registry: Registry,
  call: WriteCall,
  manifest: Manifest,
  _isForced: boolean,
): Promise<Manifest> {
  const { served } = call;
  const draft = startDraft(call, manifest);
  const key = storageKey(served.storage, call.namespace, call.name);
  if (registry.collection(served.storage).get(key) === undefined) {
    if (call.subresource !== "") throw notFound(served.resource, call.name);
    return createObject(registry, call, draft);
  }
  return changeObject(registry, call, {
    make: (live) => patched(call, live, { type: "merge", patch: asJson(draft) }),
    retries: true,
  });
}

function patched(call: WriteCall, live: Manifest, body: PatchBody): Manifest {
  const result = applyPatch(live, body);
  if (!isObject(result)) throw badRequest("the patch does not leave an object");
  return asManifest(result);
}

function applyPatch(live: Manifest, body: PatchBody): Json {
  switch (body.type) {
    case "json": {
      const result = applyJsonPatch(asJson(asOwn(live)), body.patch);
      if (result.ok) return result.value;
      throw new Refusal({ code: 422, reason: "Invalid", message: result.message });
    }
    case "merge":
      return applyMergePatch(asJson(live), body.patch);
    case "strategic":
      return applyMergePatch(asJson(live), body.patch);
  }
}
