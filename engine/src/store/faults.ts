// What can go wrong in the store.

/** unreadable: the data file is not ours or damaged. write-failed: the disk refused a write. closed: used after close. */
export type StoreFaultCode = "store-unreadable" | "store-write-failed" | "store-closed";
