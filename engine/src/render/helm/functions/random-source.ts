// Pseudo-random bytes from a seed: SHA-256 of the seed and a counter. For renders that must repeat, not for secrets that
// must last; the command line hands in the system's own source.

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

export function randomGenerator(seed: string): (count: number) => Uint8Array {
  let counter = 0;
  let pool = new Uint8Array(0);
  return (count) => {
    while (pool.length < count) {
      const block = sha256(utf8ToBytes(`${seed}\0${counter++}`));
      const grown = new Uint8Array(pool.length + block.length);
      grown.set(pool);
      grown.set(block, pool.length);
      pool = grown;
    }
    const bytes = pool.slice(0, count);
    pool = pool.slice(count);
    return bytes;
  };
}
