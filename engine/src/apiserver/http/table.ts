// metav1.Table: rows that kubectl prints, with as much of each object as the client asks for.

import type { Json, Manifest } from "#kernel";
import type { PrinterColumn } from "#api/crd";
import type { Served } from "#apiserver/registry";
import { ageColumn, builtinColumns, type Column, nameColumn } from "./columns.ts";
import { recordedColumns } from "./recorded-columns.ts";
import { age } from "./human.ts";
import { findAll } from "./json-path.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

export function columnsOf(served: Served): readonly Column[] {
  if (served.custom === undefined) return builtinColumns(served.resource);
  const own = served.custom.columns.map(customColumn);
  const name = { ...nameColumn, description: nameText() };
  return own.length === 0 ? [name, { ...ageColumn, type: "date", description: ageText() }] : [name, ...own];
}

/** The words of the columns that every kind has. */
function nameText(): string {
  return commonText("Name");
}
function ageText(): string {
  return commonText("Age");
}
function commonText(name: string): string {
  const columns = recordedColumns({ group: "", version: "v1", plural: "configmaps" });
  return columns?.find((column) => column.name === name)?.description ?? "";
}

function customColumn(column: PrinterColumn): Column {
  return {
    name: column.name,
    type: column.type,
    ...(column.format === "" ? {} : { format: column.format }),
    priority: column.priority,
    description: customText(column),
    cell: (object, nowMs) => customCell(column, findAll(object as unknown as Json, column.jsonPath), nowMs),
  };
}

/** A column without words of its own is described by where its value stands. */
function customText({ description, jsonPath }: PrinterColumn): string {
  return description === "" ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description;
}

function customCell(column: PrinterColumn, found: readonly Json[], nowMs: number): Json {
  const [first] = found;
  if (first === undefined) return null;
  if (column.type === "date") return typeof first === "string" ? age(first, nowMs) : "<unknown>";
  if (column.type === "string")
    return found.length > 1 || typeof first === "object" ? found.map(textOf).join(",") : textOf(first);
  return first;
}

function textOf(value: Json): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

/** `withColumns`: later chunks and later watch events repeat none. */
export function tableOf(
  served: Served,
  objects: readonly Manifest[],
  options: { nowMs: number; include: IncludeObject; withColumns: boolean; metadata: object },
): Record<string, unknown> {
  const columns = columnsOf(served);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: options.metadata,
    columnDefinitions: options.withColumns ? columns.map(definitionOf) : null,
    rows: objects.map((object) => rowOf(columns, object, options)),
  };
}

function definitionOf({ name, type, format, description, priority }: Column): Record<string, unknown> {
  return { name, type, format: format ?? "", description: description ?? "", priority };
}

function rowOf(
  columns: readonly Column[],
  object: Manifest,
  { nowMs, include }: { nowMs: number; include: IncludeObject },
): Record<string, unknown> {
  const cells = columns.map((column) => column.cell(object, nowMs));
  if (include === "None") return { cells, object: null };
  if (include === "Object") return { cells, object };
  return {
    cells,
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: shownMetadata(object) },
  };
}

/** Where metadata alone is shown, a DaemonSet is without the annotation that only its own version has. */
export function shownMetadata({ kind, metadata }: Manifest): Manifest["metadata"] {
  if (kind !== "DaemonSet" || metadata.annotations === undefined) return metadata;
  const { "deprecated.daemonset.template.generation": _, ...annotations } = metadata.annotations;
  const { annotations: _all, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}
