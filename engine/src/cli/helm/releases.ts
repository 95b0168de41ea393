// Opens what commands on Helm releases work with: the target, the records in it, the actions, and a listener that prints
// what is worth telling while they run.

import { parseBoolText } from "#formats/go-numbers";
import {
  type ActionResult,
  type CommonOptions,
  type Release,
  type ReleaseActions,
  type ReleaseEvent,
  releaseStorage,
  type ReleaseStorage,
  type StorageDriver,
  type WaitStrategy,
} from "#releases";
import type { Cluster } from "#cluster";
import { Fault } from "#kernel";
import { usage } from "../arguments.ts";
import type { ExitCode } from "../exit.ts";
import type { CliCode } from "../faults.ts";
import type { Io } from "../io.ts";
import { type ConnectedTarget, readTimeout, type Surroundings } from "../target.ts";
import { connectServer } from "./server.ts";
import type { HelmFlags } from "./release-flags.ts";

export type OpenReleases = {
  cluster: Cluster;
  namespace: string;
  storage: ReleaseStorage;
  /** Loaded when first asked for: who only reads needs no renderer. */
  actions(): Promise<ReleaseActions>;
  target: ConnectedTarget;
};

/** Runs `body` on the target; `isEverywhere` reads the records of all namespaces. */
export async function withReleases(
  flags: HelmFlags,
  surroundings: Surroundings,
  body: (open: OpenReleases) => Promise<ExitCode>,
  isEverywhere = false,
): Promise<ExitCode> {
  const { io } = surroundings;
  const target = await connectServer(flags, surroundings);
  try {
    const namespace = flags.namespace ?? io.env["HELM_NAMESPACE"] ?? target.http?.connection.namespace ?? "default";
    const { cluster } = target;
    const storage = releaseStorage({
      cluster,
      namespace: isEverywhere ? "" : namespace,
      clock: io.clock,
      driver: driverOf(io),
    });
    const actions = async (): Promise<ReleaseActions> =>
      (await import("./open-actions.ts")).openActions({
        cluster,
        storage,
        clock: io.clock,
        fieldManager: "helm",
        onEvent: (event) => tell(io, event),
        ...logsOf(target, io),
      });
    return await body({ cluster, namespace, storage, actions, target });
  } finally {
    target.close();
  }
}

function driverOf(io: Io): StorageDriver {
  const name = io.env["HELM_DRIVER"] ?? "";
  if (["", "secret", "secrets"].includes(name)) return "Secret";
  if (["configmap", "configmaps"].includes(name)) return "ConfigMap";
  throw usage(`HELM_DRIVER ${JSON.stringify(name)} is not supported`, "releases are kept in Secrets or ConfigMaps");
}

function logsOf(
  { http }: ConnectedTarget,
  { signal }: Io,
): { readLogs?: (pod: { namespace: string; name: string; container: string }) => Promise<string> } {
  if (http === undefined) return {};
  return {
    readLogs: async ({ namespace, name, container }) => {
      let text = "";
      for await (const piece of http.log({ namespace, name }, { container }, signal)) {
        if (typeof piece !== "string") throw new Error(piece.message);
        text += piece;
      }
      return text;
    },
  };
}

function tell(io: Io, event: ReleaseEvent): void {
  if (event.type === "warning") io.stderr.write(`warning: ${event.message}\n`);
  else if (event.type === "hookLog") io.stdout.write(event.text);
  else if (event.type === "waiting" && io.stderr.isTerminal)
    io.stderr.write(
      io.stderr.style("dim", `waiting for ${event.ref.kind} ${event.ref.name}: ${event.message || event.status}\n`),
    );
}

/** What every action is given. */
export function commonOptions(
  name: string,
  open: OpenReleases,
  flags: {
    timeout: string;
    "no-hooks": boolean;
    description: string | undefined;
    wait: string | undefined;
    resume: boolean;
  },
  io: Io,
): CommonOptions {
  return {
    name,
    namespace: open.namespace,
    timeoutMs: readTimeout(flags.timeout),
    signal: io.signal,
    disableHooks: flags["no-hooks"],
    wait: readWait(flags.wait),
    onPending: flags.resume ? "resume" : "refuse",
    ...(flags.description === undefined ? {} : { description: flags.description }),
  };
}

function readWait(text: string | undefined): WaitStrategy {
  if (text === undefined || text === "hookOnly" || text === "false") return "hookOnly";
  if (text === "watcher" || text === "true") return "watcher";
  if (text === "legacy") return "legacy";
  throw usage(
    `invalid argument ${JSON.stringify(text)} for "--wait" flag: invalid wait input ${JSON.stringify(text)}. Valid inputs are watcher, hookOnly, and legacy`,
  );
}

/** Whether nothing is to be changed. */
export function readDryRun(mode: string | undefined): boolean {
  const bool = parseBoolText(mode ?? "false");
  if (mode === "none" || bool === false) return false;
  if (mode === "client" || mode === "server" || mode === "unset" || bool === true) return true;
  throw usage(`invalid dry-run value (${JSON.stringify(mode)}). Must be "none", "server", or "client"`);
}

/** The release, or a Fault with Helm's words where the action failed. */
export function successOf(result: ActionResult, what = ""): Release {
  if (result.ok) return result.release;
  const { fault } = result;
  throw new Fault({
    code: fault.code,
    disposition: fault.disposition,
    message: what === "" ? fault.message : `${what}: ${fault.message}`,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    ...(fault.cause === undefined || (fault.cause instanceof Fault && fault.message.includes(fault.cause.message))
      ? {}
      : { cause: fault.cause }),
  });
}

/** Says what failed before the words of a mistake in the command line, as Helm does. */
export async function saying<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (thrown) {
    if (!(thrown instanceof Fault) || /^(invalid argument|if any flags)/.test(thrown.message)) throw thrown;
    const { code, disposition, message, at, hint, cause } = thrown;
    if (message.startsWith(what)) throw thrown;
    throw new Fault({
      code,
      disposition,
      message: `${what}: ${message}`,
      ...(at === undefined ? {} : { at }),
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** One revision: the newest, or the one named. */
export async function readRelease(
  storage: ReleaseStorage,
  name: string,
  revision: string | undefined,
): Promise<Release> {
  const number = revision === undefined ? 0 : readRevision(revision);
  const found = number === 0 ? await storage.last(name) : await storage.get(name, number);
  if (found === undefined)
    throw new Fault<CliCode>({
      code: "not-found",
      disposition: "stall",
      message: "release: not found",
      hint: `keelson helm list -n ${storage.namespace} names those that are there`,
    });
  return found;
}

export function readRevision(text: string): number {
  if (!/^\d+$/.test(text))
    throw usage(
      `could not convert revision to a number: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}
