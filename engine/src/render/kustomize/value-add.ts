// ValueAddTransformer: writes one value into fields of selected objects, or into one part of a path that stands there.

import { parseYaml, type YamlNode } from "#formats/yaml";
import { decode, type Shape } from "./decode.ts";
import { invalid } from "./faults.ts";
import { type Selector, selectorShape } from "./kustomization.ts";
import type { Loader } from "./loader.ts";
import { expectKind, lookupCreate, setScalar, untyped } from "./nodes.ts";
import { decodeText } from "./read.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import { setResourceNamespace } from "./transformers.ts";

type Target = { selector?: Selector; fieldPath?: string; filePathPosition?: number };
export type ValueAddArguments = { value?: string; targets?: Target[]; targetFilePath?: string };

const targets: Shape = {
  list: { fields: { selector: selectorShape, fieldPath: "text", filePathPosition: "integer" } },
};
export const valueAddShape: Shape = { fields: { value: "text", targets, targetFilePath: "text" } };

export function prepareValueAdd(
  args: ValueAddArguments,
  { folder, loader }: { folder: string; loader: Loader },
): (list: ResourceList) => void {
  const value = (args.value ?? "").trim() || folder;
  const all = [...(args.targets ?? [])];
  if (args.targetFilePath) {
    const data = parseYaml(decodeText(loader.load(args.targetFilePath)));
    const more = decode(data, { fields: { targets } }, { isStrict: false }) as unknown as { targets?: Target[] };
    all.push(...(more.targets ?? []));
  }
  if (all.length === 0) throw invalid("must specify at least one target");
  for (const target of all) {
    if (!target.fieldPath) throw invalid("fieldPath cannot be empty");
    if ((target.filePathPosition ?? 0) < 0) throw invalid("filePathPosition cannot be negative");
  }
  return (list) => {
    for (const target of all) {
      const chosen = target.selector === undefined ? list.items : list.select(target.selector);
      for (const resource of chosen) addValue(resource, value, target);
    }
    list.forgetIds();
  };
}

function addValue(resource: Resource, value: string, target: Target): void {
  const path = target.fieldPath as string;
  if (path === "metadata/namespace") {
    setResourceNamespace(resource, { namespace: value, specs: [], isUnsetOnly: false, subjects: "defaultOnly" });
    return;
  }
  const node = lookupCreate(resource.node as YamlNode, splitEscaped(path), "scalar");
  if (node === undefined) return;
  expectKind(node, "scalar");
  const position = target.filePathPosition ?? 0;
  setScalar(node, untyped(position > 0 ? insertPart(node.value, position - 1, value) : value));
}

function splitEscaped(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    const last = parts.at(-1);
    if (last?.endsWith("\\")) parts[parts.length - 1] = `${last.slice(0, -1)}/${part}`;
    else parts.push(part);
  }
  return parts;
}

/** Puts a part into a path in front of the one at `position`; beyond its end, at the end. */
function insertPart(path: string, position: number, part: string): string {
  const isAbsolute = path.startsWith("/");
  const parts = path.split("/").filter((one) => one !== "");
  parts.splice(Math.min(position, parts.length), 0, part);
  return (isAbsolute ? "/" : "") + parts.join("/");
}
