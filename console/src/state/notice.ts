// What was just done, told for a moment at the foot of the page.

import { effect, signal } from "@preact/signals";

/** The sentence; "" for none. */
export const notice = signal("");

/** Long enough to read two lines. */
const shownMs = 7_000;

export function startNotices(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    clearTimeout(timer);
    if (notice.value !== "") timer = setTimeout(() => (notice.value = ""), shownMs);
  });
}
