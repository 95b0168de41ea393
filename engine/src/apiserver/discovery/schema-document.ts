// Schema nodes as OpenAPI v3 schema objects, with the x-kubernetes extensions that clients read.

import type { Json, JsonObject, SchemaNode, SchemaRef } from "#kernel";
import { setOwn } from "#kernel";

export type RefStyle = "#/components/schemas/" | "#/definitions/";

/** Descriptions of one definition: its own under "", and those of its properties. */
export type Descriptions = Readonly<Record<string, string>>;

export function schemaDocument(node: SchemaNode, style: RefStyle, descriptions: Descriptions = {}): JsonObject {
  const document: JsonObject = {};
  const own = descriptions[""] ?? node.description;
  if (own !== undefined) document.description = own;
  writeType(document, node);
  if (node.properties !== undefined) {
    const properties: JsonObject = {};
    for (const [name, property] of Object.entries(node.properties))
      setOwn(properties, name, reference(property, style, descriptions[name]));
    document.properties = properties;
  }
  if (node.additional !== undefined)
    document.additionalProperties = node.additional === true ? true : reference(node.additional, style, undefined);
  if (node.items !== undefined) document.items = reference(node.items, style, undefined);
  if (node.required !== undefined && node.required.length > 0) document.required = [...node.required];
  writeExtensions(document, node);
  return document;
}

function reference(ref: SchemaRef, style: RefStyle, description: string | undefined): JsonObject {
  if (typeof ref !== "string") {
    if (ref.repeats === undefined)
      return schemaDocument(ref, style, description === undefined ? {} : { "": description });
    const link = reference(ref.repeats, style, description ?? "");
    if (ref.patchStrategy !== undefined) link["x-kubernetes-patch-strategy"] = ref.patchStrategy;
    // A definition that is owned as a whole says so itself.
    if (ref.mapType === "granular") link["x-kubernetes-map-type"] = ref.mapType;
    return link;
  }
  const link: JsonObject = { $ref: `${style}${ref}` };
  // Version 3 allows nothing beside a $ref, so a described one is wrapped.
  if (description === undefined) return link;
  return style === "#/definitions/" ? { description, ...link } : { allOf: [link], description };
}

function writeType(document: JsonObject, node: SchemaNode): void {
  if (node.type === "int-or-string") {
    document.format = "int-or-string";
    document.oneOf = [{ type: "integer" }, { type: "string" }];
    return;
  }
  if (node.type !== undefined) document.type = node.type;
  if (node.format !== undefined) document.format = node.format;
  if (node.enum !== undefined) document.enum = [...node.enum] as Json[];
  if (node.default !== undefined) document.default = node.default;
  if (node.nullable === true) document.nullable = true;
}

function writeExtensions(document: JsonObject, node: SchemaNode): void {
  if (node.listType !== undefined) document["x-kubernetes-list-type"] = node.listType;
  if (node.listMapKeys !== undefined) document["x-kubernetes-list-map-keys"] = [...node.listMapKeys];
  if (node.mapType !== undefined) document["x-kubernetes-map-type"] = node.mapType;
  if (node.patchStrategy !== undefined) document["x-kubernetes-patch-strategy"] = node.patchStrategy;
  if (node.patchMergeKey !== undefined) document["x-kubernetes-patch-merge-key"] = node.patchMergeKey;
  if (node.preserveUnknown === true) document["x-kubernetes-preserve-unknown-fields"] = true;
  if (node.embeddedResource === true) document["x-kubernetes-embedded-resource"] = true;
}
