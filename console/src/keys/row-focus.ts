// Moving through rows by keys: `j`, `k`, `Enter`, as in k9s and vi. The row that is meant has the focus: its element, or one within,
// bears `data-row` with its place. Where rows change their order, the focus goes with its row.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Command } from "./keymap.ts";

export type RowFocus = {
  /** The place of the row that had the focus last; -1: none had, or it is gone. */
  at: number;
  commands: Command[];
};

/** `keys` name the rows in their order; `open` is told the row that `o` is pressed on. */
export function useRowFocus(keys: readonly string[], open: (index: number) => void): RowFocus {
  const key = useSignal("");
  const wanted = useSignal(0);
  const last = useRef(-1);
  const at = key.value === "" ? -1 : keys.indexOf(key.value);
  if (at !== -1) last.current = at;
  /** Where the keys go on from by now: another may have been pressed since this was drawn. */
  const place = (): number => {
    const now = keys.indexOf(key.value);
    return now === -1 && key.value !== "" ? last.current : now;
  };
  useLayoutEffect(() => {
    if (wanted.value === 0) return;
    const row = document.querySelector<HTMLElement>(`[data-row="${place()}"]`);
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }, [wanted.value]);
  useEffect(() => {
    // A row reached by Tab or by the pointer is where the keys go on from.
    const follow = ({ target }: FocusEvent): void => {
      const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
      const name = row === null ? undefined : keys[Number(row.dataset["row"])];
      if (name !== undefined) key.value = name;
    };
    document.addEventListener("focusin", follow);
    return () => document.removeEventListener("focusin", follow);
  }, [keys]);
  const go = (index: number): void => {
    key.value = keys[Math.max(0, Math.min(keys.length - 1, index))] ?? "";
    wanted.value++;
  };
  const area = "Rows";
  const commands: Command[] = [
    { keys: "j", does: "Next row", area, run: () => go(place() + 1) },
    { keys: "k", does: "Row before", area, run: () => go(place() - 1) },
    { keys: "ArrowDown", does: "Next row", area, run: () => go(place() + 1) },
    { keys: "ArrowUp", does: "Row before", area, run: () => go(place() - 1) },
    { keys: "g g", does: "First row", area, run: () => go(0) },
    { keys: "G", does: "Last row", area, run: () => go(keys.length - 1) },
    { keys: "o", does: "Open the row", area, run: () => open(place()) },
  ];
  return { at, commands };
}
