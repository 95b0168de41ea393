// How wide the screen is, and what follows for the height of rows.

import { computed, signal } from "@preact/signals";
import { density } from "./preferences.ts";

const narrow = matchMedia("(max-width: 46rem)");

/** True on a phone. */
export const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", () => (isNarrow.value = narrow.matches));

/** The height of a row of the fleet; the stylesheet draws within it. */
export const rowHeight = computed(() => (isNarrow.value ? 62 : density.value === "compact" ? 32 : 40));

/** The height of a row of a plain list: objects, steps of a plan. */
export const lineHeight = computed(() => (isNarrow.value ? 52 : density.value === "compact" ? 28 : 34));
