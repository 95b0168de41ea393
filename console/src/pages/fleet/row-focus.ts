// Moving through the rows by keys: `j`, `k`, `Enter`, as in k9s and vi; the row that is meant has the focus.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Command } from "../../keys/keymap.ts";

export type RowFocus = { at: number; commands: Command[] };

/** `open` is told the row that Enter is pressed on, where the row's own link does not have the focus. */
export function useRowFocus(count: number, open: (index: number) => void): RowFocus {
  const at = useSignal(-1);
  const wanted = useSignal(0);
  useEffect(() => {
    if (wanted.value === 0) return;
    const row = document.querySelector<HTMLElement>(`[data-row="${at.value}"]`);
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }, [wanted.value]);
  const go = (index: number): void => {
    at.value = Math.max(0, Math.min(count - 1, index));
    wanted.value++;
  };
  const area = "Rows";
  const commands: Command[] = [
    { keys: "j", does: "Next row", area, run: () => go(at.value + 1) },
    { keys: "k", does: "Row before", area, run: () => go(at.value - 1) },
    { keys: "ArrowDown", does: "Next row", area, run: () => go(at.value + 1) },
    { keys: "ArrowUp", does: "Row before", area, run: () => go(at.value - 1) },
    { keys: "g g", does: "First row", area, run: () => go(0) },
    { keys: "G", does: "Last row", area, run: () => go(count - 1) },
    { keys: "o", does: "Open the row", area, run: () => open(at.value) },
  ];
  return { at: Math.min(at.value, count - 1), commands };
}
