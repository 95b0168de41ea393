// Annotations that say where an object came from and what changed it (`buildMetadata`).

import { formatYaml, type YamlNode } from "#formats/yaml";
import { visitField } from "./field-spec.ts";
import { setField, text } from "./nodes.ts";
import { parseRemote } from "./remote.ts";
import { originAnnotation } from "./generated.ts";
import type { Resource } from "./resource.ts";

export const transformationsAnnotation = "alpha.config.kubernetes.io/transformations";

export type Identifier = { apiVersion?: string; kind?: string; name?: string; namespace?: string };

/** Where a file lies, or which plugin in which file made or changed an object. */
export type Origin = {
  path?: string;
  repo?: string;
  ref?: string;
  configuredIn?: string;
  configuredBy?: Identifier;
};

/** The origin of what is found at `path`, seen from `origin`. */
export function appendOrigin(origin: Origin, path: string): Origin {
  const remote = parseRemote(path);
  if (remote === undefined) return { ...origin, path: cleanJoin(origin.path ?? "", path) };
  const folder: Origin = { repo: remote.repository, ref: remote.ref };
  return remote.folder === "" ? folder : { ...folder, path: remote.folder };
}

/** As Go's filepath.Join: `..` parts may lead out. */
export function cleanJoin(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** YAML text with its fields in kustomize's order; empty ones are left out. */
export function formatOrigin(origin: Origin): string {
  const lines = formatFields([
    ["path", origin.path],
    ["repo", origin.repo],
    ["ref", origin.ref],
    ["configuredIn", origin.configuredIn],
  ]);
  const { configuredBy = {} } = origin;
  const by = formatFields([
    ["apiVersion", configuredBy.apiVersion],
    ["kind", configuredBy.kind],
    ["name", configuredBy.name],
    ["namespace", configuredBy.namespace],
  ]);
  if (by.length > 0) lines.push("configuredBy:", ...by.map((line) => `  ${line}`));
  return lines.length === 0 ? "{}\n" : `${lines.join("\n")}\n`;
}

function formatFields(fields: readonly (readonly [string, string | undefined])[]): string[] {
  return fields.flatMap(([name, value]) => (value ? [`${name}: ${formatYaml(value).trimEnd()}`] : []));
}

/** Adds the origin and leaves the other annotations as they are written. */
export function annotateOrigin(resource: Resource, origin: Origin): void {
  if (resource.node === undefined) return;
  const spec = { path: "metadata/annotations", create: true };
  const value = text(formatOrigin(origin));
  const set = (node: YamlNode): void => setField(node, originAnnotation, value);
  visitField(resource.node, spec, { set, create: { kind: "map", tag: "!!map" } });
}

/** Sets the origin, or removes it; all annotations become text. */
export function setOrigin(resource: Resource, origin: Origin | undefined): void {
  const { annotations } = resource;
  if (origin === undefined) annotations.delete(originAnnotation);
  else annotations.set(originAnnotation, formatOrigin(origin));
  resource.setAnnotations(annotations);
}

/** Notes that the origin's plugin changed the object; one that has no origin yet was made by it. */
export function noteTransformation(resource: Resource, origin: Origin): void {
  const { annotations } = resource;
  if (!annotations.has(originAnnotation)) return setOrigin(resource, origin);
  const item = formatOrigin(origin)
    .trimEnd()
    .split("\n")
    .map((line, i) => `${i === 0 ? "- " : "  "}${line}`)
    .join("\n");
  annotations.set(transformationsAnnotation, `${annotations.get(transformationsAnnotation) ?? ""}${item}\n`);
  resource.setAnnotations(annotations);
}

export function clearTransformations(resource: Resource): void {
  const { annotations } = resource;
  annotations.delete(transformationsAnnotation);
  resource.setAnnotations(annotations);
}
