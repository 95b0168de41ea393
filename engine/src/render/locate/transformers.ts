// Fields that a kustomization sets in many objects at once: images, replicas, namespace, labels, annotations.

import type { YamlNode } from "#formats/yaml";
import type { Json, Manifest } from "#kernel";
import type { KustomizationFile } from "./kustomization-files.ts";
import { type FieldStep, isValue, itemsOf, memberOf, nodeAt, scalarOf, valueAt } from "./nodes.ts";

export type Wanted = {
  steps: readonly FieldStep[];
  json: { [name: string]: Json };
  manifest: Manifest;
  /** What the object was called before prefix and suffix. */
  name: string;
};

type Member = { at: YamlNode; value: YamlNode };

/** A member of a kustomization that sets a field; of an image it may set a part alone. */
export type Transformed = { place: { path: string; line: number }; value: YamlNode; sets: "all" | ImagePart };

type ImagePart = "newName" | "newTag" | "digest";

/** The nearest kustomization that sets this field to what it is. */
export function transformedAt(kustomizations: readonly KustomizationFile[], wanted: Wanted): Transformed | undefined {
  for (const { path, root } of kustomizations) {
    const found = setBy(root, wanted);
    if (found === undefined) continue;
    const { at, value, sets = "all" } = found;
    return { place: { path, line: at.line }, value, sets };
  }
  return undefined;
}

/** Where a kustomization's own fields set it; undefined: they do not. */
function setBy(root: YamlNode, wanted: Wanted): (Member & { sets?: ImagePart }) | undefined {
  const names = wanted.steps.filter((step): step is string => typeof step === "string");
  const last = names.at(-1) ?? "";
  const value = valueAt(wanted.json, wanted.steps);
  if (last === "image" && names.includes("spec") && typeof value === "string") return imageIn(root, value);
  if (names.join(".") === "spec.replicas") return replicasIn(root, wanted, value);
  if (names.join(".") === "metadata.namespace") return withValue(memberOf(root, "namespace"), value);
  const map = names.at(-2);
  if (typeof value !== "string") return undefined;
  if (map === "labels" || map === "matchLabels" || map === "selector") return labelIn(root, last, value);
  if (map === "annotations") return withValue(memberOf(nodeAt(root, "commonAnnotations"), last), value);
  return undefined;
}

function withValue(member: Member | undefined, value: Json | undefined): Member | undefined {
  return member !== undefined && isValue(member.value, value) ? member : undefined;
}

/** An image's parts: `name:tag@digest`. */
export function partsOfImage(image: string): { newName: string; newTag: string; digest: string } {
  const match = /^(.*?)(?::([^:@/]+))?(?:@(.+))?$/.exec(image);
  const [, newName = "", newTag = "", digest = ""] = match ?? [];
  return { newName, newTag, digest };
}

/** The entry that gave an image its name, tag or digest. */
function imageIn(root: YamlNode, image: string): (Member & { sets: ImagePart }) | undefined {
  const { newName: name, newTag: tag, digest } = partsOfImage(image);
  for (const item of itemsOf(nodeAt(root, "images"))) {
    const field = (sets: ImagePart): (Member & { sets: ImagePart }) | undefined => {
      const member = memberOf(item, sets);
      return member && { ...member, sets };
    };
    const text = (key: string): string => scalarOf(nodeAt(item, key));
    if ((text("newName") || text("name")) !== name) continue;
    if (digest !== "" && text("digest") === digest) return field("digest");
    if (tag !== "" && text("newTag") === tag) return field("newTag");
    if (text("newName") !== "") return field("newName");
  }
  return undefined;
}

function replicasIn(root: YamlNode, { name, manifest }: Wanted, value: Json | undefined): Member | undefined {
  for (const item of itemsOf(nodeAt(root, "replicas"))) {
    if (![name, manifest.metadata.name].includes(scalarOf(nodeAt(item, "name")))) continue;
    return withValue(memberOf(item, "count"), value);
  }
  return undefined;
}

function labelIn(root: YamlNode, key: string, value: string): Member | undefined {
  const common = withValue(memberOf(nodeAt(root, "commonLabels"), key), value);
  if (common !== undefined) return common;
  for (const item of itemsOf(nodeAt(root, "labels"))) {
    const found = withValue(memberOf(nodeAt(item, "pairs"), key), value);
    if (found !== undefined) return found;
  }
  return undefined;
}
