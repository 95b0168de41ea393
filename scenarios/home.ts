// Drives `keelson up` as a user would: a process of its own, a data folder, the kubeconfig it writes, real kubectl.

import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const command: string = fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url));

/** True when a real kubectl is on the machine; scenarios skip without it. */
export const hasKubectl: boolean = spawnSync("kubectl", ["version", "--client"]).status === 0;

export type Answer = { status: number; out: string; err: string };

export function run(
  program: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string; timeoutMs?: number } = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { env: options.env ?? process.env, cwd: options.cwd, maxBuffer: 64 << 20, timeout: options.timeoutMs ?? 120_000 },
      (error, out, err) =>
        resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : 1, out, err }),
    );
    // A program that ends before it has read its input is no failure of the scenario.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/** Asks until the answer pleases; ends with the last answer in the error, so that a failure explains itself. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last });
}

export type HomeOptions = { data?: string; args?: string[]; env?: NodeJS.ProcessEnv };

export class Home {
  readonly data: string;
  readonly #args: string[];
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  #output = "";

  constructor(options: HomeOptions = {}) {
    this.data = options.data ?? mkdtempSync(join(tmpdir(), "keelson-scenario-"));
    this.#args = options.args ?? [];
    this.#env = { ...process.env, ...options.env };
  }

  get kubeconfig(): string {
    return join(this.data, "kubeconfig");
  }

  /** Everything the process has printed. */
  get output(): string {
    return this.#output;
  }

  start(): void {
    const args = [command, "up", "--data", this.data, "--api-port", "0", "--port", "0", ...this.#args];
    const child = spawn(process.execPath, args, { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (bytes: Buffer) => (this.#output += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (this.#output += bytes.toString()));
    this.#process = child;
  }

  /** Started, and its API answers. */
  async ready(timeoutMs = 60_000): Promise<void> {
    await until(
      `the API of ${this.data} (printed so far: ${this.#output.slice(-2_000)})`,
      async () => {
        if (this.#process?.exitCode !== null) throw new Error(`ended early: ${this.#output.slice(-2_000)}`);
        if (!existsSync(this.kubeconfig)) return undefined;
        return (await this.kubectl(["get", "--raw", "/readyz"])).status === 0 ? true : undefined;
      },
      timeoutMs,
    );
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGINT as Ctrl-C sends it; resolves with the milliseconds it took. */
  async stop(): Promise<number> {
    const started = performance.now();
    await this.#end("SIGINT");
    return performance.now() - started;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  kubectl(args: string[], input?: string): Promise<Answer> {
    const env = { ...process.env, KUBECONFIG: this.kubeconfig };
    return run("kubectl", args, input === undefined ? { env } : { env, input });
  }

  keelson(args: string[]): Promise<Answer> {
    return run(process.execPath, [command, ...args], {
      env: { ...process.env, KUBECONFIG: this.kubeconfig, NO_COLOR: "1" },
    });
  }

  /** Takes away the suspension of an object of Flux, whoever set it. */
  async resume(kind: string, name: string, namespace = "flux-system"): Promise<void> {
    await this.kubectl(["patch", kind, name, "-n", namespace, "--type=merge", "-p", '{"spec":{"suspend":null}}']);
  }

  /** An object as JSON, or undefined while it is not there. */
  async object(kind: string, name: string, namespace = "default"): Promise<Live | undefined> {
    const answer = await this.kubectl(["get", kind, name, "-n", namespace, "-o", "json"]);
    return answer.status === 0 ? (JSON.parse(answer.out) as Live) : undefined;
  }

  async condition(kind: string, name: string, type: string, namespace = "flux-system"): Promise<Condition | undefined> {
    const live = await this.object(kind, name, namespace);
    return live?.status?.conditions?.find((condition) => condition.type === type);
  }

  /** Waits until the condition Ready has this status, and gives it. */
  readyCondition(kind: string, name: string, status: "True" | "False", timeoutMs?: number): Promise<Condition> {
    return until(
      `${kind} ${name} Ready=${status}`,
      async () => {
        const condition = await this.condition(kind, name, "Ready");
        if (condition?.status === status) return condition;
        throw new Error(JSON.stringify(condition));
      },
      timeoutMs,
    );
  }

  /** Bytes of memory the process holds. */
  memory(): number {
    const text = readFileSync(`/proc/${this.#process?.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) * 1024;
  }
}

export type Condition = { type: string; status: string; reason: string; message: string };

export type Live = {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  status?: { conditions?: Condition[]; [field: string]: unknown };
};
