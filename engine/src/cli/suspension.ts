// The common body of suspend and resume.

import type { Discovery } from "#cluster";
import type { Manifest } from "#kernel";
import { discover, resourceOf, valueOf } from "./answers.ts";
import { usage } from "./arguments.ts";
import type { Invocation } from "./command.ts";
import type { ExitCode } from "./exit.ts";
import { fieldOf } from "./flux-objects.ts";
import { chooseKind, type KnownKind } from "./kinds.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "./target.ts";
import { say, setSuspended, targetOf, waitUntilDone } from "./waiting.ts";

const ownFlags = {
  all: { about: "all of the kind in the namespace" },
  "no-wait": { about: "do not wait for the end" },
} as const;

/** Flags of both. */
export const switchFlags: typeof targetFlags & typeof ownFlags = { ...targetFlags, ...ownFlags };

/** Suspends or resumes what the arguments name. */
export async function runSwitch(
  { args, flags, io, ports }: Invocation<typeof switchFlags>,
  isSuspending: boolean,
): Promise<ExitCode> {
  const { kind, rest } = chooseKind(args, isSuspending ? "suspend" : "resume");
  if (rest.length === 0 && !flags.all) throw usage(`which ${kind.kind}?`, "give names, or --all");
  return await withTarget(flags, { io, ports }, async (connected) => {
    announceTarget(connected, io);
    const discovery = await discover(connected.cluster);
    const names = flags.all ? await namesOfAll(kind, discovery, connected) : rest;
    for (const name of names) {
      const target = targetOf(resourceOf(discovery, kind), connected.namespace, name);
      const what = `${kind.kind} ${name}`;
      say.start(io, `${isSuspending ? "suspending" : "resuming"} ${what} in ${target.namespace} namespace`);
      const object = await setSuspended(connected.cluster, target, isSuspending);
      say.done(io, `${what} ${isSuspending ? "suspended" : "resumed"}`);
      if (isSuspending || flags["no-wait"] || !hasStatus(kind, object)) continue;
      say.wait(io, `waiting for ${what} reconciliation`);
      say.done(io, await waitUntilDone({ target, io, connected }));
    }
    return 0;
  });
}

async function namesOfAll(kind: KnownKind, discovery: Discovery, connected: ConnectedTarget): Promise<string[]> {
  const resource = resourceOf(discovery, kind);
  const list = await connected.cluster.list(resource, { namespace: connected.namespace });
  return valueOf(list, `listing ${resource.plural}`).items.map((object) => object.metadata.name);
}

/** Providers and Alerts have no status to wait for. */
function hasStatus(kind: KnownKind, object: Manifest): boolean {
  return kind.kind !== "Provider" && kind.kind !== "Alert" && fieldOf(object, "spec") !== undefined;
}
