// Fields that many Flux kinds have in common.

import { flag, integer, list, oneOf, type Schema, struct, text, textMap, texts } from "./schema.ts";

/** Durations as Go writes them, units ms, s, m, h. */
export const durationPattern = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$";
/** Source timeouts take no hours. */
const shortDurationPattern = "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$";

const objectName = { minLength: 1, maxLength: 253 };
const namespaceName = { minLength: 1, maxLength: 63 };

export function duration(description: string, byDefault?: string): Schema {
  return text(
    description,
    byDefault === undefined ? { pattern: durationPattern } : { pattern: durationPattern, default: byDefault },
  );
}

export function shortDuration(description: string, byDefault = "60s"): Schema {
  return text(description, { pattern: shortDurationPattern, default: byDefault });
}

export const interval: Schema = duration("How often to reconcile when nothing else asks for it.");
export const suspend: Schema = flag("Stops reconciliation of this object, and what its deletion would clean up.");
export const ignore: Schema = text("Files to leave out, in the grammar of .gitignore; stands after .sourceignore.");

/** A reference to an object of a fixed kind in the same namespace. */
export function localRef(description: string): Schema {
  return struct({ name: text("Name of the object.") }, ["name"], description);
}

export const secretRef: Schema = localRef("The Secret that holds the credentials.");
export const certSecretRef: Schema = localRef("The Secret with ca.crt, tls.crt and tls.key.");
export const proxySecretRef: Schema = localRef("The Secret with the address, username and password of a proxy.");
export const serviceAccountName: Schema = text("The ServiceAccount in the same namespace that is acted as.");

/** `{kind, name, namespace?, apiVersion?}` with the kinds allowed. */
export function kindRef(kinds: readonly string[], description: string, isNamespaced = true): Schema {
  return struct(
    {
      apiVersion: text("API version of the object referred to."),
      kind: oneOf(kinds, "Kind of the object referred to."),
      name: text("Name of the object referred to.", objectName),
      ...(isNamespaced
        ? { namespace: text("Its namespace; the same as of this object when absent.", namespaceName) }
        : {}),
    },
    ["kind", "name"],
    description,
  );
}

export const dependsOn: Schema = list(
  struct(
    {
      name: text("Name of the object that must be ready first."),
      namespace: text("Its namespace; the same as of this object when absent."),
      readyExpr: text("A CEL expression over `self` and `dep` that says whether the dependency is met."),
    },
    ["name"],
    "One object that must be ready first.",
  ),
  "Objects of the same kind that must be ready before this one is reconciled.",
);

export const kubeConfig: Schema = struct(
  {
    secretRef: struct(
      { name: text("Name of the Secret."), key: text("Its key; `value` or `value.yaml` when absent.") },
      ["name"],
      "A Secret that holds a kubeconfig.",
    ),
    configMapRef: localRef("A ConfigMap that says how to obtain access without a stored credential."),
  },
  [],
  "The cluster to apply to; the one this object lives in when absent.",
  {
    "x-kubernetes-validations": [
      {
        rule: "has(self.configMapRef) || has(self.secretRef)",
        message: "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
      },
      {
        rule: "!has(self.configMapRef) || !has(self.secretRef)",
        message: "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
      },
    ],
  },
);

export const commonMetadata: Schema = struct(
  { labels: textMap("Labels."), annotations: textMap("Annotations.") },
  [],
  "Labels and annotations set on the top-level metadata of every object.",
);

const selectorFields = {
  group: text("API group to match."),
  version: text("API version to match."),
  kind: text("Kind to match."),
  name: text("Name to match, a regular expression."),
  namespace: text("Namespace to match, a regular expression."),
  labelSelector: text("Label selector."),
  annotationSelector: text("Annotation selector."),
};

export const selector: Schema = struct(selectorFields, [], "Which objects; every object when absent.");

export const patches: Schema = list(
  struct(
    { patch: text("A strategic merge patch or a list of JSON 6902 operations, as YAML."), target: selector },
    ["patch"],
    "One patch and what it applies to.",
  ),
  "Patches applied to what was built.",
);

export const images: Schema = list(
  struct(
    {
      name: text("Image name without tag."),
      newName: text("The name to use instead."),
      newTag: text("The tag to use instead."),
      digest: text("The digest to use instead; wins over newTag."),
    },
    ["name"],
    "One image override.",
  ),
  "Image names, tags and digests to replace.",
);

export const ignoreRules: Schema = list(
  struct({ paths: texts("JSON pointers."), target: selector }, ["paths"], "Fields left out, and of which objects."),
  "Fields left out of drift detection and apply.",
);

export const healthCheckExprs: Schema = list(
  struct(
    {
      apiVersion: text("API version of the kind."),
      kind: text("The kind."),
      current: text("CEL expression that is true when the object is healthy."),
      inProgress: text("CEL expression that is true while the object progresses."),
      failed: text("CEL expression that is true when the object has failed."),
    },
    ["apiVersion", "current"],
    "How to judge the health of one kind.",
  ),
  "CEL expressions that judge the health of custom kinds.",
);

export const conditions: Schema = list(
  struct(
    {
      type: text("Type of the condition.", { maxLength: 316 }),
      status: oneOf(["True", "False", "Unknown"], "True, False or Unknown."),
      observedGeneration: integer("The generation that the condition was set for.", { format: "int64", minimum: 0 }),
      lastTransitionTime: text("When the status last changed.", { format: "date-time" }),
      reason: text("One word that says why.", { minLength: 1, maxLength: 1024 }),
      message: text("A sentence for people.", { maxLength: 32768 }),
    },
    ["lastTransitionTime", "message", "reason", "status", "type"],
    "One aspect of the object's state.",
  ),
  "The object's state, one entry an aspect.",
);

export const artifact: Schema = struct(
  {
    path: text("Path below the storage root."),
    url: text("Where the artifact is served."),
    revision: text("Revision of the source."),
    digest: text("Digest of the file, `algorithm:hex`.", {
      pattern: "^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$",
    }),
    lastUpdateTime: text("When it was stored.", { format: "date-time" }),
    size: integer("Bytes of the file.", { format: "int64" }),
    metadata: textMap("What the source said of it, such as OCI annotations."),
  },
  ["lastUpdateTime", "path", "revision", "url"],
  "The artifact that is served now.",
);

export const lastHandledReconcileAt: Schema = text("The last reconcile request that was handled.");
export const observedGeneration: Schema = integer("The last generation reconciled.", { format: "int64" });

/** The inventory of applied objects, as Kustomization and HelmRelease have it. */
export const inventory: Schema = struct(
  {
    entries: list(
      struct({ id: text("`namespace_name_group_Kind`."), v: text("API version.") }, ["id", "v"], "One applied object."),
      "The applied objects.",
    ),
  },
  ["entries"],
  "What was applied; what leaves it is pruned.",
);

/** A status with its fields; Flux defaults observedGeneration to -1 until a first look. */
export function status(fields: { [name: string]: Schema }, hasInitialGeneration = true): Schema {
  return struct(
    { conditions, observedGeneration, lastHandledReconcileAt, ...fields },
    [],
    "What was observed.",
    hasInitialGeneration ? { default: { observedGeneration: -1 } } : {},
  );
}
