// Every bound of buckets, with the reason for its number.

/** One page of a listing: 1,000 objects with keys of up to 1,024 bytes. */
export const listingPageMost: number = 8 * 1024 * 1024;
/** Objects in all; as many files as an archive may hold. */
export const objectsMost = 100_000;
/** All objects together; as much as an archive may unpack to. */
export const bucketBytesMost: number = 1024 * 1024 * 1024;
/** A security token service's or a cloud's answer. */
export const credentialsMost: number = 256 * 1024;
/** Temporary credentials are renewed so long before they end. */
export const renewalMs: number = 5 * 60 * 1000;
