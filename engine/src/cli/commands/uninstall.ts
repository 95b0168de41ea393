// `keelson uninstall`: takes out what Keelson installed and nothing else. What was delivered stays as it is: the owners'
// finalizers are lifted first, so that no deletion is taken for an order to prune.

import { fluxKinds } from "#api/flux";
import type { Cluster, Discovery, Resource, Target } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { discover, valueIfFound, valueOf } from "../answers.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { nameOf, waitUntilGone } from "../installation/apply.ts";
import { definitionResource, findInstallation, isOurs } from "../installation/find.ts";
import { ownSelector } from "../installation/manifests.ts";
import type { Io } from "../io.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { say, targetOf } from "../waiting.ts";

const flags = {
  ...targetFlags,
  "keep-namespace": { about: "leave the namespace" },
  "keep-definitions": { about: "leave Flux's definitions and the objects of their kinds" },
  "dry-run": { about: "say what would be removed, remove nothing" },
  silent: { short: "s", about: "do not ask" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about:
    "Removes what Keelson installed: its Deployment, account, rights, definitions and namespace.\n" +
    "What it has delivered stays, unchanged. Definitions that Flux brought stay as well.",
  flags,
  async run({ flags: given, io, ports }) {
    return await withTarget(given, { io, ports }, async (target) => {
      announceTarget(target, io);
      if (!given["dry-run"] && !given.silent) await askForConsent(target, io);
      const removal = new Removal(target, given, io);
      await removal.run();
      return 0;
    });
  },
});

async function askForConsent(target: ConnectedTarget, io: Io): Promise<void> {
  if (io.stderr.isTerminal) {
    io.stderr.write(`Type "yes" to remove Keelson from ${target.label}: `);
    const answer = new TextDecoder().decode(await io.readInput()).trim();
    if (answer === "yes") return;
  }
  throw new Fault<CliCode>({
    code: "usage",
    disposition: "stall",
    message: "not removed: nobody said yes",
    hint: "--silent does not ask, --dry-run shows what would be removed",
  });
}

/** Kinds in which Keelson installs objects of its own, in the order to take them out. */
const installedKinds: readonly { group: string; kind: string }[] = [
  { group: "apps", kind: "Deployment" },
  { group: "", kind: "Service" },
  { group: "networking.k8s.io", kind: "NetworkPolicy" },
  { group: "", kind: "ServiceAccount" },
  { group: "rbac.authorization.k8s.io", kind: "ClusterRoleBinding" },
  { group: "rbac.authorization.k8s.io", kind: "ClusterRole" },
];

class Removal {
  readonly #cluster: Cluster;
  readonly #target: ConnectedTarget;
  readonly #flags: Flags;
  readonly #io: Io;

  constructor(target: ConnectedTarget, given: Flags, io: Io) {
    this.#cluster = target.cluster;
    this.#target = target;
    this.#flags = given;
    this.#io = io;
  }

  async run(): Promise<void> {
    const { namespace } = this.#target;
    const discovery = await discover(this.#cluster);
    say.start(this.#io, `removing Keelson from ${namespace} namespace`);
    // The engine first: what is lifted and deleted after it must not be acted upon.
    for (const kind of installedKinds) await this.#removeOwn(kind, discovery);
    const { definitions } = await findInstallation(this.#cluster, namespace);
    if (!this.#flags["keep-definitions"]) await this.#removeDefinitions(definitions.filter(isOurs), discovery);
    if (!this.#flags["keep-namespace"]) await this.#removeNamespaces(discovery);
    say.done(this.#io, this.#flags["dry-run"] ? "nothing was removed (dry run)" : "removed; what was delivered stays");
  }

  async #removeOwn({ group, kind }: { group: string; kind: string }, discovery: Discovery): Promise<void> {
    const resource = discovery.byKind(group, kind);
    if (resource === undefined) return;
    const namespace = resource.isNamespaced ? this.#target.namespace : "";
    const list = await this.#cluster.list(resource, { namespace, labelSelector: ownSelector });
    const { items } = valueOf(list, `listing ${resource.plural}`);
    for (const object of items) await this.#delete(resource, object);
    if (kind !== "Deployment" || this.#flags["dry-run"]) return;
    for (const object of items) await waitUntilGone(this.#target, addressIn(resource, object), this.#io);
  }

  async #removeDefinitions(definitions: readonly Manifest[], discovery: Discovery): Promise<void> {
    const resource = definitionResource(discovery);
    if (resource === undefined) return;
    const names = new Set(definitions.map((definition) => definition.metadata.name));
    for (const { group, kind, plural } of fluxKinds) {
      const served = discovery.byKind(group, kind);
      if (served !== undefined && names.has(`${plural}.${group}`)) await this.#liftFinalizers(served);
    }
    for (const definition of definitions) await this.#delete(resource, definition);
  }

  async #liftFinalizers(resource: Resource): Promise<void> {
    const { items } = valueOf(await this.#cluster.list(resource), `listing ${resource.plural}`);
    for (const object of items) {
      if ((object.metadata.finalizers ?? []).length === 0) continue;
      this.#tell(object, "finalizers lifted");
      if (this.#flags["dry-run"]) continue;
      const patch = { metadata: { finalizers: null } };
      const answer = await this.#cluster.patch(
        addressIn(resource, object),
        { type: "merge", patch },
        { fieldManager: "keelson-cli" },
      );
      valueIfFound(answer, `lifting the finalizers of ${nameOf(object)}`);
    }
  }

  /** Ours, and that of the Lease; a namespace that others use as well is left. */
  async #removeNamespaces(discovery: Discovery): Promise<void> {
    const resource = discovery.byKind("", "Namespace");
    if (resource === undefined) return;
    for (const name of [this.#target.namespace, "keelson-system"]) {
      const found = valueIfFound(await this.#cluster.get(targetOf(resource, "", name)), `reading namespace ${name}`);
      if (found === undefined) continue;
      if (name === "keelson-system" || isOurs(found)) await this.#delete(resource, found);
      else this.#io.stdout.write(`${nameOf(found)} kept: it was there before\n`);
    }
  }

  async #delete(resource: Resource, object: Manifest): Promise<void> {
    this.#tell(object, "deleted");
    if (this.#flags["dry-run"]) return;
    const { uid } = object.metadata;
    const precondition = uid === undefined ? {} : { preconditions: { uid } };
    const options = { propagation: "Background", ...precondition } as const;
    valueIfFound(await this.#cluster.delete(addressIn(resource, object), options), `deleting ${nameOf(object)}`);
  }

  #tell(object: Manifest, what: string): void {
    this.#io.stdout.write(`${nameOf(object)} ${what}${this.#flags["dry-run"] ? " (dry run)" : ""}\n`);
  }
}

function addressIn(resource: Resource, object: Manifest): Target {
  return targetOf(resource, object.metadata.namespace ?? "", object.metadata.name);
}
