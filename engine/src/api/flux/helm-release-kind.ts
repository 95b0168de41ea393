// helm.toolkit.fluxcd.io/v2 HelmRelease: a chart with values, installed and kept up to date.

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
import { helmGroup } from "./names.ts";
import {
  anything,
  type Fields,
  flag,
  integer,
  list,
  mapOf,
  oneOf,
  rule,
  type Schema,
  struct,
  text,
  textMap,
  texts,
} from "./schema.ts";

const releaseNamespace = { minLength: 1, maxLength: 63 };
const crds = (description: string): Schema => oneOf(["Skip", "Create", "CreateReplace"], description);

const chart = struct(
  {
    metadata: struct(
      { labels: textMap("Labels."), annotations: textMap("Annotations.") },
      [],
      "Metadata of the HelmChart that is made.",
    ),
    spec: struct(
      {
        chart: text("Name or path of the chart.", { minLength: 1, maxLength: 2048 }),
        version: text("Range of versions.", { default: "*" }),
        sourceRef: kindRef(["HelmRepository", "GitRepository", "Bucket"], "Where the chart is."),
        interval: duration("How often to look; the release's interval when absent."),
        reconcileStrategy: oneOf(["ChartVersion", "Revision"], "What makes a new chart.", { default: "ChartVersion" }),
        valuesFiles: texts("Values files of the chart to merge."),
        ignoreMissingValuesFiles: flag("Leaves out values files that are not there."),
        verify: struct(
          {
            provider: oneOf(["cosign", "notation"], "Who signs.", { default: "cosign" }),
            secretRef: localRef("The Secret with the trusted public keys."),
          },
          ["provider"],
          "Signatures that are required.",
        ),
      },
      ["chart", "sourceRef"],
      "Which chart, from where.",
    ),
  },
  ["spec"],
  "The HelmChart to make.",
);

/** What install and upgrade have in common. */
const action: Fields = {
  timeout: duration("Longest time for the action."),
  disableWait: flag("Does not wait for objects to be ready."),
  disableWaitForJobs: flag("Does not wait for Jobs to complete."),
  disableHooks: flag("Runs no hooks."),
  disableOpenAPIValidation: flag("Does not validate against the server's schemas."),
  disableSchemaValidation: flag("Does not validate values against the chart's schema."),
  disableTakeOwnership: flag("Refuses objects that exist already."),
};

const install = struct(
  {
    ...action,
    strategy: struct(
      {
        name: oneOf(["RemediateOnFailure", "RetryOnFailure"], "What follows a failure."),
        retryInterval: duration("How soon to retry."),
      },
      ["name"],
      "What follows a failure.",
    ),
    remediation: struct(
      {
        retries: integer("How often to try again."),
        ignoreTestFailures: flag("Failing tests are no failure."),
        remediateLastFailure: flag("Uninstalls after the last failure, too."),
      },
      [],
      "What to do after a failed install.",
    ),
    crds: crds("What to do with the chart's CRDs; Create when absent."),
    createNamespace: flag("Creates the target namespace."),
    replace: flag("Reuses the name of a deleted release."),
    serverSideApply: flag("Applies on the server side; true when absent."),
  },
  [],
  "How to install.",
);

const upgrade = struct(
  {
    ...action,
    strategy: struct(
      {
        name: oneOf(["RemediateOnFailure", "RetryOnFailure"], "What follows a failure."),
        retryInterval: duration("How soon to retry."),
      },
      ["name"],
      "What follows a failure.",
    ),
    remediation: struct(
      {
        retries: integer("How often to try again."),
        ignoreTestFailures: flag("Failing tests are no failure."),
        remediateLastFailure: flag("Remediates after the last failure, too; true when there are retries."),
        strategy: oneOf(["rollback", "uninstall"], "How to remediate."),
      },
      [],
      "What to do after a failed upgrade.",
    ),
    crds: crds("What to do with the chart's CRDs; Skip when absent."),
    force: flag("Replaces objects that cannot be patched."),
    preserveValues: flag("Keeps the values of the last release."),
    cleanupOnFail: flag("Deletes new objects of a failed upgrade."),
    serverSideApply: oneOf(["enabled", "disabled", "auto"], "Applies on the server side."),
    chartNameChangeStrategy: oneOf(["Reinstall", "InPlaceUpdate"], "What a new chart name means."),
  },
  [],
  "How to upgrade.",
);

const rollback = struct(
  {
    timeout: duration("Longest time for the action."),
    disableWait: flag("Does not wait for objects to be ready."),
    disableWaitForJobs: flag("Does not wait for Jobs to complete."),
    disableHooks: flag("Runs no hooks."),
    recreate: flag("Without effect: Helm 4 restarts no pods."),
    force: flag("Replaces objects that cannot be patched."),
    cleanupOnFail: flag("Deletes new objects of a failed rollback."),
    serverSideApply: oneOf(["enabled", "disabled", "auto"], "Applies on the server side."),
  },
  [],
  "How to roll back.",
);

const uninstall = struct(
  {
    timeout: duration("Longest time for the action."),
    disableHooks: flag("Runs no hooks."),
    disableWait: flag("Does not wait for objects to be gone."),
    keepHistory: flag("Keeps the release's history."),
    deletionPropagation: oneOf(["background", "foreground", "orphan"], "How dependents are deleted.", {
      default: "background",
    }),
  },
  [],
  "How to uninstall.",
);

