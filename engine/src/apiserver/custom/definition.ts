// A CustomResourceDefinition as the server reads it, and what is served for each of its versions.

import { applyDefaults, type CustomKind, customKinds, pruneObject } from "#api/crd";
import type { Conversion, Served, Storage, Subresource } from "#apiserver/registry";
import { asJson, asManifest, type JsonObject, type Manifest } from "#kernel";

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
  schema?: { openAPIV3Schema?: JsonObject };
};

export type Definition = Manifest & {
  spec: {
    group: string;
    names: DefinitionNames;
    scope: "Namespaced" | "Cluster";
    versions: DefinitionVersion[];
    preserveUnknownFields?: boolean;
    conversion?: JsonObject;
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

/** In the order in which discovery tells them. */
const verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
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

/** What is served of a definition: one entry a served version, the preferred one first. `since`: when its schemas came. */
export function servedOf(
  definition: Definition,
  conversion?: Conversion,
  since: number = Number(definition.metadata.resourceVersion ?? 0),
): Served[] {
  const storage = storageOf(definition);
  const kinds = customKinds(asJson(definition));
  const byVersion = new Map(kinds.map((kind) => [`${kind.group}/${kind.version}`, kind]));
  const typeOf = (apiVersion: string): CustomKind | undefined => byVersion.get(apiVersion);
  const whole = (object: Manifest): Manifest => wholeBy(typeOf(object.apiVersion), object);
  return kinds
    .filter((kind) => kind.isServed)
    .sort((a, b) => compareVersions(b.version, a.version))
    .map((kind) => {
      const { deprecationWarning, columns } = kind;
      const schema = rawSchema(definition, kind.version);
      const custom = {
        columns,
        schema,
        deprecationWarning,
        since,
        typeOf,
        whole,
        pruned: (object: Manifest) => prune(object, kind),
      };
      return servedKind(kind, storage, custom);
    })
    .map((served) => (conversion === undefined ? served : converted(served, conversion)));
}

function prune(object: Manifest, { schemas, root }: CustomKind): Manifest {
  return asManifest(pruneObject(asJson(object), schemas, root).value);
}

/** An object of a version that the definition no longer has stays as it is. */
function wholeBy(kind: CustomKind | undefined, object: Manifest): Manifest {
  return kind === undefined ? object : asManifest(applyDefaults(asJson(prune(object, kind)), kind.schemas, kind.root));
}

/** Served with what a webhook makes of its objects. */
function converted(served: Served, conversion: Conversion): Served {
  const { group, version } = served.resource;
  return {
    ...served,
    conversion,
    convert: {
      fromStorage: (object) => conversion.convert(object, `${group}/${version}`),
      toStorage: (object) => conversion.convert(object, served.storage.apiVersion),
    },
  };
}

function rawSchema(definition: Definition, version: string): JsonObject | undefined {
  return definition.spec.versions.find((one) => one.name === version)?.schema?.openAPIV3Schema;
}

function servedKind(kind: CustomKind, storage: Storage, custom: NonNullable<Served["custom"]>): Served {
  const { group, version, scale } = kind;
  const subresources: Record<string, Subresource> = {};
  if (kind.hasStatus) subresources.status = { group, version, kind: kind.kind, verbs: partVerbs };
  if (scale !== undefined)
    subresources.scale = { group: "autoscaling", version: "v1", kind: "Scale", verbs: partVerbs };
  const fields = kind.selectableFields.map(withoutDot);
  const { plural, singular, shortNames, categories, isNamespaced } = kind;
  return {
    resource: {
      group,
      version,
      plural,
      singular,
      kind: kind.kind,
      isNamespaced,
      verbs,
      shortNames,
      categories,
      subresources: Object.keys(subresources),
    },
    storage,
    subresources,
    strategy: {
      hasStatus: kind.hasStatus,
      hasGeneration: true,
      allowsUnconditionalUpdate: false,
      allowsCreateOnUpdate: false,
      warnings: plainFinalizers,
      selectableFields: (object) => Object.fromEntries(fields.map((path) => [path, fieldText(object, path)])),
    },
    schemas: kind.schemas,
    schema: kind.root,
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicas: withoutDot(scale.specReplicas),
            statusReplicas: withoutDot(scale.statusReplicas),
            ...(scale.labelSelector === "" ? {} : { labelSelector: withoutDot(scale.labelSelector) }),
          },
        }),
    custom,
  };
}

/** Warns of new finalizers without a domain. */
function plainFinalizers(draft: Manifest, live: Manifest | undefined): string[] {
  const known = new Set(live?.metadata.finalizers ?? []);
  return (draft.metadata.finalizers ?? [])
    .filter((name) => !name.includes("/") && !known.has(name) && !standardFinalizers.has(name))
    .map(
      (name) =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}

const standardFinalizers: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion"]);

function withoutDot(path: string): string {
  return path.replace(/^\./, "");
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
