// A map of URL prefixes to others, for places without the open network. Pure; every source asks it before it connects.

export type { MirrorFaultCode } from "./faults.ts";
export { mirroredUrl, type MirroredUrl, type MirrorMap, type MirrorRule, type MirrorSecretRef } from "./mirror-map.ts";
export { parseMirrors } from "./parse-mirrors.ts";
