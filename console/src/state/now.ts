// The server's time, as near as it is known: ages are shown by the clock that wrote the times.

import { signal } from "@preact/signals";

/** How often ages are looked at again. */
const tickMs = 1_000;

let aheadMs = 0;

/** The server's time now, in steps of a second; reading it subscribes. */
export const now = signal(Date.now());

/** The server's time at this very moment. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}

/** The server said what time it is there. */
export function setServerTime(nowMs: number): void {
  aheadMs = nowMs - Date.now();
  now.value = nowMs;
}

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = serverNow();
  }, tickMs);
  document.addEventListener("visibilitychange", () => (now.value = serverNow()));
}
