// The form a client wants objects in: whole, as metadata alone, or as rows of a table.

import { badRequest } from "#apiserver/registry";
import type { IncludeObject } from "./table.ts";

export type Shape = { as: "whole" } | { as: "metadata" } | { as: "table"; include: IncludeObject };

/** Reads `Accept`: the first form that this server has, in the client's order. */
export function shapeOf(accept: string | undefined, query: URLSearchParams): Shape {
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    if (type !== "application/json" && type !== "*/*" && type !== "application/*" && type !== "application/yaml")
      continue;
    const as = parameters.find((one) => one.startsWith("as="))?.slice(3);
    if (as === undefined) return { as: "whole" };
    if (as === "Table") return { as: "table", include: includeOf(query.get("includeObject")) };
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return { as: "metadata" };
  }
  return { as: "whole" };
}

function includeOf(value: string | null): IncludeObject {
  if (value === null || value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
}