const test = struct(
  {
    enable: flag("Runs the chart's tests."),
    timeout: duration("Longest time for one test."),
    ignoreFailures: flag("Failing tests are no failure."),
    filters: list(
      struct({ name: text("Name of the test."), exclude: flag("Leaves it out.") }, ["name"], "One filter."),
      "Which tests.",
    ),
  },
  [],
  "How to test.",
);

const valuesFrom = list(
  struct(
    {
      kind: oneOf(["Secret", "ConfigMap"], "Kind of the object."),
      name: text("Name of the object in the same namespace.", { minLength: 1, maxLength: 253 }),
      valuesKey: text("Its key; values.yaml when absent."),
      targetPath: text("Where a single value goes, as in --set."),
      optional: flag("The object may be absent."),
      literal: flag("The value at targetPath is taken as it is."),
    },
    ["kind", "name"],
    "One source of values.",
  ),
  "Objects that hold values; later ones win.",
);

const driftDetection = struct(
  { mode: oneOf(["enabled", "warn", "disabled"], "Heal, report, or neither."), ignore: ignoreRules },
  [],
  "What to do about changes made outside.",
);

const postRenderers = list(
  struct({ kustomize: struct({ patches, images }, [], "Patches and images.") }, [], "One post-renderer."),
  "What is done to the rendered objects.",
);

const snapshot = struct(
  {
    apiVersion: text("Version of this form."),
    digest: text("Digest of the release."),
    name: text("Name."),
    namespace: text("Namespace."),
    version: integer("Number of the release."),
    status: text("Helm's own status."),
    action: text("The action that made it."),
    chartName: text("Name of the chart."),
    chartVersion: text("Version of the chart."),
    appVersion: text("Version of the application."),
    configDigest: text("Digest of the values."),
    firstDeployed: text("When it was first deployed.", { format: "date-time" }),
    lastDeployed: text("When it was last deployed.", { format: "date-time" }),
    deleted: text("When it was deleted.", { format: "date-time" }),
    testHooks: mapOf(
      struct(
        {
          lastStarted: text("Start.", { format: "date-time" }),
          lastCompleted: text("End.", { format: "date-time" }),
          phase: text("Result."),
        },
        [],
        "One test.",
      ),
      "Results of tests by name.",
    ),
    ociDigest: text("Digest of the OCI artifact."),
  },
  [
    "chartName",
    "chartVersion",
    "configDigest",
    "digest",
    "firstDeployed",
    "lastDeployed",
    "name",
    "namespace",
    "status",
    "version",
  ],
  "One release.",
);

const releaseStatus = status({
  lastAttemptedGeneration: integer("Generation of the last attempt.", { format: "int64" }),
  helmChart: text("`namespace/name` of the HelmChart that was made."),
  storageNamespace: text("Namespace of the release's Secrets.", releaseNamespace),
  history: list(snapshot, "The last releases, newest first."),
  inventory,
  failures: integer("Failures in a row.", { format: "int64" }),
  installFailures: integer("Failed installs in a row.", { format: "int64" }),
  upgradeFailures: integer("Failed upgrades in a row.", { format: "int64" }),
  lastAttemptedRevision: text("Chart version of the last attempt."),
  lastAttemptedRevisionDigest: text("Digest of that chart."),
  lastAttemptedConfigDigest: text("Digest of the values of the last attempt."),
  lastAttemptedValuesChecksum: text("An older form of that digest."),
  lastAttemptedReleaseAction: oneOf(["install", "upgrade"], "The last action."),
  lastAttemptedReleaseActionDuration: text("How long it took."),
  lastReleaseRevision: integer("An older form of the history."),
  observedPostRenderersDigest: text("Digest of the post-renderers of the last success."),
  observedCommonMetadataDigest: text("Digest of the common metadata of the last success."),
  lastHandledForceAt: text("The last forced upgrade that was handled."),
  lastHandledResetAt: text("The last reset of counters that was handled."),
});

export const helmReleaseKind: FluxKind = {
  group: helmGroup,
  version: "v2",
  category: "fluxcd-appliers",
  kind: "HelmRelease",
  plural: "helmreleases",
  shortNames: ["hr"],
  columns: stateColumns,
  spec: struct(
    {
      chart,
      chartRef: kindRef(["OCIRepository", "HelmChart", "ExternalArtifact"], "An existing chart."),
      interval,
      suspend,
      timeout: duration("Longest time for one action; 5m when absent."),
      dependsOn,
      serviceAccountName: { ...serviceAccountName, minLength: 1, maxLength: 253 },
      kubeConfig,
      persistentClient: flag("Keeps the client between actions; true when absent."),
      releaseName: text("Name of the release.", { minLength: 1, maxLength: 53 }),
      targetNamespace: text("Namespace of the objects.", releaseNamespace),
      storageNamespace: text("Namespace of the release's Secrets.", releaseNamespace),
      maxHistory: integer("How many releases to keep; 5 when absent."),
      values: anything("Values of the chart."),
      valuesFrom,
      install,
      upgrade,
      rollback,
      uninstall,
      test,
      driftDetection,
      commonMetadata,
      postRenderers,
      postRenderStrategy: oneOf(["combined", "nohooks", "separate"], "Which objects post-renderers see."),
      waitStrategy: struct({ name: oneOf(["poller", "legacy"], "How to wait.") }, ["name"], "How to wait."),
      healthCheckExprs,
    },
    ["interval"],
    "What to install and how.",
    {
      "x-kubernetes-validations": [
        rule(
          "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
          "either chart or chartRef must be set",
        ),
      ],
    },
  ),
  status: releaseStatus,
  description: "A chart with values, installed and kept up to date.",
};
