// The command table: names, one line each, and where the command is. A new command is one line here and one file in
// `commands/`. Longer names win, so `build kustomization` stands beside `build`.

import type { CommandEntry } from "./command.ts";

export const commands: readonly CommandEntry[] = [
  { name: "version", summary: "Print the version", load: () => import("./commands/version.ts") },
  {
    name: "completion",
    summary: "Print a completion script for a shell",
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "__complete",
    summary: "Answer a completion script",
    load: () => import("./commands/complete.ts"),
    isHidden: true,
  },
];

export type FoundCommand = { entry: CommandEntry; rest: readonly string[] };

/** The entry with the longest name that the words begin with, and the words after it. */
export function findCommand(
  words: readonly string[],
  table: readonly CommandEntry[] = commands,
): FoundCommand | undefined {
  let found: FoundCommand | undefined;
  for (const entry of table) {
    const name = entry.name.split(" ");
    if (name.some((part, index) => words[index] !== part)) continue;
    if (found === undefined || name.length > found.entry.name.split(" ").length)
      found = { entry, rest: words.slice(name.length) };
  }
  return found;
}

/** Entries below a first word that is no command itself: `create` for `create source git`. */
export function commandsBelow(
  words: readonly string[],
  table: readonly CommandEntry[] = commands,
): readonly CommandEntry[] {
  const prefix = `${words.join(" ")} `;
  return table.filter((entry) => entry.isHidden !== true && entry.name.startsWith(prefix));
}
