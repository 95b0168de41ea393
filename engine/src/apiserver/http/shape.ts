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

/** The first form in the client's order that this server has. `as`: undefined for whole objects. */
type Form = { as: string | undefined; isYaml: boolean };

const forms: ReadonlySet<string | undefined> = new Set([
  undefined,
  "Table",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
]);

const plainForm: Form = { as: undefined, isYaml: false };

/** Reads `Accept`; refuses it where nothing in it is served. */
export function formOf(accept: string | undefined): Form {
  if (accept === "application/json") return plainForm;
  const ranges = (accept ?? "").split(",").map((range) => range.trim());
  if (ranges.every((range) => range === "")) return { as: undefined, isYaml: false };
  for (const range of ranges) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim());
    // Answers are never in protobuf, which every client that asks for it also takes as JSON.
    if (!mediaTypes.has(media) || (media.endsWith("protobuf") && ranges.length > 1)) continue;
    const as = parameters.find((one) => one.startsWith("as="))?.slice(3);
    if (forms.has(as)) return { as, isYaml: media === "application/yaml" };
  }
  throw notAcceptable(`only the following media types are accepted: ${produced.join(", ")}`);
}

/** The form of an answer. `type` names what is answered in a refusal. */
export function shapeOf(accept: string | undefined, query: URLSearchParams, type: string, isList: boolean): Shape {
  const { as, isYaml } = formOf(accept);
  if (as === undefined) return { as: "whole", isYaml };
  if (as === "Table") return { as: "table", include: includeOf(query.get("includeObject")), isYaml };
  refuseMismatch(as, type, isList, query);
  return { as: "metadata", isYaml };
}

/** What the routes of built-in kinds can answer in; a list can also be watched. */
const produced = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const producedByLists = [
  ...produced,
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];

/** Refuses a request that no route of a built-in kind would take, in the words of the real server's router. */
export function refuseUnroutable(accept: string | undefined, canWatch: boolean): void {
  if (accept === "application/json") return;
  const wanted = (accept ?? "").split(",").map((range) => (range.split(";")[0] ?? "").trim());
  if (accept === undefined || wanted.some((media) => media === "*/*" || produced.includes(media))) return;
  const available = (canWatch ? producedByLists : produced).join(", ");
  throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${available}`, {});
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
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
