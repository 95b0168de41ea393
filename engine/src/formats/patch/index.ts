// Patches with a specification of their own: RFC 6902 JSON patch and RFC 7386 merge patch.

export { applyJsonPatch, type PatchResult } from "./json-patch.ts";
export { jsonPatchOperationsMax } from "./limits.ts";
export { applyMergePatch, createMergePatch } from "./merge-patch.ts";
