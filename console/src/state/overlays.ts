// What is open above the page: at most one at a time.

import { signal } from "@preact/signals";
import type { ActionAsk } from "../wire/types.ts";

export type Overlay =
  | { what: "none" }
  | { what: "help" }
  | { what: "palette"; typed: string }
  | { what: "settings" }
  | { what: "action"; ask: ActionAsk };

export const overlay = signal<Overlay>({ what: "none" });

export function closeOverlay(): void {
  overlay.value = { what: "none" };
}
