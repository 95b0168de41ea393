// The embedded control plane's revisioned key-value log.

export { Compacted, type Entry, type Page, type Store, type StoreEvent, type WriteOutcome } from "./contract.ts";
export type { StoreFaultCode } from "./faults.ts";
export {
  type Backup,
  type BackupReport,
  backUpStore,
  readBackup,
  readTexts,
  restoreStore,
  writeTexts,
} from "./backup.ts";
export { memoryStore, openStore } from "./open.ts";
export { firstAtOrAfter } from "./sorted-keys.ts";
