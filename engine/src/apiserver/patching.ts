// The patch verbs: JSON patch, merge patch and strategic merge patch over the object as it stands.

import type { PatchBody } from "#cluster";
import { applyJsonPatch, applyMergePatch } from "#formats/patch";
import { asJson, asManifest, isObject, type Json, type Manifest } from "#kernel";
import {
  applyOver,
  asOwn,
  badRequest,
  changeObject,
  conflict,
  createObject,
  internalError,
  notFound,
  objectTypeOf,
  Refusal,
  type Registry,
  startDraft,
  storageKey,
  unsupportedMediaType,
  type WriteCall,
} from "#apiserver/registry";
import { strategicMerge } from "#merge";

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
  body: Manifest,
  isForced: boolean,
): Promise<{ object: Manifest; isNew: boolean }> {
  const { served } = call;
  if (call.fieldManager === "")
    throw new Refusal({
      code: 422,
      reason: "Invalid",
      message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      details: {
        group: "meta.k8s.io",
        kind: "PatchOptions",
        causes: [
          {
            reason: "FieldValueRequired",
            message: "Required value: is required for apply patch",
            field: "fieldManager",
          },
        ],
      },
    });
  const manifest = startDraft(call, body);
  const key = storageKey(served.storage, call.namespace, call.name);
  if (registry.collection(served.storage).get(key) === undefined) {
    if (call.subresource !== "") throw notFound(served.resource, call.name);
    if ((manifest.metadata.uid ?? "") !== "")
      throw conflict(
        served.resource,
        call.name,
        `uid mismatch: the provided object specified uid ${manifest.metadata.uid}, and no existing object was found`,
      );
    const created = applyOver(registry, call, undefined, { manifest, isForced });
    return { object: await createObject(registry, call, created, { hasOwnership: true }), isNew: true };
  }
  const object = await changeObject(registry, call, {
    make: (live) => applyOver(registry, call, live, { manifest, isForced }),
    retries: true,
    hasOwnership: true,
  });
  return { object, isNew: false };
}

/** A Scale with the patch on it. */
export function patchedScale(call: WriteCall, scale: Manifest, body: PatchBody): Manifest {
  const type = body.type === "strategic" ? "merge" : body.type;
  return patched(call, scale, { ...body, type } as PatchBody);
}

function patched(call: WriteCall, live: Manifest, body: PatchBody): Manifest {
  const result = applyPatch(call, live, body);
  if (!isObject(result)) throw badRequest("the patch does not leave an object");
  return asManifest(result);
}

function applyPatch(call: WriteCall, live: Manifest, body: PatchBody): Json {
  if (body.type === "strategic" && call.served.custom !== undefined)
    throw unsupportedMediaType(
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  switch (body.type) {
    case "json": {
      const result = applyJsonPatch(asJson(asOwn(live)), body.patch);
      if (result.ok) return result.value;
      // kube-apiserver 1.36 keeps what is wrong to itself.
      const message = "the server rejected our request due to an error in our request";
      throw new Refusal({ code: 422, reason: "Invalid", message, details: {} });
    }
    case "merge":
      return applyMergePatch(asJson(live), body.patch);
    case "strategic": {
      const result = strategicMerge(asJson(live), body.patch, objectTypeOf(call.served));
      if (result.ok) return result.value;
      if (result.reason === "BadRequest") throw badRequest(result.message);
      if (result.reason === "Internal") throw internalError(result.message);
      throw new Refusal({ code: 422, reason: "Invalid", message: result.message });
    }
  }
}
