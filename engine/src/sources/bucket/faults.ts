// What can fail between a bucket and its objects.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of buckets' faults. */
export type BucketFaultCode =
  | "bucket-invalid"
  | "bucket-absent"
  | "bucket-credentials-invalid"
  | "bucket-listing-invalid";

export function bucketFault(options: FaultOptions<BucketFaultCode>): Fault<BucketFaultCode> {
  return new Fault<BucketFaultCode>(options);
}
