// What a command sees of the process it runs in. Everything is injected, so that a whole command line runs in a test.

import type { Clock } from "#kernel";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan";

export interface Output {
  write(text: string | Uint8Array): void;
  /** True when a person watches: colours, redrawing and truncation are for them alone. */
  readonly isTerminal: boolean;
  /** Width in characters; a large number where there is no terminal. */
  readonly columns: number;
  readonly rows: number;
  /** `text` in a style, or as it is where styles are off. */
  style(style: Style, text: string): string;
}

export type Io = {
  stdout: Output;
  stderr: Output;
  /** All of standard input. */
  readInput(): Promise<Uint8Array>;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  folder: string;
  home: string;
  clock: Clock;
  /** Aborts when the user interrupts. */
  signal: AbortSignal;
};

const openCodes: Readonly<Record<Style, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  cyan: 36,
};

/** Text in an ANSI style. */
export function ansi(style: Style, text: string): string {
  return `\u001B[${openCodes[style]}m${text}\u001B[${style === "bold" || style === "dim" ? 22 : 39}m`;
}

/** Colours are for terminals, unless NO_COLOR or TERM=dumb says otherwise. */
export function isColoured(isTerminal: boolean, env: Io["env"]): boolean {
  return isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** An Io that collects what is written: for tests, and wherever a command's text is wanted as a value. */
export function memoryIo(options: Partial<Io> & { clock: Clock; isTerminal?: boolean }): Io & { text(): MemoryText } {
  const out = memoryOutput(options.isTerminal ?? false);
  const err = memoryOutput(options.isTerminal ?? false);
  return {
    stdout: out.output,
    stderr: err.output,
    readInput: () => Promise.resolve(new Uint8Array()),
    env: {},
    folder: "/",
    home: "/nowhere",
    signal: new AbortController().signal,
    ...options,
    text: () => ({ stdout: out.text(), stderr: err.text() }),
  };
}

export type MemoryText = { stdout: string; stderr: string };

function memoryOutput(isTerminal: boolean): { output: Output; text(): string } {
  const parts: Buffer[] = [];
  const output: Output = {
    write: (text) => void parts.push(Buffer.from(text as string)),
    isTerminal,
    columns: isTerminal ? 100 : 10_000,
    rows: 40,
    style: (style, text) => (isTerminal ? ansi(style, text) : text),
  };
  return { output, text: () => Buffer.concat(parts).toString("utf8") };
}
