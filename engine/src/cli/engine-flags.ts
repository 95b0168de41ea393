// How the engine is to work, as flags of `up` and `run`: Flux's own names and meanings for what its controllers have.

import { parseDuration } from "#api/flux";
import { usage } from "./arguments.ts";
import type { FlagValues } from "./command.ts";
import type { EngineTuning } from "./ports.ts";

export const engineFlags = {
  "no-cross-namespace-refs": { about: "refuse references to objects in other namespaces" },
  "no-remote-bases": { about: "refuse kustomize bases that are not in the source" },
  "default-service-account": { takes: "NAME", about: "the ServiceAccount that applies where none is named" },
  "default-decryption-service-account": {
    takes: "NAME",
    about: "the ServiceAccount that asks key services by default",
  },
  "default-kubeconfig-service-account": {
    takes: "NAME",
    about: "the ServiceAccount that asks clouds for clusters by default",
  },
  "sops-age-secret": { takes: "NAME", about: "a Secret in flux-system with age keys for deliveries that name none" },
  "sops-vault-configmap": { takes: "NAME", about: "a ConfigMap in flux-system that lists Vault servers to log in to" },
  "require-sops-mac": { about: "refuse encrypted files that were changed after encryption" },
  "watch-label-selector": { takes: "SELECTOR", about: "look at objects with these labels only: a shard" },
  "custom-apply-stage-kinds": { takes: "KINDS", about: "GROUP/KIND,… to apply before the rest", isList: true },
  "override-manager": { takes: "MANAGER", about: "take over the fields of this field manager too", isRepeated: true },
  "requeue-dependency": { takes: "DURATION", about: "how soon missing dependencies are looked at", default: "30s" },
  "interval-jitter-percentage": { takes: "PERCENT", about: "how far intervals differ either way", default: "5" },
  "feature-gates": { takes: "GATES", about: "NAME=true|false,… as of kustomize-controller", isList: true },
} as const;

type Flags = FlagValues<typeof engineFlags>;

/** Gates whose behaviour can be chosen here; others are refused, so that nobody believes in them. */
const gates = [
  "AdditiveCELDependencyCheck",
  "DisableFailFastBehavior",
  "ObjectLevelWorkloadIdentity",
  "StrictPostBuildSubstitutions",
] as const;

/** What the flags ask for. */
export function readTuning(given: Flags): EngineTuning {
  const set = readGates(given["feature-gates"]);
  const jitterPercent = Number(given["interval-jitter-percentage"]);
  if (!Number.isInteger(jitterPercent) || jitterPercent < 0 || jitterPercent > 100)
    throw usage("--interval-jitter-percentage takes a whole number from 0 to 100");
  const dependencyRetryMs = parseDuration(given["requeue-dependency"]);
  if (dependencyRetryMs === undefined) throw usage("--requeue-dependency takes a duration such as 30s");
  const defaultServiceAccount = given["default-service-account"];
  const watchSelector = given["watch-label-selector"];
  const [ageSecret, vaultConfigMap] = [given["sops-age-secret"], given["sops-vault-configmap"]];
  return {
    jitterPercent,
    decryption: {
      ...(ageSecret === undefined ? {} : { ageSecret: { namespace: "flux-system", name: ageSecret } }),
      ...(vaultConfigMap === undefined ? {} : { vaultConfigMap: { namespace: "flux-system", name: vaultConfigMap } }),
    },
    hasObjectIdentity: set.get("ObjectLevelWorkloadIdentity") ?? false,
    flux: {
      isMacRequired: given["require-sops-mac"],
      defaultDecryptionServiceAccount: given["default-decryption-service-account"],
      defaultKubeConfigServiceAccount: given["default-kubeconfig-service-account"],
      isCrossNamespaceAllowed: !given["no-cross-namespace-refs"],
      hasRemoteBases: !given["no-remote-bases"],
      stagedKinds: given["custom-apply-stage-kinds"],
      overriddenManagers: given["override-manager"],
      dependencyRetryMs,
      isReadyExpressionAdditive: set.get("AdditiveCELDependencyCheck") ?? false,
      isSubstitutionStrict: set.get("StrictPostBuildSubstitutions") ?? true,
      failsFast: !(set.get("DisableFailFastBehavior") ?? false),
      hasObjectIdentity: set.get("ObjectLevelWorkloadIdentity") ?? false,
      ...(defaultServiceAccount === undefined ? {} : { defaultServiceAccount }),
      ...(watchSelector === undefined ? {} : { watchSelector }),
    },
  };
}

function readGates(texts: readonly string[]): Map<string, boolean> {
  const set = new Map<string, boolean>();
  for (const text of texts) {
    const match = /^([A-Za-z]+)=(true|false)$/.exec(text);
    const name = gates.find((gate) => gate === match?.[1]);
    if (match === null || name === undefined)
      throw usage(`--feature-gates ${text}: there is no such gate here`, `known: ${gates.join(", ")}; write NAME=true`);
    set.set(name, match[2] === "true");
  }
  return set;
}
