// Which files of a rendering are resources and which are patches, and how near to the delivery's folder the kustomization is
// that names them: the nearer one has the last word.

import type { YamlNode } from "#formats/yaml";
import { baseName, joinPath, parentPath } from "#kernel";
import { depthMost } from "./limits.ts";
import { documentsOf, itemsOf, memberOf, nodeAt, scalarOf } from "./nodes.ts";

export type KustomizationFile = {
  /** Of the file itself. */
  path: string;
  folder: string;
  /** 0: of the delivery's own folder. */
  depth: number;
  root: YamlNode;
};

export type PatchText = {
  kustomization: KustomizationFile;
  /** Where the patch's text stands; lines of its documents are counted from `offset`. */
  path: string;
  offset: number;
  roots: readonly YamlNode[];
  /** Its `target`; undefined: the documents name their objects. */
  target: YamlNode | undefined;
};

const names: ReadonlySet<string> = new Set(["kustomization.yaml", "kustomization.yml", "Kustomization"]);

export function isKustomizationFile(path: string): boolean {
  return names.has(baseName(path));
}

/** All kustomizations that a folder leads to, nearest first. */
export function kustomizationsFrom(folder: string, files: ReadonlyMap<string, string>): KustomizationFile[] {
  const found = new Map<string, KustomizationFile>();
  const queue = [{ folder, depth: 0 }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { folder: at, depth } = next;
    const path = [...names].map((name) => joined(at, name)).find((each) => files.has(each));
    if (path === undefined || found.has(path) || depth > depthMost) continue;
    const root = documentsOf(files.get(path) ?? "")[0];
    if (root === undefined) continue;
    const file: KustomizationFile = { path, folder: at, depth, root };
    found.set(path, file);
    for (const field of ["resources", "components", "bases"])
      for (const item of itemsOf(nodeAt(root, field))) {
        const below = joinPath(at, scalarOf(item));
        if (below !== undefined) queue.push({ folder: below, depth: depth + 1 });
      }
  }
  return [...found.values()];
}

function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The patches that a kustomization names or holds. */
export function patchesOf(file: KustomizationFile, files: ReadonlyMap<string, string>): PatchText[] {
  const texts: PatchText[] = [];
  const named = (item: YamlNode | undefined, target: YamlNode | undefined): void => {
    const path = joinPath(file.folder, scalarOf(item));
    const text = path === undefined ? undefined : files.get(path);
    if (path !== undefined && text !== undefined)
      texts.push({ kustomization: file, path, offset: 0, roots: documentsOf(text), target });
  };
  const inline = (item: YamlNode | undefined, target: YamlNode | undefined): void => {
    const text = scalarOf(item);
    if (item === undefined || text === "") return;
    // The text of a block begins on the line below its mark.
    const offset = item.style === "literal" || item.style === "folded" ? item.line : item.line - 1;
    texts.push({ kustomization: file, path: file.path, offset, roots: documentsOf(text), target });
  };
  for (const field of ["patches", "patchesJson6902"])
    for (const item of itemsOf(nodeAt(file.root, field))) {
      const target = memberOf(item, "target")?.value;
      named(nodeAt(item, "path"), target);
      inline(nodeAt(item, "patch"), target);
    }
  for (const item of itemsOf(nodeAt(file.root, "patchesStrategicMerge")))
    (scalarOf(item).includes("\n") ? inline : named)(item, undefined);
  return texts;
}

/** How near the kustomization is that names a file; files that none names are as far as can be. */
export function depthOf(path: string, kustomizations: readonly KustomizationFile[]): number {
  for (const { folder, root, depth } of kustomizations)
    for (const item of itemsOf(nodeAt(root, "resources"))) if (joinPath(folder, scalarOf(item)) === path) return depth;
  const below = kustomizations.find(({ folder }) => parentPath(path) === folder);
  return below?.depth ?? depthMost;
}
