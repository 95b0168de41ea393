// The kinds of notification.toolkit.fluxcd.io: Receiver v1, Provider and Alert v1beta3 (which have no status).

import { ageColumn, type FluxKind, stateColumns } from "./definition.ts";
import {
  certSecretRef,
  duration,
  localRef,
  proxySecretRef,
  secretRef,
  serviceAccountName,
  status,
  suspend,
} from "./fields.ts";
import { notificationGroup } from "./names.ts";
import { list, oneOf, struct, text, textMap, texts } from "./schema.ts";

const family = { group: notificationGroup, category: "fluxcd-notifications", shortNames: [] } as const;

const providerTypes = [
  "slack",
  "discord",
  "msteams",
  "rocket",
  "generic",
  "generic-hmac",
  "github",
  "gitlab",
  "gitea",
  "giteapullrequestcomment",
  "githubpullrequestcomment",
  "gitlabmergerequestcomment",
  "bitbucketserver",
  "bitbucket",
  "azuredevops",
  "googlechat",
  "googlepubsub",
  "webex",
  "sentry",
  "azureeventhub",
  "telegram",
  "lark",
  "matrix",
  "opsgenie",
  "alertmanager",
  "grafana",
  "githubdispatch",
  "pagerduty",
  "datadog",
  "nats",
  "zulip",
  "otel",
  "zoom",
  "incidentio",
];

const providerKind: FluxKind = {
  ...family,
  version: "v1beta3",
  kind: "Provider",
  plural: "providers",
  columns: ageColumn,
  spec: struct(
    {
      type: oneOf(providerTypes, "Who is notified."),
      interval: duration("No longer used."),
      channel: text("Channel.", { minLength: 1, maxLength: 2048 }),
      username: text("Name under which to post.", { minLength: 1, maxLength: 2048 }),
      address: text("Where to post.", { minLength: 1, maxLength: 2048 }),
      timeout: text("Longest time for one message.", { pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$" }),
      proxy: text("No longer used."),
      proxySecretRef,
      secretRef,
      serviceAccountName,
      certSecretRef,
      suspend,
      commitStatusExpr: text("CEL expression of the commit status id."),
    },
    ["type"],
    "Whom to notify and how.",
  ),
  description: "Someone who is notified.",
};

const labelMatch = textMap("Labels; needed with the name `*`.");
const eventKinds = [
  "Bucket",
  "GitRepository",
  "Kustomization",
  "HelmRelease",
  "HelmChart",
  "HelmRepository",
  "ImageRepository",
  "ImagePolicy",
  "ImageUpdateAutomation",
  "OCIRepository",
  "ArtifactGenerator",
  "ExternalArtifact",
];

const crossRef = struct(
  {
    apiVersion: text("API version."),
    kind: oneOf(eventKinds, "Kind."),
    name: text("Name, or `*`.", { minLength: 1, maxLength: 253 }),
    namespace: text("Namespace; the same as of this object when absent.", { minLength: 1, maxLength: 253 }),
    matchLabels: labelMatch,
  },
  ["kind", "name"],
  "Objects.",
);

const alertKind: FluxKind = {
  ...family,
  version: "v1beta3",
  kind: "Alert",
  plural: "alerts",
  columns: ageColumn,
  spec: struct(
    {
      providerRef: localRef("The Provider to notify."),
      eventSeverity: oneOf(["info", "error"], "Which events.", { default: "info" }),
      eventSources: list(crossRef, "Whose events."),
      inclusionList: texts("Regular expressions; one must match."),
      exclusionList: texts("Regular expressions; none may match."),
      eventMetadata: textMap("Added to every event."),
      summary: text("A sentence added to every event.", { maxLength: 255 }),
      suspend,
    },
    ["eventSources", "providerRef"],
    "Which events go to whom.",
  ),
  description: "Sends events to a Provider.",
};

const receiverTypes = [
  "generic",
  "generic-hmac",
  "generic-oidc",
  "github",
  "gitlab",
  "bitbucket",
  "harbor",
  "dockerhub",
  "quay",
  "gcr",
  "nexus",
  "acr",
  "cdevents",
];

const receiverKind: FluxKind = {
  ...family,
  version: "v1",
  kind: "Receiver",
  plural: "receivers",
  columns: stateColumns,
  spec: struct(
    {
      type: oneOf(receiverTypes, "Who calls."),
      interval: duration("How often to look at the Secret.", "10m"),
      events: texts("Which events of the caller."),
      resources: list(
        struct(
          {
            apiVersion: text("API version; may be absent for Flux kinds."),
            kind: oneOf(eventKinds, "Kind."),
            name: text("Name, or `*`.", { minLength: 1, maxLength: 253 }),
            namespace: text("Namespace; the same as of this object when absent.", { minLength: 1, maxLength: 253 }),
            matchLabels: labelMatch,
            filter: text("CEL expression over `res`, `req` and `claims`."),
          },
          ["kind", "name"],
          "Objects.",
        ),
        "What is reconciled.",
      ),
      resourceFilter: text("CEL expression over `res`, `req` and `claims`."),
      secretRef: localRef("The Secret with the token."),
      oidcProviders: list(
        struct(
          {
            issuerURL: text("Issuer."),
            audience: text("Audience."),
            variables: list(
              struct({ name: text("Name."), expression: text("CEL.") }, ["expression", "name"], "One."),
              "Variables.",
            ),
            validations: list(
              struct({ expression: text("CEL."), message: text("Why not.") }, ["expression"], "One."),
              "Conditions on the claims.",
            ),
          },
          ["issuerURL"],
          "One issuer.",
        ),
        "Whose tokens are accepted.",
      ),
      suspend,
    },
    ["resources", "type"],
    "Which webhook reconciles what.",
  ),
  status: status({ webhookPath: text("Path of the webhook.") }),
  description: "A webhook that reconciles objects.",
};

export const notificationKinds: readonly FluxKind[] = [receiverKind, alertKind, providerKind];
