// How a store is opened: on a folder, or in memory.

import type { Store } from "./contract.ts";
import { openLmdbBackend } from "./lmdb-backend.ts";
import { LogStore } from "./log-store.ts";
import { MemoryBackend } from "./memory-backend.ts";

/** The durable store in `folder`, which is made when it is absent. */
export function openStore(folder: string): Store {
  return new LogStore(openLmdbBackend(folder));
}

/** A store that forgets everything when the process ends. */
export function memoryStore(): Store {
  return new LogStore(new MemoryBackend());
}
