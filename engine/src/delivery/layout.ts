// The renderer for a folder of any layout: where a kustomization stands, it is built; where none does, one is made of
// the folder's files. What the delivery states is merged into it, as Flux's generator does (fluxcd/pkg/kustomize).

import { formatYaml, parseYaml } from "#formats/yaml";
import {
  decodeUtf8,
  Fault,
  type FileTree,
  isObject,
  type Json,
  type JsonObject,
  RecordingTree,
  type Rendering,
} from "#kernel";
import { readKnownFields } from "#render/kustomize";
import { DeliveryFault } from "./faults.ts";
import { layoutDepth } from "./limits.ts";
import { OverlayTree } from "./overlay-tree.ts";
import type { Renderer, RenderWith } from "./render-desk.ts";

/** Builds the kustomization of a folder. */
export type Build = (tree: FileTree, path: string, remote: RenderWith["remote"]) => Rendering;

const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** The renderer named `layout`, over a kustomize build. */
export function layoutRenderer(version: string, build: Build): Renderer {
  return {
    name: "layout",
    version: `layout 2, ${version}`,
    render: (tree, path, using) => renderLayout(tree, path, { ...using, build }),
  };
}

function renderLayout(tree: FileTree, path: string, how: RenderWith & { build: Build }): Rendering {
  const recording = new RecordingTree(tree);
  const { file, value } = kustomizationOf(recording, path, how.options);
  // A decrypted file stands for the encrypted one, which is what the result depends on.
  for (const decrypted of Object.keys(how.overlay ?? {})) recording.entry(decrypted);
  // The build reads through the recording, so what it asks of the source is noted; the merged file is not the source's.
  const overlay = new OverlayTree(recording, { ...how.overlay, [file]: formatYaml(value) });
  return { ...how.build(overlay, path, how.remote), reads: recording.reads() };
}

/** The kustomization that is built for a folder: its own, or one made of its files, with what the delivery states. */
export function kustomizationOf(
  tree: FileTree,
  path: string,
  options: JsonObject,
): { file: string; value: JsonObject } {
  requireFolder(tree, path);
  const found = findKustomization(tree, path);
  const file = join(path, found ?? "kustomization.yaml");
  const own = found === undefined ? generate(tree, path) : readKustomization(tree, file);
  return { file, value: merge(own, options, (component) => tree.entry(join(path, component)) !== undefined) };
}

/** The kustomization of a folder as it stands there; undefined where there is none. */
export function nestedKustomization(tree: FileTree, path: string): JsonObject | undefined {
  const found = tree.entry(path)?.type === "folder" ? findKustomization(tree, path) : undefined;
  return found === undefined ? undefined : readKustomization(tree, join(path, found));
}

function requireFolder(tree: FileTree, path: string): void {
  const entry = tree.entry(path);
  if (entry?.type === "folder") return;
  throw new DeliveryFault({
    code: "path-missing",
    disposition: "retry",
    at: `spec.path ./${path}`,
    message: entry === undefined ? "kustomization path not found in the source" : `is a ${entry.type}, not a folder`,
    hint: `folders at the root of the source: ${foldersOf(tree).join(", ") || "none"}`,
  });
}

