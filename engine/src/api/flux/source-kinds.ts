// The kinds of source.toolkit.fluxcd.io/v1 and source.extensions.fluxcd.io/v1beta1.

import { type Column, type FluxKind, stateColumns } from "./definition.ts";
import {
  artifact,
  certSecretRef,
  commonMetadata,
  conditions,
  ignore,
  interval,
  kindRef,
  localRef,
  proxySecretRef,
  secretRef,
  serviceAccountName,
  shortDuration,
  status,
  suspend,
} from "./fields.ts";
import { sourceExtensionsGroup, sourceGroup } from "./names.ts";
import { flag, list, oneOf, rule, type Schema, struct, text, texts } from "./schema.ts";

const family = { group: sourceGroup, version: "v1", category: "fluxcd-sources" } as const;
const urlColumn: Column = { name: "URL", type: "string", path: ".spec.url" };
const artifactUrl: Schema = text("Where the newest artifact is served.");
const observedIgnore: Schema = text("The ignore rules of the artifact.");

const gitSpec = struct(
  {
    url: text("URL of the repository: http, https, ssh, file, or an absolute path.", {
      pattern: "^((http|https|ssh|file)://|/).*$",
    }),
    interval,
    timeout: shortDuration("Longest time for one Git operation."),
    secretRef,
    provider: oneOf(["generic", "aws", "azure", "github"], "Who grants access."),
    serviceAccountName,
    ref: struct(
      {
        branch: text("Branch to follow; `master` when nothing else is named."),
        tag: text("Tag to check out."),
        semver: text("Range of versions; the newest tag in it is taken."),
        name: text("Full name of a reference, such as refs/pull/1/head."),
        commit: text("Commit to check out; with a branch, it is looked for there."),
      },
      [],
      "What to check out: commit before name before semver before tag before branch.",
    ),
    verify: struct(
      {
        mode: oneOf(["head", "HEAD", "Tag", "TagAndHEAD"], "What must be signed.", { default: "HEAD" }),
        secretRef: localRef("The Secret with the trusted public keys."),
      },
      ["secretRef"],
      "Signatures that are required.",
    ),
    proxySecretRef,
    ignore,
    suspend,
    recurseSubmodules: flag("Fetches submodules too."),
    include: list(
      struct(
        {
          repository: localRef("The GitRepository to include."),
          fromPath: text("Folder to copy from; the root when absent."),
          toPath: text("Folder to copy to; the repository's name when absent."),
        },
        ["repository"],
        "One included repository.",
      ),
      "Other GitRepositories whose content is copied in.",
    ),
    sparseCheckout: texts("Only these folders."),
  },
  ["interval", "url"],
  "What to fetch and how often.",
  {
    "x-kubernetes-validations": [
      rule(
        "!has(self.serviceAccountName) || (has(self.provider) && self.provider != 'generic')",
        "serviceAccountName can only be set when provider is not generic",
      ),
    ],
  },
);

const includes = { fromPath: text("From."), toPath: text("To."), repository: localRef("The repository.") };

export const gitRepositoryKind: FluxKind = {
  ...family,
  kind: "GitRepository",
  plural: "gitrepositories",
  shortNames: ["gitrepo"],
  columns: [urlColumn, ...stateColumns],
  spec: gitSpec,
  status: status({
    artifact,
    includedArtifacts: list(artifact, "Artifacts of the included repositories."),
    observedIgnore,
    observedRecurseSubmodules: flag("Whether the artifact holds submodules."),
    observedInclude: list(struct(includes, ["repository"], "One."), "The includes of the artifact."),
    observedSparseCheckout: texts("The folders of the artifact."),
    sourceVerificationMode: text("The mode in which the artifact was verified."),
  }),
  description: "Files of a Git repository at a reference.",
};

const layerSelector = struct(
  {
    mediaType: text("The first layer of this media type is taken; the first of all when absent."),
    operation: oneOf(["extract", "copy"], "Unpacks the layer, or keeps it as it is."),
  },
  [],
  "Which layer to take.",
);

const ociVerify = struct(
  {
    provider: oneOf(["cosign", "notation"], "Who signs.", { default: "cosign" }),
    secretRef: localRef("The Secret with the trusted public keys."),
    trustedRootSecretRef: localRef("The Secret with the trusted root."),
    matchOIDCIdentity: list(
      struct(
        { issuer: text("Issuer, a regular expression."), subject: text("Subject, a regular expression.") },
        ["issuer", "subject"],
        "One identity.",
      ),
      "Identities that may have signed.",
    ),
  },
  ["provider"],
  "Signatures that are required.",
);

