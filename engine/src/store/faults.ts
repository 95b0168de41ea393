// What can go wrong in the store.

/**
 * store-unreadable: the data file is not ours or damaged. write-failed: the disk refused a write. closed: used after close.
 * backup-unreadable: a backup is no backup, or not whole. not-empty: a backup is not put over what is there.
 */
export type StoreFaultCode =
  | "store-unreadable"
  | "store-write-failed"
  | "store-closed"
  | "backup-unreadable"
  | "store-not-empty";
