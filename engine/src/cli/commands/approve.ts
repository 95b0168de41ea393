// `keelson approve kustomization|helmrelease NAME`: lets pass what is held back: a revision that needs a word, that came in a freeze or
// that deletes much, or the deletion of the whole delivery. It is written on the object, so that anybody can read it there.

import type { Target } from "#cluster";
import { guardMarks, heldRevision } from "#delivery";
import { fieldOf, Fault, type Manifest, shortRevision } from "#kernel";
import { discover, resourceOf, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { conditionOf, textOf } from "../flux-objects.ts";
import { chooseDelivery, deliveryWords } from "../kinds.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { say, targetOf, waitUntil } from "../waiting.ts";

/** Not kubectl's: what its managers set is taken back where Git does not state it. */
const manager = "keelson-cli";

export const command: Command = defineCommand({
  arguments: "kustomization|helmrelease NAME",
  arity: [2, 2],
  about:
    "Approves what a delivery holds back: the revision that it holds now, or the one you name. Only that revision passes;\n" +
    "the next one is held again.",
  examples: [
    "keelson approve kustomization apps",
    "keelson approve kustomization apps --revision sha1:4f8ac2d1e0b3c5a79d6f8e1234567890abcdef12",
    "keelson approve helmrelease podinfo -n shop",
    "keelson approve kustomization apps --deletion",
  ],
  words: deliveryWords,
  flags: {
    ...targetFlags,
    revision: { takes: "REVISION", about: "approve this revision (default: the one that is held)" },
    deletion: { about: "approve the deletion of the delivery with all that it applied" },
    by: { takes: "NAME", about: "who approves (default: the user of this machine)" },
    "no-wait": { about: "do not wait until it is applied" },
  },
  async run({ args, flags, io, ports }) {
    const { kind, name } = chooseDelivery(args, "approve");
    return await withTarget(flags, { io, ports }, async (connected) => {
      announceTarget(connected, io);
      const { cluster, namespace } = connected;
      const target = targetOf(resourceOf(await discover(cluster), kind), namespace, name);
      const object = valueOf(await cluster.get(target), `reading ${kind.kind} ${name}`);
      const by = flags.by ?? io.env["USER"] ?? "unknown";
      if (flags.deletion) {
        await annotate(connected, target, { [guardMarks.approvedDeletion]: deletionOf(object) });
        say.done(io, `the deletion of ${kind.kind} ${name} is approved`);
        return 0;
      }
      const revision = flags.revision ?? (await revisionToApprove(object, connected));
      say.start(io, `approving revision ${shortRevision(revision)} of ${kind.kind} ${name} as ${by}`);
      const marks = { [guardMarks.approvedRevision]: revision, [guardMarks.approvedBy]: by };
      await annotate(connected, target, marks);
      say.done(io, `revision ${shortRevision(revision)} is approved`);
      if (flags["no-wait"]) return 0;
      say.wait(io, `waiting for ${kind.kind} ${name} to apply it`);
      await waitUntil({ target, io, connected }, (seen) => isAppliedAt(seen, revision));
      say.done(io, `applied revision ${shortRevision(revision)}`);
      return 0;
    });
  },
});

async function annotate(
  { cluster }: ConnectedTarget,
  target: Target,
  annotations: { [mark: string]: string },
): Promise<void> {
  const body = { type: "merge" as const, patch: { metadata: { annotations } } };
  valueOf(await cluster.patch(target, body, { fieldManager: manager }), `annotating ${target.name}`);
}

/** Names this very object: another of the same name is not meant. */
function deletionOf(object: Manifest): string {
  if (object.metadata.deletionTimestamp !== undefined) return object.metadata.uid ?? "";
  throw notHeld(object, "is not being deleted", "delete it first; the approval is for that one deletion");
}

/** What is held, as the condition says. Throws where that is not what the delivery is to have by now. */
async function revisionToApprove(object: Manifest, connected: ConnectedTarget): Promise<string> {
  const held = conditionOf(object, "Held");
  if (held?.status !== "True")
    throw notHeld(object, "holds nothing back", "name a revision with --revision to approve it ahead");
  if (held.reason === "Paused")
    throw notHeld(object, "is paused, which an approval does not end", `remove the annotation ${guardMarks.pause}`);
  if (held.reason === "Pinned")
    throw notHeld(
      object,
      "is pinned, which an approval does not end",
      `remove the annotation ${guardMarks.pinnedRevision}`,
    );
  const revision = heldRevision(held.message);
  if (revision === undefined) throw notHeld(object, "holds its deletion back", "approve that with --deletion");
  if (object.kind === "HelmRelease" || revision === (await offeredRevision(object, connected))) return revision;
  throw notHeld(object, "is about to look at a newer revision", "try again in a moment");
}

/** What the source of a Kustomization offers now. */
async function offeredRevision(object: Manifest, { cluster, namespace }: ConnectedTarget): Promise<string> {
  const ref = { kind: textOf(object, "spec", "sourceRef", "kind"), name: textOf(object, "spec", "sourceRef", "name") };
  const discovery = await discover(cluster);
  const resource = discovery.resources.find(
    (each) => each.kind === ref.kind && each.group.startsWith("source.toolkit.fluxcd.io"),
  );
  if (resource === undefined)
    throw notHeld(object, `has a source of kind ${ref.kind}, which is not served`, "use --revision");
  const sourceNamespace = textOf(object, "spec", "sourceRef", "namespace") || namespace;
  const source = valueOf(
    await cluster.get(targetOf(resource, sourceNamespace, ref.name)),
    `reading ${ref.kind} ${ref.name}`,
  );
  return textOf(source, "status", "artifact", "revision");
}

function notHeld(object: Manifest, message: string, hint: string): Fault<CliCode> {
  const at = `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
  return new Fault<CliCode>({ code: "failed", disposition: "stall", at, message, hint });
}

function isAppliedAt(object: Manifest, revision: string): boolean {
  const isReady = conditionOf(object, "Ready")?.status === "True";
  if (object.kind === "HelmRelease") {
    const isObserved = fieldOf(object, "status", "observedGeneration") === object.metadata.generation;
    const isIdle = conditionOf(object, "Held") === undefined && conditionOf(object, "Reconciling") === undefined;
    return isReady && isObserved && isIdle;
  }
  const applied = textOf(object, "status", "lastAppliedRevision");
  const isSame = applied === revision || applied.endsWith(`@${revision}`) || applied.includes(`:${revision}`);
  return isSame && isReady;
}
