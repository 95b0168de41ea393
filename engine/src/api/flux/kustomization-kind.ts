// kustomize.toolkit.fluxcd.io/v1 Kustomization: a folder of a source, built and applied.

import { type FluxKind, stateColumns } from "./definition.ts";
import {
  commonMetadata,
  dependsOn,
  duration,
  healthCheckExprs,
  ignoreRules,
  images,
  interval,
  inventory,
  kindRef,
  kubeConfig,
  localRef,
  patches,
  serviceAccountName,
  status,
  suspend,
} from "./fields.ts";
import { kustomizeGroup } from "./names.ts";
import { flag, integer, list, oneOf, struct, text, textMap, texts } from "./schema.ts";

const variable = { minLength: 1, maxLength: 253 };

const postBuild = struct(
  {
    substitute: textMap("Values of variables; they win over substituteFrom."),
    substituteFrom: list(
      struct(
        {
          kind: oneOf(["Secret", "ConfigMap"], "Kind of the object."),
          name: text("Name of the object in the same namespace.", variable),
          optional: flag("The object may be absent.", { default: false }),
        },
        ["kind", "name"],
        "One object whose data are variables.",
      ),
      "Objects whose data are variables; later ones win.",
    ),
    substituteStrategy: oneOf(["WithVariables", "Always"], "Whether to substitute when there are no variables."),
  },
  [],
  "Variables substituted in what was built.",
);

const healthChecks = list(
  struct(
    {
      apiVersion: text("API version; apps/v1 when absent."),
      kind: text("Kind."),
      name: text("Name."),
      namespace: text("Namespace; the same as of this object when absent."),
    },
    ["kind", "name"],
    "One object.",
  ),
  "Objects whose health is waited for.",
);

const history = list(
  struct(
    {
      digest: text("Digest of what was applied."),
      firstReconciled: text("When this was first seen.", { format: "date-time" }),
      lastReconciled: text("When this was last seen.", { format: "date-time" }),
      lastReconciledDuration: duration("How long the last run took."),
      lastReconciledStatus: text("Reason of the Ready condition."),
      totalReconciliations: integer("How often this was reconciled.", { format: "int64" }),
      metadata: textMap("Revision and the like."),
    },
    [
      "digest",
      "firstReconciled",
      "lastReconciled",
      "lastReconciledDuration",
      "lastReconciledStatus",
      "totalReconciliations",
    ],
    "One result.",
  ),
  "The last results, newest first.",
);

export const kustomizationKind: FluxKind = {
  group: kustomizeGroup,
  version: "v1",
  category: "fluxcd-appliers",
  kind: "Kustomization",
  plural: "kustomizations",
  shortNames: ["ks"],
  columns: stateColumns,
  spec: struct(
    {
      buildMetadata: list(
        oneOf(["originAnnotations", "transformerAnnotations"], "Which annotations."),
        "Annotations that tell where an object comes from.",
      ),
      commonMetadata,
      components: texts("Components, relative to the path."),
      decryption: struct(
        {
          provider: oneOf(["sops"], "How files are encrypted."),
          secretRef: localRef("The Secret with the private keys."),
          serviceAccountName: text("The ServiceAccount that may use a key management service."),
        },
        ["provider"],
        "How to decrypt files.",
      ),
      deletionPolicy: oneOf(
        ["MirrorPrune", "Delete", "WaitForTermination", "Orphan"],
        "What becomes of the applied objects when this object is deleted.",
      ),
      dependsOn,
      force: flag("Recreates objects whose immutable fields changed.", { default: false }),
      healthCheckExprs,
      healthChecks,
      ignore: ignoreRules,
      ignoreMissingComponents: flag("Leaves out components that are not there."),
      images,
      interval,
      kubeConfig,
      namePrefix: text("Put in front of every name.", { minLength: 1, maxLength: 200 }),
      nameSuffix: text("Put after every name.", { minLength: 1, maxLength: 200 }),
      patches,
      path: text("Folder in the source; the root when absent."),
      postBuild,
      prune: flag("Deletes what is no longer in the source."),
      retryInterval: duration("How soon a failure is tried again; the interval when absent."),
      serviceAccountName,
      sourceRef: kindRef(
        ["OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"],
        "Where the files come from.",
      ),
      suspend,
      targetNamespace: text("Namespace of every object.", { minLength: 1, maxLength: 63 }),
      timeout: duration("Longest time for apply and health; the interval less 30 seconds when absent."),
      wait: flag("Waits for the health of every applied object."),
    },
    ["interval", "prune", "sourceRef"],
    "What to build and how to apply it.",
  ),
  status: status({
    history,
    inventory,
    lastAppliedOriginRevision: text("Origin revision of the last success."),
    lastAppliedRevision: text("Revision of the last success."),
    lastAttemptedRevision: text("Revision of the last attempt."),
  }),
  description: "A folder of a source, built with Kustomize and applied.",
};
