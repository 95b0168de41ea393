// Building a Kustomization from a folder on disk, as the engine would from its source.

import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { kustomizeGroup } from "#api/flux";
import type { Cluster } from "#cluster";
import { type Delivery, InlinePool, layoutRenderer, type OpenTree, previewManifests, type SourceTree } from "#delivery";
import { fluxDialect } from "#dialects/flux";
import { parseYamlDocuments } from "#formats/yaml";
import { asManifest, Fault, type FileTree, isObject, type Manifest } from "#kernel";
import { build, kustomizeVersion } from "#render/kustomize";
import { discover, resourceOf, valueOf } from "./answers.ts";
import { usage } from "./arguments.ts";
import type { CliCode } from "./faults.ts";
import { textOf } from "./flux-objects.ts";
import type { Io } from "./io.ts";
import { localTree, repositoryAround } from "./local-tree.ts";
import { targetOf } from "./waiting.ts";

export const localBuildFlags = {
  path: { takes: "DIR", about: "the folder on disk that stands for spec.path" },
  "kustomization-file": { takes: "FILE", about: "take the Kustomization from this file, not from the cluster" },
} as const;

/** The Kustomization by name: out of a file, or as it lives. */
export async function readKustomization(
  name: string,
  file: string | undefined,
  from: { cluster: Cluster | undefined; namespace: string; io: Io },
): Promise<Manifest> {
  if (file !== undefined) return await readFromFile(name, resolve(from.io.folder, file));
  if (from.cluster === undefined)
    throw usage("--dry-run asks no cluster", "name the Kustomization's file with --kustomization-file");
  const resource = resourceOf(await discover(from.cluster), { group: kustomizeGroup, kind: "Kustomization" });
  return valueOf(await from.cluster.get(targetOf(resource, from.namespace, name)), `reading Kustomization ${name}`);
}

async function readFromFile(name: string, file: string): Promise<Manifest> {
  const documents = parseYamlDocuments(await readFile(file, "utf8"));
  const found = documents.find(
    (one) => isObject(one) && textOf(one, "kind") === "Kustomization" && textOf(one, "metadata", "name") === name,
  );
  if (found !== undefined) return asManifest(found);
  throw new Fault<CliCode>({
    code: "not-found",
    disposition: "stall",
    at: file,
    message: `has no Kustomization ${name}`,
  });
}

export type LocalBuild = { delivery: Delivery; manifests: readonly Manifest[] };

/** Builds a Kustomization of a folder. Without a cluster no variables are read from objects. */
export async function buildLocally(
  object: Manifest,
  folder: string | undefined,
  cluster: Cluster | undefined,
): Promise<LocalBuild> {
  if (folder === undefined) throw usage("--path is missing", "the folder on disk that stands for spec.path");
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw usage(`--path ${folder} is no folder`);
  const reading = fluxDialect().read(object);
  if (reading.is === "refused") throw reading.fault;
  if (reading.is === "foreign") throw usage(`${object.kind} ${object.metadata.name} is no delivery`);
  // So that bases beside the folder are found.
  const root = repositoryAround(folder) ?? dirname(folder);
  const delivery = { ...reading.delivery, path: relative(root, folder).split(sep).join("/") };
  if (cluster === undefined && delivery.substitution !== undefined)
    delivery.substitution = { ...delivery.substitution, from: [] };
  const renderer = layoutRenderer(kustomizeVersion, (tree, path) => build(tree, path).rendering);
  const options = { delivery, source: sourceOf(localTree(root)), pool: new InlinePool([renderer]) };
  // Without a cluster there is nothing left to be read from one.
  return { delivery, manifests: await previewManifests({ ...options, cluster: cluster as Cluster }) };
}

function sourceOf(tree: FileTree): SourceTree {
  // All of it is at hand: there is nothing to fetch.
  const open: OpenTree = { tree, fetch: () => Promise.resolve() };
  return { hash: "local", open: () => Promise.resolve(open) };
}