function foldersOf(tree: FileTree): string[] {
  return (tree.list("") ?? []).filter((entry) => entry.type === "folder").map((entry) => entry.name);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

function findKustomization(tree: FileTree, path: string): string | undefined {
  return kustomizationNames.find((name) => tree.entry(join(path, name))?.type === "file");
}

/**
 * As Flux's generator reads it: unknown fields are left out, and what lists no resources says where its objects come
 * from, since an otherwise empty kustomization would not build.
 */
function readKustomization(tree: FileTree, file: string): JsonObject {
  const own = readFields(decodeUtf8(tree.read(file)), file);
  return listOf(own["resources"]).length === 0 ? { ...own, buildMetadata: ["originAnnotations"] } : own;
}

function readFields(text: string, file: string): JsonObject {
  const invalid = (cause?: unknown): Fault =>
    new Fault({
      code: "kustomization-invalid",
      disposition: "retry",
      at: file,
      message: "is not a kustomization",
      ...(cause === undefined ? {} : { cause }),
    });
  try {
    const value = parseYaml(text);
    if (value === null) return {};
    if (isObject(value)) return readKnownFields(text);
  } catch (thrown) {
    throw invalid(thrown);
  }
  throw invalid();
}

/** A kustomization that lists the folder's files; a folder with a kustomization of its own is one entry. */
function generate(tree: FileTree, path: string): JsonObject {
  const resources: Json[] = [];
  const walk = (folder: string, depth: number): void => {
    if (depth > layoutDepth) throw tooDeep(folder);
    for (const entry of tree.list(join(path, folder).replace(/\/$/, "")) ?? []) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.type === "file" && /\.ya?ml$/.test(entry.name)) resources.push(name);
      if (entry.type !== "folder") continue;
      if (findKustomization(tree, join(path, name)) === undefined) walk(name, depth + 1);
      else resources.push(name);
    }
  };
  walk("", 0);
  const header = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };
  // A namespace for nobody keeps kustomize from refusing a kustomization without any content.
  return resources.length === 0 ? { ...header, namespace: "_placeholder" } : { ...header, resources };
}

function tooDeep(folder: string): DeliveryFault {
  return new DeliveryFault({
    code: "render-failed",
    disposition: "stall",
    at: folder,
    message: `folders are nested more than ${layoutDepth} deep`,
    hint: "add a kustomization.yaml that names what to apply",
  });
}

/** What the delivery states, merged: names and namespace replace, patches and components are appended, images merge by name. */
function merge(own: JsonObject, options: JsonObject, exists: (component: string) => boolean): JsonObject {
  const merged: JsonObject = { ...own };
  const replace = (from: string, to: string): void => {
    if (options[from] !== undefined) merged[to] = options[from];
  };
  replace("targetNamespace", "namespace");
  replace("namePrefix", "namePrefix");
  replace("nameSuffix", "nameSuffix");
  if (listOf(options["buildMetadata"]).length > 0) merged["buildMetadata"] = options["buildMetadata"] as Json;
  if (listOf(options["patches"]).length > 0) {
    merged["patches"] = [...listOf(own["patches"]), ...listOf(options["patches"])];
  }
  const components = listOf(options["components"]).filter(
    (component) => options["ignoreMissingComponents"] !== true || exists(String(component as string)),
  );
  if (components.length > 0) merged["components"] = [...listOf(own["components"]), ...components.map(localComponent)];
  if (listOf(options["images"]).length > 0) {
    merged["images"] = mergeImages(listOf(own["images"]), listOf(options["images"]));
  }
  return merged;
}

const elsewhere = /^(git::|gh:|ssh:\/\/|https:\/\/|http:\/\/|git@|github\.com[:/])./i;

function localComponent(component: Json): Json {
  const isAbsolute = (path: string): boolean => path.replace(/^file:\/\//i, "").startsWith("/");
  if (typeof component === "string" && !elsewhere.test(component) && !isAbsolute(component)) return component;
  throw new DeliveryFault({
    code: "render-failed",
    disposition: "retry",
    at: "spec.components",
    message: `component path '${String(component as string)}' must be local and relative`,
    hint: "name a folder in the same source",
  });
}

/** By name; newTag and digest are one unit, so that one cannot survive from the file beside the other from the spec. */
function mergeImages(own: readonly Json[], stated: readonly Json[]): Json[] {
  const merged = own.filter(isObject).map((image) => ({ ...image }));
  for (const image of stated.filter(isObject)) {
    const before = merged.find((other) => other["name"] === image["name"]);
    if (before === undefined) {
      merged.push(image);
      continue;
    }
    if (image["newName"]) before["newName"] = image["newName"];
    if (!image["newTag"] && !image["digest"]) continue;
    delete before["newTag"];
    delete before["digest"];
    if (image["newTag"]) before["newTag"] = image["newTag"];
    if (image["digest"]) before["digest"] = image["digest"];
  }
  return merged;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
