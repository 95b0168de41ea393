// A CustomResourceDefinition as the server reads it, and what is served for each of its versions.

import type { JsonObject, Manifest } from "#kernel";
import type { PrinterColumn, Served, Storage, Subresource } from "#apiserver/registry";

export type DefinitionNames = {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
};

export type DefinitionVersion = {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: JsonObject };
  subresources?: {
    status?: JsonObject;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
  additionalPrinterColumns?: {
    name: string;
    type: string;
    format?: string;
    description?: string;
    priority?: number;
    jsonPath: string;
  }[];
  selectableFields?: { jsonPath: string }[];
};

export type Definition = Manifest & {
  spec: {
    group: string;
    names: DefinitionNames;
    scope: "Namespaced" | "Cluster";
    versions: DefinitionVersion[];
    preserveUnknownFields?: boolean;
    conversion?: { strategy?: string };
  };
  status?: {
    conditions?: Condition[];
    acceptedNames?: DefinitionNames;
    storedVersions?: string[];
    observedGeneration?: number;
  };
};

export type Condition = {
  type: string;
  status: "True" | "False";
  lastTransitionTime: string;
  reason: string;
  message: string;
};

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const partVerbs = ["get", "patch", "update"];

export function isEstablished(definition: Definition): boolean {
  return (definition.status?.conditions ?? []).some((one) => one.type === "Established" && one.status === "True");
}

export function storageOf(definition: Definition): Storage {
  const { group, names, scope, versions } = definition.spec;
  const stored = versions.find((version) => version.storage) ?? versions[0];
  return {
    group,
    plural: names.plural,
    kind: names.kind,
    apiVersion: `${group}/${stored?.name ?? "v1"}`,
    isNamespaced: scope === "Namespaced",
  };
}

/** What is served of a definition: one entry a served version, the preferred one first. */
export function servedOf(definition: Definition): Served[] {
  return [...definition.spec.versions]
    .filter((version) => version.served)
    .sort((a, b) => compareVersions(b.name, a.name))
    .map((version) => servedVersion(definition, version));
}

function servedVersion(definition: Definition, version: DefinitionVersion): Served {
  const { group, names, scope } = definition.spec;
  const { status, scale } = version.subresources ?? {};
  const subresources: Record<string, Subresource> = {};
  if (status !== undefined) subresources.status = { group, version: version.name, kind: names.kind, verbs: partVerbs };
  if (scale !== undefined)
    subresources.scale = { group: "autoscaling", version: "v1", kind: "Scale", verbs: partVerbs };
  const fields = (version.selectableFields ?? []).map((field) => field.jsonPath.replace(/^\./, ""));
  return {
    resource: {
      group,
      version: version.name,
      plural: names.plural,
      singular: names.singular ?? names.kind.toLowerCase(),
      kind: names.kind,
      isNamespaced: scope === "Namespaced",
      verbs,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      subresources: Object.keys(subresources),
    },
    storage: storageOf(definition),
    subresources,
    strategy: {
      hasStatus: status !== undefined,
      hasGeneration: true,
      allowsUnconditionalUpdate: false,
      allowsCreateOnUpdate: false,
      nameRule: "subdomain",
      selectableFields: (object) => Object.fromEntries(fields.map((path) => [path, fieldText(object, path)])),
    },
    schemas: undefined,
    schema: undefined,
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicas: scale.specReplicasPath.replace(/^\./, ""),
            statusReplicas: scale.statusReplicasPath.replace(/^\./, ""),
            ...(scale.labelSelectorPath === undefined
              ? {}
              : { labelSelector: scale.labelSelectorPath.replace(/^\./, "") }),
          },
        }),
    custom: {
      columns: (version.additionalPrinterColumns ?? []).map(columnOf),
      selectableFields: fields,
      schema: version.schema?.openAPIV3Schema,
    },
  };
}

function columnOf(column: NonNullable<DefinitionVersion["additionalPrinterColumns"]>[number]): PrinterColumn {
  return { ...column, description: column.description ?? "", priority: column.priority ?? 0 };
}

function fieldText(object: Manifest, path: string): string {
  let value: unknown = object;
  for (const part of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** Kubernetes' order of versions: v2 over v1 over v1beta2 over v1alpha1; anything else last, by text. */
export function compareVersions(a: string, b: string): number {
  const left = rankOf(a);
  const right = rankOf(b);
  if (left === undefined || right === undefined) {
    if (left !== undefined) return 1;
    if (right !== undefined) return -1;
    return a < b ? 1 : a > b ? -1 : 0;
  }
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rankOf(version: string): [number, number, number] | undefined {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return undefined;
  const stage = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

export function asDefinition(object: Manifest): Definition {
  return object as unknown as Definition;
}
