// The kinds of image.toolkit.fluxcd.io/v1: registries scanned, tags chosen, repositories updated.

import { type FluxKind, stateColumns } from "./definition.ts";
import {
  certSecretRef,
  duration,
  interval,
  kindRef,
  proxySecretRef,
  secretRef,
  serviceAccountName,
  shortDuration,
  status,
  suspend,
} from "./fields.ts";
import { imageGroup } from "./names.ts";
import { flag, integer, list, mapOf, oneOf, rule, struct, text, textMap, texts } from "./schema.ts";

const family = { group: imageGroup, version: "v1", category: "fluxcd-images" } as const;
const provider = oneOf(["generic", "aws", "azure", "gcp"], "Who grants access.", { default: "generic" });

const imageRepositoryKind: FluxKind = {
  ...family,
  kind: "ImageRepository",
  plural: "imagerepositories",
  shortNames: ["imgrepo", "imagerepo"],
  columns: [
    { name: "Image", type: "string", path: ".spec.image" },
    { name: "Tags", type: "string", path: ".status.lastScanResult.tagCount" },
    { name: "Last scan", type: "string", path: ".status.lastScanResult.scanTime" },
    ...stateColumns,
  ],
  spec: struct(
    {
      image: text("Image without tag."),
      interval,
      timeout: shortDuration("Longest time for one scan."),
      secretRef,
      proxySecretRef,
      serviceAccountName,
      certSecretRef,
      suspend,
      accessFrom: struct(
        {
          namespaceSelectors: list(
            struct({ matchLabels: textMap("Labels.") }, [], "Labels of a namespace."),
            "Namespaces that have access.",
          ),
        },
        ["namespaceSelectors"],
        "Who may refer to this object from other namespaces.",
      ),
      exclusionList: texts("Regular expressions of tags to leave out.", { default: ["^.*\\.sig$"], maxItems: 25 }),
      provider,
      insecure: flag("Allows plain HTTP."),
    },
    ["image", "interval"],
    "Which image to scan and how often.",
  ),
  status: status({
    canonicalImageName: text("Image with its registry."),
    lastScanResult: struct(
      {
        revision: text("Digest over the tags."),
        tagCount: integer("How many tags."),
        scanTime: text("When.", { format: "date-time" }),
        latestTags: texts("Some of them."),
      },
      ["tagCount"],
      "The last scan.",
    ),
    observedExclusionList: texts("The exclusions of the last scan."),
  }),
  description: "The tags of an image.",
};

const order = oneOf(["asc", "desc"], "asc takes the last, desc the first.", { default: "asc" });
const imageRef = struct(
  { name: text("Image."), tag: text("Tag."), digest: text("Digest.") },
  ["name", "tag"],
  "An image.",
);

const imagePolicyKind: FluxKind = {
  ...family,
  kind: "ImagePolicy",
  plural: "imagepolicies",
  shortNames: ["imgpol", "imagepol"],
  columns: [
    { name: "Image", type: "string", path: ".status.latestRef.name" },
    { name: "Tag", type: "string", path: ".status.latestRef.tag" },
    ...stateColumns,
  ],
  spec: struct(
    {
      imageRepositoryRef: struct(
        { name: text("Name."), namespace: text("Its namespace; the same as of this object when absent.") },
        ["name"],
        "The ImageRepository to choose from.",
      ),
      policy: struct(
        {
          semver: struct({ range: text("Range of versions.") }, ["range"], "By version."),
          alphabetical: struct({ order }, [], "By letters."),
          numerical: struct({ order }, [], "By number."),
        },
        [],
        "How to choose; exactly one.",
      ),
      filterTags: struct(
        { pattern: text("Regular expression that tags must match."), extract: text("What of it is compared.") },
        [],
        "Which tags are considered.",
      ),
      digestReflectionPolicy: oneOf(["Always", "IfNotPresent", "Never"], "Whether the digest is looked up.", {
        default: "Never",
      }),
      interval: duration("How often to look the digest up."),
      suspend,
    },
    ["imageRepositoryRef", "policy"],
    "Which tag to choose.",
    {
      "x-kubernetes-validations": [
        rule(
          "!has(self.interval) || (has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'Always')",
          "spec.interval is only accepted when spec.digestReflectionPolicy is set to 'Always'",
        ),
      ],
    },
  ),
  status: status({ latestRef: imageRef, observedPreviousRef: imageRef }),
  description: "The newest tag of an image under a policy.",
};

const gitRefFields = {
  branch: text("Branch."),
  tag: text("Tag."),
  semver: text("Range of versions."),
  name: text("Full name of a reference."),
  commit: text("Commit."),
};

const commit = struct(
  {
    author: struct({ name: text("Name."), email: text("Address.") }, ["email"], "Who commits."),
    signingKey: struct({ secretRef }, ["secretRef"], "Key to sign with."),
    messageTemplate: text("Go template of the message."),
    messageTemplateValues: textMap("Values for the template."),
  },
  ["author"],
  "How to commit.",
);

const imageUpdateAutomationKind: FluxKind = {
  ...family,
  kind: "ImageUpdateAutomation",
  plural: "imageupdateautomations",
  shortNames: ["iua", "imgupd", "imageupdate"],
  columns: [{ name: "Last run", type: "string", path: ".status.lastAutomationRunTime" }, ...stateColumns],
  spec: struct(
    {
      sourceRef: kindRef(["GitRepository"], "The repository to update."),
      git: struct(
        {
          checkout: struct({ ref: struct(gitRefFields, [], "What.") }, ["ref"], "What to check out."),
          commit,
          push: struct(
            { branch: text("Branch."), refspec: text("Refspec."), options: textMap("Push options.") },
            [],
            "Where to push.",
          ),
        },
        ["commit"],
        "How to use Git.",
      ),
      interval,
      policySelector: struct(
        {
          matchLabels: textMap("Labels."),
          matchExpressions: list(
            struct(
              { key: text("Label."), operator: text("Operator."), values: texts("Values.") },
              ["key", "operator"],
              "One.",
            ),
            "Expressions.",
          ),
        },
        [],
        "Which policies; all when absent.",
      ),
      update: struct(
        { strategy: oneOf(["Setters"], "How.", { default: "Setters" }), path: text("Where; the root when absent.") },
        [],
        "How to update files.",
        { default: { strategy: "Setters" } },
      ),
      suspend,
    },
    ["interval", "sourceRef"],
    "Which repository to update and how.",
  ),
  status: status({
    lastAutomationRunTime: text("When it last ran.", { format: "date-time" }),
    lastPushCommit: text("The last commit."),
    lastPushTime: text("When it was pushed.", { format: "date-time" }),
    observedPolicies: mapOf(imageRef, "Images of the policies seen."),
    observedSourceRevision: text("Revision of the source seen."),
  }),
  description: "Writes chosen image tags to Git.",
};

export const imageKinds: readonly FluxKind[] = [imageRepositoryKind, imagePolicyKind, imageUpdateAutomationKind];
