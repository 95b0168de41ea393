// The command line: commands, what they print, and how they end. Rooms it may not import come as ports from main.ts.

import type { Cluster } from "#cluster";

export type { Command, CommandEntry, Flag, FlagSet } from "./command.ts";
export type { ExitCode } from "./exit.ts";
export type { CliCode } from "./faults.ts";
export { ansi, type Io, isColoured, memoryIo, type Output, type Style } from "./io.ts";
export type {
  BackupRequest,
  EngineOptions,
  Home,
  HomeOptions,
  Ports,
  RestoreRequest,
  RunningEngine,
  StoreReport,
} from "./ports.ts";
export { runCommandLine } from "./run.ts";

/** Brings all of Flux's definitions. What does it is loaded when called: most commands need none of it. */
export async function installDefinitions(cluster: Cluster): Promise<void> {
  const definitions = await import("./definitions.ts");
  await definitions.installDefinitions(cluster);
}
