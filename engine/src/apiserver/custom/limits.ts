/** How long a webhook may take over a conversion (kube-apiserver's own time for it). */
export const conversionMs = 30_000;

/** Converted objects kept of one definition; a list of more keeps all of its own. */
export const convertedMax = 5_000;
