// What a screen reader is told without being asked: one sentence at a time, never a flood.

import { signal } from "@preact/signals";

/** The text in the page's live region. */
export const announced = signal("");

/** Sentences closer together than this are told as one. */
const quietMs = 1_500;

let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells a sentence, soon. Of many at once it tells the first and how many more. */
export function announce(sentence: string): void {
  waiting.push(sentence);
  timer ??= setTimeout(() => {
    const [first = "", ...others] = waiting;
    announced.value = others.length === 0 ? first : `${first}; and ${others.length} more changes`;
    waiting = [];
    timer = undefined;
  }, quietMs);
}
