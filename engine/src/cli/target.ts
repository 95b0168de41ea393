// Which Kubernetes API a command talks to: a flag, then KUBECONFIG, then a running home in ./.keelson, then ~/.kube/config,
// and in a Pod without any of them the cluster it runs in.

import { readFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { parseDuration } from "#api/flux";
import {
  type Cluster,
  connectCluster,
  type Connection,
  connectionOf,
  type HttpCluster,
  inClusterConnection,
  loadKubeConfig,
} from "#cluster";
import { Fault } from "#kernel";
import { usage } from "./arguments.ts";
import type { FlagValues } from "./command.ts";
import type { ExitCode } from "./exit.ts";
import type { CliCode } from "./faults.ts";
import { readRunningHome } from "./home-file.ts";
import type { Io } from "./io.ts";
import type { Ports } from "./ports.ts";

/** Flags of every command that talks to a cluster. */
export const targetFlags = {
  kubeconfig: { takes: "FILE", about: "kubeconfig to use" },
  context: { takes: "NAME", about: "context of the kubeconfig" },
  namespace: { short: "n", takes: "NAME", about: "namespace (default flux-system, or $FLUX_SYSTEM_NAMESPACE)" },
  timeout: { takes: "DURATION", about: "how long to wait", default: "5m" },
} as const;

export type TargetFlags = FlagValues<typeof targetFlags>;

/** What a command was given beside its words. */
export type Surroundings = { io: Io; ports: Ports };

export type ConnectedTarget = {
  cluster: Cluster;
  namespace: string;
  timeoutMs: number;
  /** For people: where changes go. */
  label: string;
  /** Set where the cluster is reached over HTTP. */
  http?: HttpCluster;
  close(): void;
};

/** Finds the target and connects to it; nothing is asked yet. `change`: what a command's own flags make of the connection. */
export async function connectTarget(
  flags: TargetFlags,
  { io, ports }: Surroundings,
  change: (connection: Connection) => Connection = (connection) => connection,
): Promise<ConnectedTarget> {
  const namespace = flags.namespace ?? io.env["FLUX_SYSTEM_NAMESPACE"] ?? "flux-system";
  const timeoutMs = readTimeout(flags.timeout);
  if (ports.cluster !== undefined)
    return { cluster: ports.cluster, namespace, timeoutMs, label: ports.cluster.name, close: () => {} };
  const { connection: found, why } = await findConnection(flags, io);
  const connection = change(found);
  const cluster = connectCluster(connection, { clock: io.clock, userAgent: "keelson" });
  return {
    cluster,
    http: cluster,
    namespace,
    timeoutMs,
    label: `${connection.name} (${connection.server}, by ${why})`,
    close: () => cluster.close(),
  };
}

/** Runs `body` with the target and closes it after. */
export async function withTarget(
  flags: TargetFlags,
  surroundings: Surroundings,
  body: (target: ConnectedTarget) => Promise<ExitCode>,
): Promise<ExitCode> {
  const target = await connectTarget(flags, surroundings);
  try {
    return await body(target);
  } finally {
    target.close();
  }
}

/** Said on standard error before anything is changed. */
export function announceTarget(target: ConnectedTarget, io: Io): void {
  io.stderr.write(io.stderr.style("dim", `target: ${target.label}\n`));
}

/** A duration in Go's form as milliseconds. */
export function readTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw usage(`--timeout cannot be ${JSON.stringify(text)}`, "for example 30s, 5m or 1h30m");
  return ms;
}

async function findConnection(flags: TargetFlags, io: Io): Promise<{ connection: Connection; why: string }> {
  const place = await findKubeconfig(flags, io);
  if (place === undefined) {
    const connection = await inClusterConnection({ clock: io.clock, environment: io.env });
    if (connection !== undefined) return { connection, why: "the Pod it runs in" };
    throw new Fault<CliCode>({
      code: "no-target",
      disposition: "stall",
      message:
        "no cluster to talk to: KUBECONFIG is not set, no home runs in ./.keelson, and there is no ~/.kube/config",
      hint: "start one with `keelson up`, or name one with --kubeconfig",
    });
  }
  const connection = await connectionOf(await loadKubeConfig(place.paths), {
    clock: io.clock,
    environment: io.env,
    ...(flags.context === undefined ? {} : { context: flags.context }),
  });
  return { connection, why: place.why };
}

type Place = { paths: string[]; why: string };

async function findKubeconfig(flags: TargetFlags, io: Io): Promise<Place | undefined> {
  if (flags.kubeconfig !== undefined) return { paths: [resolve(io.folder, flags.kubeconfig)], why: "--kubeconfig" };
  const named = (io.env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  if (named.length > 0) return { paths: named.map((path) => resolve(io.folder, path)), why: "KUBECONFIG" };
  const home = await readRunningHome(join(io.folder, ".keelson"));
  if (home !== undefined) return { paths: [home.kubeconfig], why: "the home in ./.keelson" };
  const path = join(io.home, ".kube", "config");
  if (
    await readFile(path).then(
      () => true,
      () => false,
    )
  )
    return { paths: [path], why: "~/.kube/config" };
  return undefined;
}
