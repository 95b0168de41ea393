// Which draft a schema follows, and which keywords say nothing in it.

import { type Json, textOf } from "#kernel";

export type Draft = "4" | "6" | "7" | "2019-09" | "2020-12";

/** The draft that `$schema` names; the newest where it names none. */
export function draftOf(schema: Json): Draft {
  const [, old, is2019] = /draft-0([467])|(2019-09)/.exec(textOf(schema, "$schema")) ?? [];
  if (old !== undefined) return old as Draft;
  return is2019 === undefined ? "2020-12" : "2019-09";
}

const since7: readonly string[] = ["if", "then", "else"];
const since6: readonly string[] = ["const", "contains", "propertyNames"];

/** True where nothing is made of a keyword, whatever stands behind it. */
export function sayNothing(draft: Draft, keyword: string): boolean {
  // OpenAPI's word.
  if (keyword === "nullable") return true;
  return (since7.includes(keyword) && (draft === "4" || draft === "6")) || (since6.includes(keyword) && draft === "4");
}
