// `keelson __complete -- WORDS`: what may stand for the last word; called by the completion scripts alone.

import type { Command, Flag } from "../command.ts";
import { defineCommand } from "../command.ts";
import { commands, findCommand } from "../commands.ts";

export const command: Command = defineCommand({
  arguments: "-- WORDS",
  arity: [0, 1000],
  about: "Prints what may stand for the last of WORDS, one a line.",
  flags: {},
  async run({ args, io }) {
    const last = args.at(-1) ?? "";
    const found = (await candidates(args.slice(0, -1), last)).filter((word) => word.startsWith(last));
    io.stdout.write(
      [...new Set(found)]
        .sort()
        .map((word) => `${word}\n`)
        .join(""),
    );
    return 0;
  },
});

async function candidates(before: readonly string[], last: string): Promise<string[]> {
  const found = findCommand(before);
  const next = nextWords(before);
  if (found === undefined) return next;
  const { command: chosen } = await found.entry.load();
  const previous = before.at(-1) ?? "";
  const waiting = Object.entries(chosen.flags).find(([name, flag]) => isNamed(previous, name, flag));
  if (waiting?.[1].takes !== undefined) return [...(waiting[1].choices ?? [])];
  if (last.startsWith("-")) return [...flagWords(chosen), "--help"];
  return [...next, ...(chosen.words ?? [])];
}

/** Words that go on from `before` towards a longer command name. */
function nextWords(before: readonly string[]): string[] {
  const words: string[] = [];
  for (const entry of commands) {
    const name = entry.name.split(" ");
    if (entry.isHidden === true || !before.every((word, index) => name[index] === word)) continue;
    const word = name[before.length];
    if (word !== undefined) words.push(word);
  }
  return words;
}

function flagWords(chosen: Command): string[] {
  return Object.entries(chosen.flags)
    .filter(([, flag]) => flag.isHidden !== true)
    .map(([name]) => `--${name}`);
}

function isNamed(word: string, name: string, flag: Flag): boolean {
  return word === `--${name}` || (flag.short !== undefined && word === `-${flag.short}`);
}
