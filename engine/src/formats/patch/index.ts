export { applyJsonPatch, type PatchResult } from "./json-patch.ts";
export { jsonPatchOperationsMax } from "./limits.ts";
export { applyMergePatch, createMergePatch } from "./merge-patch.ts";