const ociProvider = oneOf(["generic", "aws", "azure", "gcp"], "Who grants access.", { default: "generic" });
const ociUrl = { pattern: "^oci://.*$" };

export const ociRepositoryKind: FluxKind = {
  ...family,
  kind: "OCIRepository",
  plural: "ocirepositories",
  shortNames: ["ocirepo"],
  columns: [urlColumn, ...stateColumns],
  spec: struct(
    {
      url: text("Registry and repository, without tag: oci://…", ociUrl),
      ref: struct(
        {
          digest: text("Digest to pull."),
          semver: text("Range of versions; the newest tag in it is taken."),
          semverFilter: text("A regular expression that tags must match first."),
          tag: text("Tag to pull; `latest` when absent."),
        },
        [],
        "What to pull: digest before semver before tag.",
      ),
      layerSelector,
      provider: ociProvider,
      secretRef,
      verify: ociVerify,
      serviceAccountName,
      certSecretRef,
      proxySecretRef,
      interval,
      timeout: shortDuration("Longest time for one pull."),
      ignore,
      insecure: flag("Allows plain HTTP."),
      suspend,
    },
    ["interval", "url"],
    "What to pull and how often.",
  ),
  status: status({ artifact, url: artifactUrl, observedIgnore, observedLayerSelector: layerSelector }),
  description: "Files of an OCI artifact.",
};

const accessFrom = struct(
  {
    namespaceSelectors: list(
      struct(
        { matchLabels: { type: "object", additionalProperties: { type: "string" } } },
        [],
        "Labels of a namespace.",
      ),
      "Namespaces that have access.",
    ),
  },
  ["namespaceSelectors"],
  "Who may refer to this object from other namespaces.",
);

export const helmRepositoryKind: FluxKind = {
  ...family,
  kind: "HelmRepository",
  plural: "helmrepositories",
  shortNames: ["helmrepo"],
  columns: [urlColumn, ...stateColumns],
  spec: struct(
    {
      url: text("URL of the repository: http, https or oci.", { pattern: "^(http|https|oci)://.*$" }),
      type: oneOf(["default", "oci"], "`oci` for a registry, which has no index."),
      secretRef,
      certSecretRef,
      passCredentials: flag("Sends the credentials to other hosts as well."),
      interval,
      insecure: flag("Allows plain HTTP."),
      timeout: shortDuration("Longest time for one download."),
      suspend,
      accessFrom,
      provider: ociProvider,
    },
    ["url"],
    "Where charts are offered.",
  ),
  status: status({ artifact, url: artifactUrl }),
  description: "The index of a Helm repository.",
};

export const helmChartKind: FluxKind = {
  ...family,
  kind: "HelmChart",
  plural: "helmcharts",
  shortNames: ["hc"],
  columns: [
    { name: "Chart", type: "string", path: ".spec.chart" },
    { name: "Version", type: "string", path: ".spec.version" },
    { name: "Source Kind", type: "string", path: ".spec.sourceRef.kind" },
    { name: "Source Name", type: "string", path: ".spec.sourceRef.name" },
    ...stateColumns,
  ],
  spec: struct(
    {
      chart: text("Name of the chart, or its path in a Git repository or bucket."),
      version: text("Range of versions.", { default: "*" }),
      sourceRef: kindRef(["HelmRepository", "GitRepository", "Bucket"], "Where the chart is.", false),
      interval,
      reconcileStrategy: oneOf(["ChartVersion", "Revision"], "What makes a new artifact.", { default: "ChartVersion" }),
      valuesFiles: texts("Values files to merge in place of the chart's own values.yaml."),
      ignoreMissingValuesFiles: flag("Leaves out values files that are not there."),
      suspend,
      verify: ociVerify,
    },
    ["chart", "interval", "sourceRef"],
    "Which chart, from where.",
  ),
  status: status({
    artifact,
    url: artifactUrl,
    observedSourceArtifactRevision: text("Revision of the source the chart was taken from."),
    observedChartName: text("Name of the chart."),
    observedValuesFiles: texts("The values files that were merged."),
  }),
  description: "One chart of a Helm repository, Git repository or bucket.",
};

const sts = struct(
  {
    provider: oneOf(["aws", "ldap"], "Who issues credentials."),
    endpoint: text("Where.", { pattern: "^(http|https)://.*$" }),
    secretRef,
    certSecretRef,
  },
  ["endpoint", "provider"],
  "A security token service to obtain credentials from.",
);

