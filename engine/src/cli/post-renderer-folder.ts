// A kustomization on disk as a post-renderer: its patches, images and whatever else it says, over what a chart renders.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { kustomizePostRenderer } from "#render/post-render";
import type { PostRender } from "#render/helm";
import { usage } from "./arguments.ts";
import { isObject } from "#kernel";
import { parseYaml } from "#formats/yaml";

const names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** The post-renderer that a folder's kustomization describes. */
export function kustomizationFolder(folder: string): PostRender {
  const name = names.find((each) => existsSync(join(folder, each)));
  if (name === undefined)
    throw usage(`${folder} holds no kustomization`, "--post-renderer-args names the folder of a kustomization");
  const fields = parseYaml(readFileSync(join(folder, name), "utf8"));
  if (!isObject(fields)) throw usage(`${join(folder, name)} is no mapping`);
  const files = Object.fromEntries(
    filesBelow(folder).map((path) => [relative(folder, path).split(sep).join("/"), readFileSync(path, "utf8")]),
  );
  return kustomizePostRenderer(fields, files);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}
