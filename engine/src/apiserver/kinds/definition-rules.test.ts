import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { causesOf, definitionSchemas, type StatusCause, validateDefinition } from "#api/crd";
import { decodeBuiltin, schemaFor } from "#api/kubernetes";
import { deepFreeze, type JsonObject } from "#kernel";
import { definitionRuleErrors } from "./definition-rules.ts";

type Recorded = { object: JsonObject; code: number; message?: string; causes?: StatusCause[] };

/** The first line names the server that answered (tools/record-refusals.mjs). */
const recorded = readFileSync(new URL("./testdata/definition-rules/recorded.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => JSON.parse(line) as Recorded);

const root = schemaFor("apiextensions.k8s.io", "v1", "CustomResourceDefinition") as string;

function refusals(sent: JsonObject, live?: JsonObject): string[] {
  const object = decodeBuiltin(deepFreeze(sent), root).object;
  const errors = validateDefinition(object);
  return causesOf([
    ...errors,
    ...(errors.length > 0
      ? []
      : definitionRuleErrors(definitionSchemas(object), live === undefined ? [] : definitionSchemas(live))),
  ])
    .map(key)
    .sort();
}

/** What a parser did not expect it says in words of its own. */
function key(cause: StatusCause): string {
  return `${cause.field} ${cause.reason} ${cause.message.replace(/Syntax error: .*$/s, "Syntax error")}`;
}

describe("rules of a definition", () => {
  it.each(recorded.map((one, index) => ({ ...one, title: `${index} ${one.message ?? "accepted"}`.slice(0, 140) })))(
    "are refused as by the real server: $title",
    ({ object, causes }) => {
      expect(refusals(object)).toEqual((causes ?? []).map(key).sort());
    },
  );

  it("may stay too expensive where their schema stays as it was, one by one", () => {
    const costly = recorded.find(({ message }) => message?.includes("factor of 18.9x") === true)?.object as JsonObject;
    expect(refusals(costly, costly).some((cause) => cause.includes("estimated rule cost exceeds"))).toBe(false);
  });
});
