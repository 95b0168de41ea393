// The form a client wants objects in: whole, as metadata alone, or as rows of a table; as JSON or, when it is whole, as YAML.

import { badRequest, notAcceptable } from "#apiserver/registry";
import type { IncludeObject } from "./table.ts";

export type Shape = ({ as: "whole" } | { as: "metadata" } | { as: "table"; include: IncludeObject }) & {
  isYaml?: boolean;
};

const mediaTypes: ReadonlySet<string> = new Set([
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/*",
  "*/*",
]);

/** Reads `Accept`: the first form that this server has, in the client's order. `type` names the answer in a refusal. */
export function shapeOf(accept: string | undefined, query: URLSearchParams, type: string, isList: boolean): Shape {
  const ranges = (accept ?? "").split(",").map((range) => range.trim());
  if (ranges.every((range) => range === "")) return { as: "whole" };
  for (const range of ranges) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim());
    // Answers are never in protobuf, which every client that asks for it also takes as JSON.
    if (!mediaTypes.has(media) || (media.endsWith("protobuf") && ranges.length > 1)) continue;
    const as = parameters.find((one) => one.startsWith("as="))?.slice(3);
    const isYaml = media === "application/yaml";
    if (as === undefined) return { as: "whole", isYaml };
    if (as === "Table") return { as: "table", include: includeOf(query.get("includeObject")), isYaml };
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") {
      refuseMismatch(as, type, isList, query);
      return { as: "metadata", isYaml };
    }
  }
  const served = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
  throw notAcceptable(`only the following media types are accepted: ${served}`);
}

/** A list cannot be given as one object's metadata, nor one object as a list. */
function refuseMismatch(as: string, type: string, isList: boolean, query: URLSearchParams): void {
  if (query.get("watch") !== null) return;
  if (isList && as === "PartialObjectMetadata")
    throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${type})`);
  if (!isList && as === "PartialObjectMetadataList")
    throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${type})`);
}

function includeOf(value: string | null): IncludeObject {
  if (value === null || value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
}
