// The one place that knows every room: it wires the rings together and hands the command line its ports. What a command
// does not need is not loaded.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { type ExitCode, type Io, isColoured, type Output, type Ports, runCommandLine } from "#cli";
import type { Clock } from "#kernel";

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const ports: Ports = {
  get version() {
    const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  },
  backUp: async (request) => (await import("./backup.ts")).backUp(request),
  restore: async (request) => (await import("./backup.ts")).restore(request),
  openHome: async (options) => (await import("./home.ts")).openHome(options, clock),
  runInLongStack,
  openEngine: async (options) => (await import("./engine.ts")).openEngine(options, clock),
  consoleFolder: fileURLToPath(new URL("../../console/dist", import.meta.url)),
  exampleFolder: fileURLToPath(new URL("../../examples/fleet", import.meta.url)),
};

function processOutput(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  const hasStyles = isColoured(isTerminal, process.env);
  // A reader that went away (`| head`) ends the command quietly.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    if (stream !== process.stderr)
      process.stderr.write(`keelson: what it prints cannot be written: ${error.message}\n`);
    process.exit(1);
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    get columns() {
      return isTerminal ? stream.columns : 10_000;
    },
    get rows() {
      return isTerminal ? stream.rows : 10_000;
    },
    style: (style, text) => (hasStyles ? styleText(style, text, { validateStream: false }) : text),
  };
}

let input: Promise<Uint8Array> | undefined;

/** Standard input ends once: whoever asks again gets the same. */
function readInput(): Promise<Uint8Array> {
  input ??= readAllInput();
  return input;
}

async function readAllInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Room for templates that call each other a hundred thousand times, as Go allows. Only what is used of it takes memory. */
const longStackMiB = 256;

/** What the command line says and what was read of the input are the thread's; what it prints passes through here. */
async function runInLongStack(): Promise<ExitCode | undefined> {
  const { isMainThread, Worker } = process.getBuiltinModule("node:worker_threads");
  if (!isMainThread) return undefined;
  const thread = new Worker(new URL(import.meta.url), {
    argv: process.argv.slice(2),
    execArgv: [],
    stdin: true,
    resourceLimits: { stackSizeMb: longStackMiB },
  });
  thread.stdin?.end(await input);
  return new Promise((resolve, reject) => {
    thread.on("error", reject);
    thread.on("exit", (exitCode) => resolve(exitCode as ExitCode));
  });
}

/** The first interrupt asks for an orderly end, the second ends at once. Only for a command that asks for the signal. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

/** The most that a timer can wait. */
const longestDelayMs = 2 ** 31 - 1;

async function main(): Promise<ExitCode> {
  let signal: AbortSignal | undefined;
  const io: Io = {
    stdout: processOutput(process.stdout),
    stderr: processOutput(process.stderr),
    readInput,
    env: process.env,
    folder: process.cwd(),
    home: homedir(),
    clock,
    get signal() {
      signal ??= interruptSignal();
      return signal;
    },
  };
  // The clock's timers hold no process: without this one a command would end, and well, where it only waits for time to pass, such
  // as for a server that is away.
  const hold = setInterval(() => {}, longestDelayMs);
  try {
    return await runCommandLine(process.argv.slice(2), io, ports);
  } finally {
    clearInterval(hold);
  }
}

/** Resolves when all that was written is out: a pipe takes 64 KiB at a time. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => void stream.write("", () => resolve()));
}

// No await stands at the top: the bundle's files are loaded as scripts, with their compiled code beside them.
void main().then(async (exitCode) => {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // Connections that linger must not hold the process.
  process.exit(exitCode);
});
