// Help texts, out of the same data that parses the command line.

import type { Command, CommandEntry, Flag } from "./command.ts";

/** The overview: every command with its line. */
export function formatOverview(table: readonly CommandEntry[]): string {
  const shown = table.filter((entry) => entry.isHidden !== true);
  const rows = formatRows(shown.map((entry) => [entry.name, entry.summary]));
  return [
    "Keelson makes what runs equal to what Git says, and keeps it so.",
    "",
    "Usage: keelson COMMAND [ARGUMENTS] [FLAGS]",
    "",
    ...shown.flatMap(({ heading }, index) => [
      ...(heading === undefined ? [] : [...(index === 0 ? [] : [""]), `${heading}:`]),
      rows[index] ?? "",
    ]),
    "",
    "`keelson COMMAND --help` tells more about one.",
    "",
  ].join("\n");
}

/** One command's help. */
export function formatHelp(name: string, command: Command): string {
  const flags = Object.entries(command.flags).filter(([, flag]) => flag.isHidden !== true);
  const usage = ["keelson", name, command.arguments ?? "", flags.length > 0 ? "[FLAGS]" : ""].filter(
    (part) => part !== "",
  );
  const lines = [command.about, "", `Usage: ${usage.join(" ")}`];
  if (flags.length > 0)
    lines.push(
      "",
      "Flags:",
      ...formatRows(flags.map(([flagName, flag]) => [nameFlag(flagName, flag), aboutFlag(flag)])),
    );
  if (command.examples !== undefined) lines.push("", "Examples:", ...command.examples.map((line) => `  ${line}`));
  return `${lines.join("\n")}\n`;
}

const manualStart = `# Commands

What \`keelson COMMAND --help\` prints, of every command. Each takes \`--help\`; flags may stand before, between and behind the arguments.
Results go to standard output, progress and errors to standard error: what failed, its causes, then what to do ([faults.md](faults.md)).

| exit code | means                          |
| --------- | ------------------------------ |
| 0         | done; nothing differs          |
| 1         | failed; a diff found something |
| 2         | wrong use                      |
| 3         | not reachable or not permitted |
| 4         | timed out while waiting        |
`;

/** The manual's page of all commands, as Markdown. */
export async function formatManual(table: readonly CommandEntry[]): Promise<string> {
  const shown = table.filter((entry) => entry.isHidden !== true);
  const sections = shown.map(async (entry) => {
    const help = formatHelp(entry.name, (await entry.load()).command);
    return `\n## keelson ${entry.name}\n\n${help.replaceAll(/^(?=.)/gm, "    ")}`;
  });
  return manualStart + (await Promise.all(sections)).join("");
}

function nameFlag(name: string, flag: Flag): string {
  const long = flag.short === undefined ? `    --${name}` : `-${flag.short}, --${name}`;
  if (flag.bare !== undefined) return `${long}[=${flag.takes ?? "VALUE"}]`;
  return flag.takes === undefined ? long : `${long} ${flag.takes}`;
}

function aboutFlag(flag: Flag): string {
  const list = flag.choices ?? [];
  // Where the flag itself shows them, they are not said again.
  const choices = list.length === 0 || list.join("|") === flag.takes ? "" : ` (${list.join(", ")})`;
  const standard = flag.default === undefined || flag.default === "" ? "" : ` (default ${flag.default})`;
  return `${flag.about}${choices}${standard}`;
}

function formatRows(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(32, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
