// `keelson install`: the engine into a cluster, as a Deployment of its own, with Flux's definitions. Again: brings it up to
// date. Nothing is delivered until a GitRepository and a Kustomization are there; `keelson bootstrap git` makes those too.

import { formatYaml } from "#formats/yaml";
import { asJson, Fault, type Manifest } from "#kernel";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import type { CliCode } from "../faults.ts";
import { findNeighbours, refuseNeighbours, stopNeighbours } from "../flux-neighbours.ts";
import { applyInOrder, waitHealthy } from "../installation/apply.ts";
import { findInstallation } from "../installation/find.ts";
import { installationFlags, installationManifests } from "../installation/manifests.ts";
import type { Io } from "../io.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { say } from "../waiting.ts";

const flags = {
  ...targetFlags,
  ...installationFlags,
  export: { about: "print the manifests, change nothing" },
  "dry-run": { about: "say what would change, change nothing" },
  force: { about: "also where the installation comes from a repository" },
  "take-over": { about: "scale Flux's own controllers to zero first" },
  "no-wait": { about: "do not wait until it runs" },
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about:
    "Installs Keelson in a cluster: its namespace, Flux's definitions, an account with its rights, a Service and a Deployment.\n" +
    "No image is published yet: build one with the Dockerfile of the source and name it with --image.",
  examples: [
    "keelson install --image registry.example.org/keelson:0.1.0",
    "keelson install --image registry.example.org/keelson:0.1.0 --export > keelson.yaml",
  ],
  flags,
  async run({ flags: given, io, ports }) {
    const image = given.image;
    if (image === undefined) throw usage("which image?", "--image REGISTRY/NAME:TAG");
    const namespace = given.namespace ?? io.env["FLUX_SYSTEM_NAMESPACE"] ?? "flux-system";
    const manifests = installationManifests({ ...installationFrom(given), namespace, image, version: ports.version });
    if (given.export) {
      io.stdout.write(manifests.map((manifest) => `---\n${formatYaml(asJson(manifest))}`).join(""));
      return 0;
    }
    return await withTarget(given, { io, ports }, async (target) => {
      announceTarget(target, io);
      await refuseWhatIsInTheWay(target, given, io);
      await bring(target, manifests, given, io);
      return 0;
    });
  },
});

/** The options that the flags shared with bootstrap name. */
function installationFrom(given: Flags): {
  imagePullSecret: string | undefined;
  hasNetworkPolicy: boolean;
  tolerationKeys: readonly string[];
} {
  return {
    imagePullSecret: given["image-pull-secret"],
    hasNetworkPolicy: given["network-policy"] === "true",
    tolerationKeys: given["toleration-keys"],
  };
}

async function refuseWhatIsInTheWay(target: ConnectedTarget, given: Flags, io: Io): Promise<void> {
  const { isBootstrapped } = await findInstallation(target.cluster, target.namespace);
  if (isBootstrapped && !given.force)
    throw new Fault<CliCode>({
      code: "busy",
      disposition: "stall",
      message: "this cluster was bootstrapped: a repository states what is installed",
      hint: "change it there, or run `keelson bootstrap git` again; --force installs all the same",
    });
  const neighbours = await findNeighbours(target.cluster);
  if (neighbours.length === 0) return;
  if (!given["take-over"]) throw refuseNeighbours(neighbours);
  if (given["dry-run"]) return;
  await stopNeighbours(target.cluster, neighbours);
  say.done(io, `${neighbours.map(({ name }) => name).join(", ")} scaled to zero`);
}

async function bring(target: ConnectedTarget, manifests: readonly Manifest[], given: Flags, io: Io): Promise<void> {
  say.start(io, `installing in ${target.namespace} namespace`);
  await applyInOrder(target.cluster, manifests, {
    isDryRun: given["dry-run"],
    tell: ({ what, action }) => io.stdout.write(`${what} ${action}${given["dry-run"] ? " (dry run)" : ""}\n`),
  });
  if (given["dry-run"]) return;
  say.done(io, "manifests applied");
  if (given["no-wait"]) return;
  say.wait(io, "waiting until it runs");
  await waitHealthy({ cluster: target.cluster, manifests, timeoutMs: target.timeoutMs, io });
  say.done(io, "installed and healthy");
}
