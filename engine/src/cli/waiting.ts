// Asking for a reconciliation and waiting for its end, by flux's rules: the request is an annotation with a new value,
// it is handled once `status.lastHandledReconcileAt` echoes it, and it is done when Ready speaks of the present generation.

import { requestedAtAnnotation } from "#api/flux";
import type { Cluster, Resource, Target } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { valueIfFound, valueOf } from "./answers.ts";
import type { CliCode } from "./faults.ts";
import { conditionOf, fieldOf, textOf } from "./flux-objects.ts";
import type { Io } from "./io.ts";
import { pollMs } from "./limits.ts";
import type { ConnectedTarget } from "./target.ts";

const manager = "keelson-cli";

/** Sets the annotation that asks for a reconciliation; the value is returned. */
export async function requestReconcile(cluster: Cluster, target: Target, io: Io): Promise<string> {
  const token = new Date(io.clock.now()).toISOString();
  const patch = { metadata: { annotations: { [requestedAtAnnotation]: token } } };
  valueOf(
    await cluster.patch(target, { type: "merge", patch }, { fieldManager: manager }),
    `annotating ${target.resource.kind} ${target.name}`,
  );
  return token;
}

/** Sets or clears `spec.suspend`. */
export async function setSuspended(cluster: Cluster, target: Target, isSuspended: boolean): Promise<Manifest> {
  const patch = { spec: { suspend: isSuspended } };
  return valueOf(
    await cluster.patch(target, { type: "merge", patch }, { fieldManager: manager }),
    `${isSuspended ? "suspending" : "resuming"} ${target.resource.kind} ${target.name}`,
  );
}

/** The outcome of a finished reconciliation, or undefined while it goes on. Throws Fault `failed` when it is stalled. */
export function finishedOf(object: Manifest, token: string | undefined): string | undefined {
  if (token !== undefined && textOf(object, "status", "lastHandledReconcileAt") !== token) return undefined;
  const generation = object.metadata.generation ?? 0;
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True") throw failed(object, stalled.message);
  if (Number(fieldOf(object, "status", "observedGeneration") ?? -1) !== generation) return undefined;
  if (conditionOf(object, "Reconciling")?.status === "True") return undefined;
  const ready = conditionOf(object, "Ready");
  if (ready === undefined || (ready.observedGeneration ?? generation) !== generation) return undefined;
  return ready.status === "True" ? wordsOf(object, ready.message) : undefined;
}

/** Flux's words for what came of it; the message of the condition where there is no revision. */
function wordsOf(object: Manifest, message: string): string {
  const applied = textOf(object, "status", "lastAppliedRevision");
  if (object.kind === "Kustomization" && applied !== "") return `applied revision ${applied}`;
  const fetched = textOf(object, "status", "artifact", "revision");
  return fetched === "" ? message : `fetched revision ${fetched}`;
}

function failed(object: Manifest, message: string): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "failed",
    disposition: "stall",
    at: `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`,
    message,
    hint: `\`keelson events --for ${object.kind}/${object.metadata.name} -n ${object.metadata.namespace ?? ""}\` shows what happened`,
  });
}

export type WaitOptions = { target: Target; token?: string | undefined; io: Io; connected: ConnectedTarget };

/** Waits until the object's reconciliation has ended well, and returns its message. */
export async function waitUntilDone({ target, token, io, connected }: WaitOptions): Promise<string> {
  const until = io.clock.now() + connected.timeoutMs;
  const name = `${target.resource.kind} ${target.name}`;
  for (let last: Manifest | undefined; ; ) {
    last = valueOf(await connected.cluster.get(target), `reading ${name}`);
    const message = finishedOf(last, token);
    if (message !== undefined) return message;
    if (io.clock.now() >= until || io.signal.aborted) throw timedOut(last, name);
    await pause(pollMs);
  }
}

/** Waits until the object is as asked; an absent one is waited for too. */
export async function waitUntil(options: WaitOptions, isDone: (object: Manifest) => boolean): Promise<void> {
  const { target, io, connected } = options;
  const until = io.clock.now() + connected.timeoutMs;
  const name = `${target.resource.kind} ${target.name}`;
  for (;;) {
    const found = valueIfFound(await connected.cluster.get(target), `reading ${name}`);
    if (found !== undefined && isDone(found)) return;
    if (io.clock.now() >= until || io.signal.aborted) throw timedOut(found, name);
    await pause(pollMs);
  }
}

function timedOut(object: Manifest | undefined, name: string): Fault<CliCode> {
  const ready = object && (conditionOf(object, "Ready") ?? conditionOf(object, "Reconciling"));
  return new Fault<CliCode>({
    code: "timed-out",
    disposition: "retry",
    message: `${name} was not ready in time`,
    ...(ready === undefined ? {} : { cause: new Error(`${ready.reason}: ${ready.message}`) }),
    hint: "wait longer with --timeout, or look at `keelson events`",
  });
}

/** A pause that keeps the process alive, unlike the clock's timers. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The target of a named object. */
export function targetOf(resource: Resource, namespace: string, name: string): Target {
  return { resource, namespace: resource.isNamespaced ? namespace : "", name };
}

/** Lines in flux's manner: what is being done, and how it went. */
export const say = {
  start: (io: Io, text: string): void => io.stderr.write(`${io.stderr.style("cyan", "►")} ${text}\n`),
  done: (io: Io, text: string): void => io.stderr.write(`${io.stderr.style("green", "✔")} ${text}\n`),
  wait: (io: Io, text: string): void => io.stderr.write(`${io.stderr.style("yellow", "◎")} ${text}\n`),
};
