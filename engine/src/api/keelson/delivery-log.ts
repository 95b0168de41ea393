// keelson.dev/v1alpha1 DeliveryLog: what happened to one delivery, newest first, bounded. It belongs to the delivery's object
// and goes with it; nothing reads it to decide anything.

import { asManifest, type JsonObject, type Manifest } from "#kernel";

export const deliveryLogKind = {
  group: "keelson.dev",
  version: "v1alpha1",
  kind: "DeliveryLog",
  plural: "deliverylogs",
} as const;

/** The lists of a log. */
export type LogList = "applies" | "heals" | "drifts" | "holds" | "approvals" | "healthyRevisions";

/** Flat texts and numbers; every entry has a time. */
export type LogEntry = { time: string; [field: string]: string | number };

export type DeliveryLog = Manifest & {
  deliveryRef: { apiVersion: string; kind: string; name: string };
} & { [list in LogList]?: LogEntry[] };

const text = { type: "string" };
const number = { type: "integer" };
const time = { type: "string", format: "date-time" };

/** Fields of the entries of each list, beside the time. */
export const logLists: { readonly [list in LogList]: { fields: JsonObject; description: string } } = {
  applies: {
    description: "Attempts to bring a revision about, and how each ended.",
    fields: { revision: text, digest: text, result: text, message: text, tookMilliseconds: number },
  },
  heals: {
    description: "Changes made in the cluster that were taken back.",
    fields: { object: text, fields: text, managers: text, by: text },
  },
  drifts: {
    description: "Changes made in the cluster that were only reported.",
    fields: { object: text, fields: text, managers: text, by: text },
  },
  holds: {
    description: "Revisions that waited for a person or a time.",
    fields: { revision: text, reason: text, message: text },
  },
  approvals: { description: "Revisions that somebody approved.", fields: { revision: text, by: text } },
  healthyRevisions: {
    description: "Revisions after which everything that was waited for became healthy.",
    fields: { revision: text, digest: text },
  },
};

export function deliveryLogDefinition(): Manifest {
  const { group, version, kind, plural } = deliveryLogKind;
  const lists = Object.entries(logLists).map(([name, { fields, description }]) => [
    name,
    { type: "array", description, items: { type: "object", required: ["time"], properties: { time, ...fields } } },
  ]);
  const properties: JsonObject = {
    apiVersion: text,
    kind: text,
    metadata: { type: "object" },
    deliveryRef: {
      type: "object",
      description: "The object that describes the delivery, in the same namespace.",
      required: ["apiVersion", "kind", "name"],
      properties: { apiVersion: text, kind: text, name: text },
    },
    ...(Object.fromEntries(lists) as JsonObject),
  };
  const columns = [
    { name: "Delivery", type: "string", jsonPath: ".deliveryRef.name" },
    { name: "Last", type: "date", jsonPath: ".applies[0].time" },
    { name: "Result", type: "string", jsonPath: ".applies[0].result" },
    { name: "Revision", type: "string", jsonPath: ".applies[0].revision" },
  ];
  const description = "What happened to one delivery, newest first, bounded.";
  return asManifest({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      labels: { "app.kubernetes.io/managed-by": "keelson", "app.kubernetes.io/part-of": "keelson" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular: "deliverylog", categories: ["keelson"] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: { type: "object", description, properties } },
        },
      ],
    },
  });
}
