// One command line, from its words to its exit code.

import { Fault } from "#kernel";
import { parseArguments, usage } from "./arguments.ts";
import type { Command } from "./command.ts";
import { commands, commandsBelow, findCommand } from "./commands.ts";
import { type ExitCode, reportFailure } from "./exit.ts";
import { formatHelp, formatOverview } from "./help.ts";
import type { Io } from "./io.ts";
import { nearest } from "./nearest.ts";
import type { Ports } from "./ports.ts";

/** Runs `words` (what stands after `keelson`). Never throws: what fails is told on standard error. */
export async function runCommandLine(words: readonly string[], io: Io, ports: Ports): Promise<ExitCode> {
  try {
    return await dispatch(words[0] === "help" ? [...words.slice(1), "--help"] : words, io, ports);
  } catch (thrown) {
    // Charts are rendered before anything is written or changed, so the command may begin anew.
    const exitCode = isOfShortStack(thrown) ? await ports.runInLongStack?.() : undefined;
    return exitCode ?? reportFailure(io, thrown);
  }
}

/** Helm's includes nest a thousand times, its templates a hundred thousand times: more than a main thread's stack holds. */
function isOfShortStack(thrown: unknown): boolean {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause)
    if (error instanceof Fault && error.code === "template-stack") return true;
  return false;
}

async function dispatch(words: readonly string[], io: Io, ports: Ports): Promise<ExitCode> {
  if (words.length === 0 || words[0] === "--help" || words[0] === "-h") {
    io.stdout.write(formatOverview(commands));
    return 0;
  }
  if (words[0] === "--version") return dispatch(["version"], io, ports);
  const found = findCommand(words);
  if (found === undefined) return explainUnknown(words, io);
  const { command } = await found.entry.load();
  const parsed = parseArguments(command.flags, found.rest);
  if (parsed.isHelp) {
    io.stdout.write(formatHelp(found.entry.name, command));
    return 0;
  }
  checkArity(found.entry.name, command, parsed.args);
  for (const note of parsed.notes) io.stderr.write(`${io.stderr.style("yellow", "note:")} ${note}\n`);
  return await command.run({ args: parsed.args, flags: parsed.flags, io, ports });
}

function explainUnknown(words: readonly string[], io: Io): ExitCode {
  const plain = words.filter((word) => !word.startsWith("-"));
  for (let length = plain.length; length > 0; length--) {
    const below = commandsBelow(plain.slice(0, length));
    if (below.length === 0) continue;
    const isHelp = plain.length === length && (words.includes("--help") || words.includes("-h"));
    (isHelp ? io.stdout : io.stderr).write(
      `keelson ${plain.slice(0, length).join(" ")} needs one of:\n${below.map((entry) => `  keelson ${entry.name.padEnd(24)} ${entry.summary}\n`).join("")}`,
    );
    return isHelp ? 0 : 2;
  }
  const near = nearest(plain[0] ?? "", [
    ...new Set(commands.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name.split(" ")[0] ?? "")),
  ]);
  throw usage(
    `no command ${JSON.stringify(plain[0] ?? words[0] ?? "")}`,
    near === undefined ? "`keelson --help` lists all commands" : `did you mean \`keelson ${near}\`?`,
  );
}

function checkArity(name: string, command: Command, args: readonly string[]): void {
  const [least, most] = command.arity ?? [0, 0];
  if (args.length >= least && args.length <= most) return;
  const what = args.length < least ? "an argument is missing" : `unexpected argument ${JSON.stringify(args[most])}`;
  throw usage(what, `usage: keelson ${[name, command.arguments ?? ""].join(" ").trim()}`);
}
