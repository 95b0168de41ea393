// ConfigMaps and Secrets that a kustomization generates: their entry there, and the literal or file behind each key.

import type { YamlNode } from "#formats/yaml";
import { baseName, joinPath, type Manifest } from "#kernel";
import type { KustomizationFile } from "./kustomization-files.ts";
import { type FieldStep, itemsOf, memberOf, nodeAt, scalarOf } from "./nodes.ts";

type Place = { path: string; line: number; note?: string };

export type Generated = {
  /** As the kustomization names it. */
  name: string;
  place: Place;
  field: (steps: readonly FieldStep[]) => Place | undefined;
};

const fields: Readonly<Record<string, string>> = { ConfigMap: "configMapGenerator", Secret: "secretGenerator" };

/** The generator that made an object; its name may have got a prefix, a suffix and a hash. */
export function generatedIn(
  kustomizations: readonly KustomizationFile[],
  files: ReadonlyMap<string, string>,
  { kind, metadata }: Manifest,
): Generated | undefined {
  const field = fields[kind];
  if (field === undefined) return undefined;
  for (const file of kustomizations)
    for (const entry of itemsOf(nodeAt(file.root, field))) {
      const name = scalarOf(nodeAt(entry, "name"));
      if (name === "" || !metadata.name.includes(name)) continue;
      const place = { path: file.path, line: entry.line };
      return { name, place, field: (steps) => keyIn(file, entry, { steps, files }) };
    }
  return undefined;
}

function keyIn(
  file: KustomizationFile,
  entry: YamlNode,
  { steps, files }: { steps: readonly FieldStep[]; files: ReadonlyMap<string, string> },
): Place | undefined {
  const [map, key] = steps;
  if ((map !== "data" && map !== "binaryData" && map !== "stringData") || typeof key !== "string") return undefined;
  for (const literal of itemsOf(nodeAt(entry, "literals")))
    if (scalarOf(literal).startsWith(`${key}=`)) return { path: file.path, line: literal.line };
  for (const item of itemsOf(nodeAt(entry, "files"))) {
    const [name = "", named] = scalarOf(item).split("=");
    if ((named === undefined ? baseName(name) : name) !== key) continue;
    const path = joinPath(file.folder, named ?? name);
    return path === undefined ? { path: file.path, line: item.line } : { path, line: 1 };
  }
  return inEnvFile(file, entry, { key, files });
}

/** A line `KEY=value` of one of the entry's environment files. */
function inEnvFile(
  file: KustomizationFile,
  entry: YamlNode,
  { key, files }: { key: string; files: ReadonlyMap<string, string> },
): Place | undefined {
  const named = [
    ...itemsOf(nodeAt(entry, "envs")),
    ...[memberOf(entry, "env")?.value].filter((node) => node !== undefined),
  ];
  for (const item of named) {
    const path = joinPath(file.folder, scalarOf(item));
    const lines = path === undefined ? [] : (files.get(path) ?? "").split("\n");
    const at = lines.findIndex((line) => line.startsWith(`${key}=`));
    if (path !== undefined && at >= 0) return { path, line: at + 1 };
  }
  return undefined;
}
