// Runs git in an environment of its own: no system or user configuration, no hooks, no prompts, one protocol allowed, a
// time limit; an abort ends the whole process group. Secrets come in through environment and files, never as arguments.

import { spawn } from "node:child_process";
import { faultOfComplaints, gitFault } from "./faults.ts";
import { errorTextMost, gitMemoryMost, outputMost } from "./limits.ts";
import { watchMemory } from "./process-memory.ts";

/** What the process needs of the outside: PATH and, where set, trust and proxy settings. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type GitCommand = {
  args: readonly string[];
  environment: Environment;
  /** For messages: the URL without credentials. */
  at: string;
  signal: AbortSignal;
  timeoutMs: number;
  input?: string | Uint8Array;
};

/** The installation's proxies hold where an object names none; libcurl reads HTTP_PROXY in small letters only. */
const inherited =
  "PATH TMPDIR SSL_CERT_FILE SSL_CERT_DIR SystemRoot LD_LIBRARY_PATH GIT_EXEC_PATH http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY".split(
    " ",
  );

const thisMachine = "localhost,127.0.0.1,::1";

const fixedConfig: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.askPass", ""],
  ["credential.helper", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["protocol.version", "2"],
  ["http.followRedirects", "initial"],
  // A server that sends nothing for so long is given up, whatever the time limit.
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "60"],
  // Objects above are streamed, not held in memory.
  ["core.bigFileThreshold", "16m"],
  ["fetch.unpackLimit", "1"],
  ["transfer.bundleURI", "false"],
];

/** The environment of every git process; `config` is added to the fixed settings. */
export function gitEnvironment(
  outer: Environment,
  globalConfig: string,
  config: readonly (readonly [string, string])[] = [],
): Environment {
  const environment: Record<string, string> = {
    LC_ALL: "C",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: globalConfig,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_PROTOCOL_FROM_USER: "0",
  };
  for (const name of inherited) if (outer[name] !== undefined) environment[name] = outer[name];
  // Go's own rule, which libcurl lacks: proxies of the environment are not for this machine.
  environment["NO_PROXY"] = [outer["NO_PROXY"] ?? outer["no_proxy"], thisMachine].filter(Boolean).join(",");
  environment["no_proxy"] = environment["NO_PROXY"];
  const all = [...fixedConfig, ...config];
  environment["GIT_CONFIG_COUNT"] = String(all.length);
  all.forEach(([key, value], i) => {
    environment[`GIT_CONFIG_KEY_${i}`] = key;
    environment[`GIT_CONFIG_VALUE_${i}`] = value;
  });
  return environment;
}

/** Standard output. Throws a Fault that classifies what went wrong. */
export function runGit(command: GitCommand): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", command.args, {
      env: command.environment,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      windowsHide: true,
    });
    const run = new Run(command, child.pid, (signal) => kill(child.pid, signal));
    child.stdout.on("data", (chunk: Buffer) => run.took(chunk));
    child.stderr.on("data", (chunk: Buffer) => run.complained(chunk));
    child.on("error", (cause) => run.end(() => reject(missing(cause))));
    child.on("close", (code) =>
      run.end(() => (code === 0 && !run.wasStopped ? resolve(run.output()) : reject(run.fault()))),
    );
    child.stdin.on("error", () => {});
    child.stdin.end(command.input);
  });
}

type StopReason = "timeout" | "abort" | "output" | "memory";

/** One running command: its output so far and why it was stopped. */
class Run {
  readonly #command: GitCommand;
  readonly #kill: (signal: NodeJS.Signals) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #complaints = "";
  #reason: StopReason | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #memory: () => void;
  readonly #aborted = (): void => this.#stop("abort");

  constructor(command: GitCommand, pid: number | undefined, killGroup: (signal: NodeJS.Signals) => void) {
    this.#command = command;
    this.#kill = killGroup;
    this.#memory = watchMemory(pid, () => this.#stop("memory"));
    this.#timer = setTimeout(() => this.#stop("timeout"), command.timeoutMs);
    command.signal.addEventListener("abort", this.#aborted, { once: true });
    if (command.signal.aborted) this.#aborted();
  }

  get wasStopped(): boolean {
    return this.#reason !== undefined;
  }

  took(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > outputMost) this.#stop("output");
    else this.#chunks.push(chunk);
  }

  complained(chunk: Buffer): void {
    this.#complaints = (this.#complaints + chunk.toString("utf8")).slice(-errorTextMost);
  }

  output(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  end(settle: () => void): void {
    clearTimeout(this.#timer);
    this.#memory();
    this.#command.signal.removeEventListener("abort", this.#aborted);
    settle();
  }

  fault(): Error {
    const { at, signal, timeoutMs } = this.#command;
    if (this.#reason === "timeout")
      return gitFault({
        code: "git-timeout",
        disposition: "retry",
        at,
        message: `the repository did not answer within ${timeoutMs / 1000} s`,
        hint: "check the server, or raise `timeout` for a large repository",
      });
    if (this.#reason === "memory")
      return gitFault({
        code: "git-too-large",
        disposition: "retry",
        at,
        message: `git needed more than ${gitMemoryMost / 1024 ** 2} MiB of memory for what the server sends`,
        hint: "check that the URL is a Git repository's",
      });
    if (this.#reason === "output")
      return gitFault({
        code: "git-too-large",
        disposition: "retry",
        at,
        message: "the server sends more references than are read",
        hint: "name a branch or tag instead of a range",
      });
    if (this.#reason === "abort") return signal.reason instanceof Error ? signal.reason : new Error("aborted");
    return faultOfComplaints(this.#complaints, at);
  }

  #stop(reason: StopReason): void {
    this.#reason ??= reason;
    this.#kill("SIGKILL");
  }
}

/** git starts helpers (ssh, git-remote-https, index-pack): all of the group must go. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}

function missing(cause: Error): Error {
  return gitFault({
    code: "git-missing",
    disposition: "retry",
    message: "git cannot be started",
    hint: "install git 2.36 or newer and see that it is on PATH",
    cause,
  });
}
