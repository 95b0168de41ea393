// Image names: which ones an entry of `images` means, and what they become (api/internal/image, filters/imagetag).

import type { YamlNode } from "#formats/yaml";
import { visitFields } from "./field-spec.ts";
import { compileUnanchored } from "./patterns.ts";
import type { FieldSpec, Image } from "./kustomization.ts";
import { expectKind, field, isMissing, setScalar, untyped } from "./nodes.ts";
import type { ResourceList } from "./resource-list.ts";
import { attempt } from "./faults.ts";

type ImageName = { name: string; tag: string; digest: string };

/** Sets the image everywhere it is named: in lists called containers or initContainers, then in the configured fields. */
export function setImage(list: ResourceList, image: Image, specs: readonly FieldSpec[]): void {
  const isMatch = imageMatcher(image.name ?? "");
  const set = (node: YamlNode): void => {
    expectKind(node, "scalar");
    if (isMatch(node.value)) setScalar(node, untyped(replaceImage(node.value, image)));
  };
  const nodes = list.items.flatMap(({ kind, node }) =>
    kind === "CustomResourceDefinition" || node === undefined ? [] : [node],
  );
  for (const node of nodes) walkContainers(node, set);
  for (const node of nodes) visitFields(node, specs, { set });
}

const tagAndDigest = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";

/** The name of an entry is a regular expression; one that is none matches nothing. */
function imageMatcher(name: string): (image: string) => boolean {
  const compiled = attempt(() => compileUnanchored(`^${name}${tagAndDigest}$`));
  return compiled.value ?? (() => false);
}

function splitImage(image: string): ImageName {
  const slash = Math.max(0, image.indexOf("/"));
  const at = image.indexOf("@", slash);
  const colon = image.indexOf(":", slash);
  if (colon < 0 && at < 0) return { name: image, tag: "", digest: "" };
  if (at >= 0 && (at < colon || colon < 0)) return { name: image.slice(0, at), tag: "", digest: image.slice(at + 1) };
  const end = at >= 0 ? at : image.length;
  return { name: image.slice(0, colon), tag: image.slice(colon + 1, end), digest: at >= 0 ? image.slice(at + 1) : "" };
}

function replaceImage(value: string, image: Image): string {
  const parts = splitImage(value);
  if (image.newName) parts.name = image.newName;
  if (image.newTag && image.digest) Object.assign(parts, { tag: image.newTag, digest: image.digest });
  else if (image.newTag) Object.assign(parts, { tag: image.newTag, digest: "" });
  else if (image.digest) Object.assign(parts, { tag: "", digest: image.digest });
  else if (image.tagSuffix) Object.assign(parts, { tag: parts.tag + image.tagSuffix, digest: "" });
  return `${parts.name}${parts.tag === "" ? "" : `:${parts.tag}`}${parts.digest === "" ? "" : `@${parts.digest}`}`;
}

function walkContainers(node: YamlNode, set: (image: YamlNode) => void): void {
  if (node.kind === "list") for (const item of node.items) walkContainers(item, set);
  if (node.kind !== "map") return;
  for (let i = 0; i < node.items.length; i += 2) {
    const value = node.items[i + 1] as YamlNode;
    walkContainers(value, set);
    const key = (node.items[i] as YamlNode).value;
    if ((key === "containers" || key === "initContainers") && value.kind === "list") setImages(value, set);
  }
}

function setImages(list: YamlNode, set: (image: YamlNode) => void): void {
  for (const item of list.items) {
    if (isMissing(item)) continue;
    expectKind(item, "map");
    const image = field(item, "image");
    if (!isMissing(image)) set(image as YamlNode);
  }
}
