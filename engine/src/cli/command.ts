// The shape of a command. One file a command in `commands/`, exporting `command`; the table in `commands.ts` names them
// and loads a file only when its command is called, so imports at the top of a command's file cost the others nothing.

import type { ExitCode } from "./exit.ts";
import type { ValueKind } from "./flag-values.ts";
import type { Io } from "./io.ts";
import type { Ports } from "./ports.ts";

/** One flag, as data: parsing, help and completion all read it. Without `takes` it is a switch. */
export type Flag = {
  about: string;
  /** One letter: `-o`. */
  short?: string;
  /** The word for its value in help: `FILE`. */
  takes?: string;
  /** May be given several times: the value is a list. */
  isRepeated?: boolean;
  /** As `isRepeated`, and each value is split at commas, as pflag's StringSlice. */
  isList?: boolean;
  /** As `isRepeated`, each value being KEY=VALUE or several of them, as pflag's StringToString. */
  isPairs?: boolean;
  /** What its value must be beside text. */
  kind?: ValueKind;
  /** Why it has no effect here, told to who gives it. */
  ignored?: string;
  /** Flags that must not be given beside it, whatever their values. */
  excludes?: readonly string[];
  default?: string;
  choices?: readonly string[];
  /** The value that the flag has when it stands alone (`--dry-run` for `--dry-run=client`); a value needs `=` then. */
  bare?: string;
  /** Accepted, but neither in help nor in completion. */
  isHidden?: boolean;
};

export type FlagSet = Readonly<Record<string, Flag>>;

type FlagValue<F extends Flag> = F extends { isRepeated: true } | { isList: true } | { isPairs: true }
  ? readonly string[]
  : F extends { takes: string } | { bare: string }
    ? F extends { default: string }
      ? string
      : string | undefined
    : boolean;

/** The values of a flag set, by long name. */
export type FlagValues<Flags extends FlagSet> = { readonly [Name in keyof Flags]: FlagValue<Flags[Name]> };

export type Invocation<Flags extends FlagSet> = {
  /** What is neither flag nor command name. */
  args: readonly string[];
  flags: FlagValues<Flags>;
  io: Io;
  ports: Ports;
};

export type CommandOptions<Flags extends FlagSet> = {
  /** What follows the name in the usage line: `DIR`, `[NAME]`. */
  arguments?: string;
  /** One or more paragraphs for `--help`. */
  about: string;
  examples?: readonly string[];
  flags: Flags;
  /** Words that may stand as an argument (kinds, shells), for completion. */
  words?: readonly string[];
  /** Least and greatest number of arguments; absent: none. */
  arity?: readonly [number, number];
  run(invocation: Invocation<Flags>): Promise<ExitCode>;
};

/** A command whatever its flags. */
export type Command = Omit<CommandOptions<FlagSet>, "run"> & {
  run(invocation: {
    args: readonly string[];
    flags: Readonly<Record<string, unknown>>;
    io: Io;
    ports: Ports;
  }): Promise<ExitCode>;
};

/** Checks a command's flags against its body and forgets their types. */
export function defineCommand<const Flags extends FlagSet>(options: CommandOptions<Flags>): Command {
  return options as unknown as Command;
}

/** A row of the command table: all that is known without loading the command. */
export type CommandEntry = {
  /** Begins a part of the overview. */
  heading?: string;
  /** The words that call it: `create source git`. */
  name: string;
  /** One line for the overview, no trailing stop. */
  summary: string;
  load(): Promise<{ command: Command }>;
  /** Left out of the overview. */
  isHidden?: boolean;
};
