// A schema by its draft: Helm's library leaves out what the draft it names does not know, where the one here would follow it.

import { isObject, type Json, textOf } from "#kernel";

export type Draft = "4" | "6" | "7" | "2019-09" | "2020-12";

/** The draft that `$schema` names; the newest where it names none. */
export function draftOf(schema: Json): Draft {
  const [, old, is2019] = /draft-0([467])|(2019-09)/.exec(textOf(schema, "$schema")) ?? [];
  if (old !== undefined) return old as Draft;
  return is2019 === undefined ? "2020-12" : "2019-09";
}

/** OpenAPI's word; the validator follows it, JSON Schema has none of the kind. */
const everywhere = ["nullable"];
const since7 = ["if", "then", "else"];
const since6 = ["const", "contains", "propertyNames"];

const foreign: Readonly<Record<Draft, ReadonlySet<string>>> = {
  "4": new Set([...everywhere, ...since6, ...since7]),
  "6": new Set([...everywhere, ...since7]),
  "7": new Set(everywhere),
  "2019-09": new Set(everywhere),
  "2020-12": new Set(everywhere),
};

/** Until draft 7 a reference stands for the whole schema; what others refer to stays. */
const besideReference: ReadonlySet<string> = new Set(["$ref", "$defs", "definitions", "$schema"]);

/** Keywords below which names of properties stand, not keywords. */
const namedSchemas: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
]);
/** Keywords whose values are data. */
const dataKeywords: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);

/** The schema with what counts in its draft alone. */
export function withinDraft(schema: Json, draft: Draft, areNames = false): Json {
  if (Array.isArray(schema)) return schema.map((item) => withinDraft(item, draft));
  if (!isObject(schema)) return schema;
  const isReference = !areNames && typeof schema["$ref"] === "string" && /^[467]$/.test(draft);
  const counts = (key: string): boolean => !foreign[draft].has(key) && (!isReference || besideReference.has(key));
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => areNames || counts(key))
      .map(([key, value]) => [
        key,
        !areNames && dataKeywords.has(key) ? value : withinDraft(value, draft, !areNames && namedSchemas.has(key)),
      ]),
  );
}
