// The command line: commands, what they print, and how they end. Rooms it may not import come as ports from main.ts.

export type { Command, CommandEntry, Flag, FlagSet } from "./command.ts";
export { installDefinitions } from "./definitions.ts";
export type { ExitCode } from "./exit.ts";
export type { CliCode } from "./faults.ts";
export { ansi, type Io, isColoured, memoryIo, type Output, type Style } from "./io.ts";
export type { EngineOptions, Home, HomeOptions, Ports, RunningEngine } from "./ports.ts";
export { runCommandLine } from "./run.ts";
