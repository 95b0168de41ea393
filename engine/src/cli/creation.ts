// The common end of `create …`: print the object (--export), or apply it and wait until it is ready.

import { asJson, type Manifest, splitApiVersion } from "#kernel";
import { formatYaml } from "#formats/yaml";
import { discover, resourceOf, valueOf } from "./answers.ts";
import { usage } from "./arguments.ts";
import type { ExitCode } from "./exit.ts";
import type { FlagValues } from "./command.ts";
import type { Io } from "./io.ts";
import { announceTarget, type Surroundings, targetFlags, withTarget } from "./target.ts";
import { say, targetOf, waitUntilDone } from "./waiting.ts";

const ownFlags = {
  export: { about: "print the object as YAML, ask no server" },
  interval: { takes: "DURATION", about: "how often to look again", default: "1m" },
  label: { takes: "KEY=VALUE", about: "label of the object", isList: true },
} as const;

/** Flags of every `create …`. */
export const creationFlags: typeof targetFlags & typeof ownFlags = { ...targetFlags, ...ownFlags };

export type CreationFlags = FlagValues<typeof creationFlags>;

/** Namespace and labels of an object to be created. */
export function metadataOf(name: string, flags: CreationFlags, io: Io): Manifest["metadata"] {
  const labels = Object.fromEntries(flags.label.map((pair) => splitPair("--label", pair)));
  return {
    name,
    namespace: flags.namespace ?? io.env["FLUX_SYSTEM_NAMESPACE"] ?? "flux-system",
    ...(flags.label.length === 0 ? {} : { labels }),
  };
}

/** A member for what was given: an empty text is nothing. */
export function optional(name: string, value: string | undefined): { [name: string]: string } {
  return value === undefined || value === "" ? {} : { [name]: value };
}

/** `key=value` as a pair. */
export function splitPair(flag: string, text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw usage(`${flag} cannot be ${JSON.stringify(text)}`, "KEY=VALUE");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** Prints or applies what a create command has put together. */
export async function finishCreation(
  object: Manifest,
  flags: CreationFlags,
  { io, ports }: Surroundings,
): Promise<ExitCode> {
  if (flags.export) {
    io.stdout.write(`---\n${formatYaml(asJson(object))}`);
    return 0;
  }
  return await withTarget(flags, { io, ports }, async (connected) => {
    announceTarget(connected, io);
    const { group } = splitApiVersion(object.apiVersion);
    const resource = resourceOf(await discover(connected.cluster), { group, kind: object.kind });
    const target = targetOf(resource, object.metadata.namespace ?? "", object.metadata.name);
    say.start(io, `applying ${object.kind} ${object.metadata.name}`);
    valueOf(
      await connected.cluster.apply(target, object, { fieldManager: "keelson-cli", isForced: true }),
      `applying ${object.kind} ${object.metadata.name}`,
    );
    say.done(io, `${object.kind} ${object.metadata.name} applied`);
    say.wait(io, `waiting for ${object.kind} reconciliation`);
    say.done(io, await waitUntilDone({ target, io, connected }));
    return 0;
  });
}
