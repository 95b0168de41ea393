// The paths of an OpenAPI document: which operations a resource has and which query parameters each takes. kubectl asks
// them whether the server knows dryRun and fieldValidation, and explain finds a resource's kind by them.

import type { Json, JsonObject } from "#kernel";
import type { Served } from "#apiserver/registry";

type Operation = { method: string; action: string; verb: string; parameters: readonly string[] };

const writeParameters = ["dryRun", "fieldManager", "fieldValidation"] as const;
const listParameters = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
] as const;
const deleteParameters = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"] as const;

const collectionOperations: readonly Operation[] = [
  { method: "get", action: "list", verb: "list", parameters: listParameters },
  { method: "post", action: "post", verb: "create", parameters: writeParameters },
  {
    method: "delete",
    action: "deletecollection",
    verb: "deletecollection",
    parameters: [...deleteParameters, ...listParameters],
  },
];

const itemOperations: readonly Operation[] = [
  { method: "get", action: "get", verb: "get", parameters: [] },
  { method: "put", action: "put", verb: "update", parameters: writeParameters },
  { method: "patch", action: "patch", verb: "patch", parameters: [...writeParameters, "force"] },
  { method: "delete", action: "delete", verb: "delete", parameters: deleteParameters },
];

const types: Readonly<Record<string, string>> = {
  limit: "integer",
  timeoutSeconds: "integer",
  gracePeriodSeconds: "integer",
  allowWatchBookmarks: "boolean",
  force: "boolean",
  orphanDependents: "boolean",
  sendInitialEvents: "boolean",
  watch: "boolean",
};

export type SchemaNames = (group: string, version: string, kind: string) => string | undefined;
export type Style = "v2" | "v3";

/** The paths of one served resource. */
export function pathsOf(served: Served, names: SchemaNames, style: Style): JsonObject {
  const { resource } = served;
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.isNamespaced ? `${base}/namespaces/{namespace}` : base;
  const collection = `${scope}/${resource.plural}`;
  const item = `${collection}/{name}`;
  const kind = { group: resource.group, version: resource.version, kind: resource.kind };
  const paths: JsonObject = {};
  const name = names(kind.group, kind.version, kind.kind);
  const add = (path: string, operations: readonly Operation[], verbs: readonly string[], target: Target): void => {
    const entry = pathItem(path, operations, verbs, { ...target, style });
    if (entry !== undefined) paths[path] = entry;
  };
  add(collection, collectionOperations, resource.verbs, { kind, name });
  add(item, itemOperations, resource.verbs, { kind, name });
  if (resource.isNamespaced)
    add(`${base}/${resource.plural}`, collectionOperations.slice(0, 1), resource.verbs, { kind, name });
  for (const [part, { group, version, kind: partKind, verbs }] of Object.entries(served.subresources)) {
    const target = { kind: { group, version, kind: partKind }, name: names(group, version, partKind) };
    add(`${item}/${part}`, [...itemOperations, ...collectionOperations.slice(1, 2)], verbs, target);
  }
  return paths;
}

type Target = { kind: { group: string; version: string; kind: string }; name: string | undefined };

function pathItem(
  path: string,
  operations: readonly Operation[],
  verbs: readonly string[],
  target: Target & { style: Style },
): JsonObject | undefined {
  const entry: JsonObject = {};
  for (const operation of operations) {
    if (!verbs.includes(operation.verb)) continue;
    entry[operation.method] = {
      operationId: operationId(operation.verb, path),
      parameters: operation.parameters.map((name) => parameter(name, "query", target.style)),
      ...requestBody(operation, target),
      responses: responses(target),
      "x-kubernetes-action": operation.action,
      "x-kubernetes-group-version-kind": target.kind,
    };
  }
  if (Object.keys(entry).length === 0) return undefined;
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map((match) => parameter(match[1] as string, "path", target.style));
  return { ...entry, parameters: parts };
}

function operationId(verb: string, path: string): string {
  const words = path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => part.replace(/[^A-Za-z0-9]/g, " ").trim());
  return (
    verb +
    words
      .flatMap((part) => part.split(" "))
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join("")
  );
}

function parameter(name: string, where: "query" | "path", style: Style): JsonObject {
  const type = types[name] ?? "string";
  const place: JsonObject = { name, in: where, ...(where === "path" ? { required: true } : {}) };
  return style === "v2" ? { ...place, type, uniqueItems: true } : { ...place, schema: { type, uniqueItems: true } };
}

function requestBody(operation: Operation, target: Target & { style: Style }): JsonObject {
  if (operation.verb !== "create" && operation.verb !== "update") return {};
  if (target.name === undefined || target.style === "v2") return {};
  return { requestBody: { required: true, content: { "*/*": { schema: link(target.name, "v3") } } } };
}

function responses(target: Target & { style: Style }): JsonObject {
  if (target.name === undefined) return { "200": { description: "OK" } };
  const schema = link(target.name, target.style);
  const body: Json = target.style === "v2" ? { schema } : { content: { "application/json": { schema } } };
  return { "200": { description: "OK", ...(body as JsonObject) } };
}

function link(name: string, style: Style): JsonObject {
  return { $ref: style === "v2" ? `#/definitions/${name}` : `#/components/schemas/${name}` };
}
