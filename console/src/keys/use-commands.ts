// A page's keys, for as long as it is open.

import { useLayoutEffect, useRef } from "preact/hooks";
import { addCommands, type Command } from "./keymap.ts";

/** Adds commands while the component is shown; what they do may change with each rendering. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const shape = commands.map(({ keys, does, whyNot }) => `${keys} ${does} ${whyNot ?? ""}`).join("\n");
  useLayoutEffect(
    () => addCommands(commands.map((command, index) => ({ ...command, run: () => latest.current[index]?.run() }))),
    [shape],
  );
}
