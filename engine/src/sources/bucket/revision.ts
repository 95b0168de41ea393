// The revision of a bucket: a digest over its keys and their tags, in order, as Flux computes it.

import { createHash } from "node:crypto";

/** `sha256:…` over a line `key etag` for each object. */
export function bucketRevision(etags: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  const keys = [...etags.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const key of keys) hash.update(`${key} ${etags.get(key) ?? ""}\n`);
  return `sha256:${hash.digest("hex")}`;
}
