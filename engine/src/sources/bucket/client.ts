// What every kind of bucket can do for us: say whether it is there, list its objects, give one.

import type { HttpAccess } from "#sources/http";

export type BucketObject = { key: string; etag: string; size: number };

export type ObjectContent = { etag: string; pieces: AsyncIterable<Buffer> };

export type BucketCall = { access: HttpAccess; signal: AbortSignal; timeoutMs: number };

export interface BucketClient {
  exists(call: BucketCall): Promise<boolean>;
  /** All objects whose key begins with the prefix, page by page. */
  list(prefix: string, call: BucketCall): AsyncIterable<BucketObject>;
  /** undefined where there is no such object. The content is at most `sizeMost` bytes. */
  get(key: string, sizeMost: number, call: BucketCall): Promise<ObjectContent | undefined>;
}
