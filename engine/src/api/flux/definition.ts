// A kind as a table, and the CustomResourceDefinition made of it.

import { asManifest, type Json, type JsonObject, type Manifest } from "#kernel";
import { fluxVersion } from "./names.ts";
import type { Schema } from "./schema.ts";

export type Column = { name: string; type: "string" | "date" | "integer"; path: string };

/** One kind of Flux's API. */
export type FluxKind = {
  group: string;
  version: string;
  kind: string;
  plural: string;
  shortNames: readonly string[];
  /** The category of its family, such as `fluxcd-sources`; `all` and `fluxcd` come with every kind. */
  category: string;
  columns: readonly Column[];
  spec: Schema;
  /** Absent for kinds that have no status at all. */
  status?: Schema;
  description: string;
};

const age: Column = { name: "Age", type: "date", path: ".metadata.creationTimestamp" };
const ready: Column = { name: "Ready", type: "string", path: '.status.conditions[?(@.type=="Ready")].status' };
const message: Column = { name: "Status", type: "string", path: '.status.conditions[?(@.type=="Ready")].message' };

export const ageColumn: readonly Column[] = [age];
export const stateColumns: readonly Column[] = [age, ready, message];

/** The names under which the API server offers the kind. */
function namesOf(kind: FluxKind): JsonObject {
  const names: JsonObject = {
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    categories: ["all", "fluxcd", kind.category],
  };
  if (kind.shortNames.length > 0) names["shortNames"] = [...kind.shortNames];
  return names;
}

function versionOf(kind: FluxKind): JsonObject {
  const properties: { [name: string]: Json } = {
    apiVersion: { type: "string", description: "The versioned schema of this object." },
    kind: { type: "string", description: "The kind of this object." },
    metadata: { type: "object" },
    spec: kind.spec,
  };
  if (kind.status !== undefined) properties["status"] = kind.status;
  return {
    name: kind.version,
    served: true,
    storage: true,
    additionalPrinterColumns: kind.columns.map((c) => ({ name: c.name, type: c.type, jsonPath: c.path })),
    schema: { openAPIV3Schema: { description: kind.description, type: "object", properties } },
    subresources: kind.status === undefined ? {} : { status: {} },
  };
}

/** The CustomResourceDefinition of the kind, ready to be applied. */
export function definitionOf(kind: FluxKind): Manifest {
  return asManifest({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      labels: {
        "app.kubernetes.io/managed-by": "keelson",
        "app.kubernetes.io/part-of": "flux",
        "app.kubernetes.io/version": fluxVersion,
      },
      // A CRD may hold `${…}` in its descriptions, which substitution must not touch.
      annotations: { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
    },
    spec: { group: kind.group, names: namesOf(kind), scope: "Namespaced", versions: [versionOf(kind)] },
  });
}
