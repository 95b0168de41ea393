// The patch verbs: JSON patch, merge patch and strategic merge patch over the object as it stands.

import type { PatchBody } from "#cluster";
import { applyJsonPatch, applyMergePatch, jsonPatchOperationsMax } from "#formats/patch";
import { invalid as invalidValue } from "#api/crd";
import { asJson, asManifest, encodeJson, isObject, type Json, type Manifest, textOf } from "#kernel";
import {
  apiVersionOf,
  applyOver,
  asOwn,
  badRequest,
  type Call,
  changeObject,
  conflict,
  createObject,
  DecodeRefusal,
  invalid,
  notFound,
  objectTypeOf,
  plainError,
  Refusal,
  type Registry,
  startDraft,
  storageKey,
  unsupportedMediaType,
  type WriteCall,
} from "#apiserver/registry";
import { formatGo, strategicMerge } from "#merge";
import { decodedScale } from "./scale.ts";

export async function patchObject(registry: Registry, asked: WriteCall, body: PatchBody): Promise<Manifest> {
  const call = { ...asked, isData: body.type === "strategic" };
  let result: Manifest | undefined;
  const make = (live: Manifest): Manifest => {
    result = patched(call, live, body);
    refuseNameless(call, result);
    refuseOtherType(call, result);
    return startDraft(call, result);
  };
  try {
    return await changeObject(registry, call, { make, retries: true });
  } catch (error) {
    throw result === undefined ? error : patchRefusal(error, body, result);
  }
}

/** What a patch leaves, and Go cannot hold, is the patch's fault. */
function patchRefusal(error: unknown, body: PatchBody, result: Manifest): unknown {
  if (!(error instanceof DecodeRefusal)) return error;
  const shown = body.type === "strategic" ? formatGo(body.patch) : encodeJson(result);
  return invalid({ group: "", kind: "" }, "", [invalidValue("patch", shown, error.why)]);
}

/** What replaces an object says which one it is. */
export function refuseNameless({ name }: Call, { metadata }: Partial<Manifest>): void {
  if ((metadata?.name ?? "") === "")
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** A custom object stays of the type that was asked for. */
function refuseOtherType({ served, name }: WriteCall, result: Manifest): void {
  if (served.custom === undefined) return;
  const { kind } = served.resource;
  const wanted = { apiVersion: apiVersionOf(served), kind };
  const errors = (["apiVersion", "kind"] as const)
    .filter((member) => typeof result[member] === "string" && result[member] !== wanted[member])
    .map((member) => invalidValue(member, result[member], `must be ${wanted[member]}`));
  if (errors.length > 0) throw invalid({ group: "", kind }, name, errors);
}

/** Server-side apply: creates the object when there is none. */
export async function applyObject(
  registry: Registry,
  asked: WriteCall,
  body: Manifest,
  isForced: boolean,
): Promise<{ object: Manifest; isNew: boolean }> {
  const call = { ...asked, isData: true };
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
  const manifest = startManifest(call, body);
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
    refuseNameless(call, body);
    try {
      return {
        object: await createObject(registry, call, created, { hasOwnership: true, isPosted: false }),
        isNew: true,
      };
    } catch (error) {
      throw applyRefusal(call, manifest, error);
    }
  }
  const make = (live: Manifest): Manifest => applyOver(registry, call, live, { manifest, isForced });
  try {
    return { object: await changeObject(registry, call, { make, retries: true, hasOwnership: true }), isNew: false };
  } catch (error) {
    throw applyRefusal(call, manifest, error);
  }
}

/** What Go cannot hold is told of an apply in other words. */
function applyRefusal({ served }: WriteCall, { metadata }: Manifest, error: unknown): unknown {
  if (!(error instanceof DecodeRefusal)) return error;
  const { group, version, kind } = served.resource;
  const type = `${group}/${version}, Kind=${kind}`;
  return plainError(
    `failed to convert new object (${metadata.namespace ?? ""}/${metadata.name}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${error.why}`,
  );
}

/** The manifest as its manager wrote it, but for its name. */
function startManifest(call: WriteCall, body: Manifest): Manifest {
  const apiVersion = textOf(body, "apiVersion");
  const kind = textOf(body, "kind");
  const { metadata } = body;
  if (apiVersion !== apiVersionOf(call.served) || kind !== call.served.resource.kind) {
    const slash = apiVersion.indexOf("/");
    const [group, version] = slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${kind}`);
  }
  const manifest = startDraft(call, body, { isTyped: true });
  if ((metadata?.namespace ?? "") === "") delete manifest.metadata.namespace;
  return manifest;
}

/** A Scale with the patch on it. */
export function patchedScale(call: WriteCall, scale: Manifest, body: PatchBody): Manifest {
  const type = body.type === "strategic" ? "merge" : body.type;
  const result = patched(call, scale, { ...body, type } as PatchBody);
  try {
    return decodedScale(result, body.type === "strategic");
  } catch (error) {
    throw patchRefusal(error, body, result);
  }
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
      if (body.patch.length > jsonPatchOperationsMax) throw tooManyOperations(body.patch.length);
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
      if (result.reason === "Internal") throw plainError(result.message);
      throw new Refusal({ code: 422, reason: "Invalid", message: result.message });
    }
  }
}

function tooManyOperations(count: number): Refusal {
  return new Refusal({
    code: 413,
    reason: "RequestEntityTooLarge",
    message: `Request entity too large: The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${count}`,
  });
}
