// Bounds the memory of a running git and its helpers: an answer without end to the first request is kept in memory by git
// itself. Where the system has no /proc nothing is watched; the time limit still holds.

import { readFile } from "node:fs/promises";
import { gitMemoryMost, memoryWatchMs } from "./limits.ts";

/** Calls `exceeded` once the process and those below it hold too much. The function returned ends the watch. */
export function watchMemory(pid: number | undefined, exceeded: () => void): () => void {
  if (pid === undefined || process.platform !== "linux") return () => {};
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void bytesOf(pid, 0).then((bytes) => {
      isLooking = false;
      if (bytes > gitMemoryMost) exceeded();
    });
  }, memoryWatchMs).unref();
  return () => clearInterval(timer);
}

/** Anonymous memory alone: a mapped pack is the system's to drop. */
async function bytesOf(pid: number, depth: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const own = Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  const text = depth > 4 ? "" : await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const below = text.split(" ").filter((each) => /^\d+$/.test(each));
  const sizes = await Promise.all(below.map((each) => bytesOf(Number(each), depth + 1)));
  return sizes.reduce((sum, size) => sum + size, own);
}