export const bucketKind: FluxKind = {
  ...family,
  kind: "Bucket",
  plural: "buckets",
  shortNames: [],
  columns: [{ name: "Endpoint", type: "string", path: ".spec.endpoint" }, ...stateColumns],
  spec: struct(
    {
      provider: oneOf(["generic", "aws", "gcp", "azure"], "Whose storage.", { default: "generic" }),
      bucketName: text("Name of the bucket."),
      endpoint: text("Host of the storage."),
      sts,
      insecure: flag("Allows plain HTTP."),
      region: text("Region of the bucket."),
      prefix: text("Only objects below this prefix."),
      secretRef,
      serviceAccountName,
      certSecretRef,
      proxySecretRef,
      interval,
      timeout: shortDuration("Longest time for one download."),
      ignore,
      suspend,
    },
    ["bucketName", "endpoint", "interval"],
    "Which bucket and how often.",
  ),
  status: status({ artifact, url: artifactUrl, observedIgnore }),
  description: "Files of an object storage bucket.",
};

export const externalArtifactKind: FluxKind = {
  ...family,
  kind: "ExternalArtifact",
  plural: "externalartifacts",
  shortNames: ["ea"],
  columns: [...stateColumns, { name: "Source", type: "string", path: ".spec.sourceRef.name" }],
  spec: struct(
    {
      sourceRef: struct(
        {
          apiVersion: text("API version of the producer."),
          kind: text("Kind of the producer."),
          name: text("Name of the producer."),
          namespace: text("Its namespace."),
        },
        ["kind", "name"],
        "Who writes this artifact.",
      ),
    },
    [],
    "Where the artifact comes from.",
  ),
  status: struct({ artifact, conditions }, [], "The artifact and its state."),
  description: "An artifact written by another controller.",
};

const copyStep = struct(
  {
    from: text("`@alias/pattern`.", { pattern: "^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$", maxLength: 1024 }),
    to: text("`@artifact/path`.", { pattern: "^@(artifact)/(.*)$", maxLength: 1024 }),
    exclude: texts("Patterns of files to leave out.", { maxItems: 100 }),
    strategy: oneOf(["Overwrite", "Merge", "Extract"], "What happens to a file that is already there."),
  },
  ["from", "to"],
  "One copy.",
);

const alias = { pattern: "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$", maxLength: 63 };
const aliasRef = { pattern: "^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$", maxLength: 64 };

export const artifactGeneratorKind: FluxKind = {
  group: sourceExtensionsGroup,
  version: "v1beta1",
  category: "fluxcd-sources",
  kind: "ArtifactGenerator",
  plural: "artifactgenerators",
  shortNames: ["ag"],
  columns: stateColumns,
  spec: struct(
    {
      commonMetadata,
      pathPattern: text("`@alias/dir/{x}`: one artifact for every matching folder."),
      sources: list(
        struct(
          {
            alias: text("How artifacts refer to this source.", alias),
            kind: oneOf(
              ["Bucket", "GitRepository", "OCIRepository", "HelmChart", "ExternalArtifact"],
              "Kind of the source.",
            ),
            name: text("Name of the source."),
            namespace: text("Its namespace; the same as of this object when absent."),
          },
          ["alias", "kind", "name"],
          "One source.",
        ),
        "Where files are copied from.",
        { minItems: 1, maxItems: 1000 },
      ),
      artifacts: list(
        struct(
          {
            name: text("Name of the ExternalArtifact.", { maxLength: 253 }),
            revision: text("`@alias`: takes over that source's revision.", aliasRef),
            originRevision: text("`@alias`: notes that source's revision.", aliasRef),
            copy: list(copyStep, "What to copy.", { minItems: 1 }),
          },
          ["copy", "name"],
          "One artifact.",
        ),
        "What to make of them.",
        { minItems: 1, maxItems: 1000 },
      ),
    },
    ["artifacts", "sources"],
    "Which artifacts to make of which sources.",
  ),
  status: struct(
    {
      conditions: conditions,
      observedSourcesDigest: text("Digest over the sources of the last run."),
      lastHandledReconcileAt: text("The last reconcile request that was handled."),
      inventory: list(
        struct(
          {
            name: text("Name of the ExternalArtifact."),
            namespace: text("Its namespace."),
            digest: text("Digest of the artifact."),
            filename: text("File in the storage."),
          },
          ["digest", "filename", "name", "namespace"],
          "One artifact.",
        ),
        "What was made.",
      ),
    },
    [],
    "What was observed.",
  ),
  description: "Makes smaller artifacts of larger sources.",
};

export const sourceKinds: readonly FluxKind[] = [
  gitRepositoryKind,
  ociRepositoryKind,
  helmRepositoryKind,
  helmChartKind,
  bucketKind,
  externalArtifactKind,
  artifactGeneratorKind,
];
