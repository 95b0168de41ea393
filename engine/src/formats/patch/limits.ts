/** kube-apiserver refuses JSON patches with more operations (apiserver endpoints/handlers/patch.go, maxJSONPatchOperations). */
export const jsonPatchOperationsMax = 10_000;

/**
 * Bytes that `copy` operations may add up to (kube-apiserver's JSONPatchMaxCopyBytes): without it a short patch doubles a document
 * at each step.
 */
export const copiedBytesMax: number = 3 * 1024 * 1024;
