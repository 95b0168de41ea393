// Buckets of object stores: S3, Azure Blob Storage, Google Cloud Storage.

export { AzureBucket, type AzureLogin } from "./azure-blob.ts";
export type { BucketCall, BucketClient, BucketObject } from "./client.ts";
export { bucketFault, type BucketFaultCode } from "./faults.ts";
export { GoogleBucket } from "./google-storage.ts";
export { bucketBytesMost } from "./limits.ts";
export { bucketRevision } from "./revision.ts";
export { S3Bucket } from "./s3.ts";
export { ldapCredentials } from "./token-service.ts";
