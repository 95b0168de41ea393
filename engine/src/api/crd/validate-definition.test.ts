import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { decodeBuiltin, schemaFor } from "#api/kubernetes";
import { asJson, deepFreeze, type JsonObject } from "#kernel";
import { causesOf, type StatusCause } from "./field-error.ts";
import { validateDefinition } from "./validate-definition.ts";

type Recorded = { object: JsonObject; code: number; message?: string; causes?: StatusCause[] };

const text = readFileSync(new URL("./testdata/definitions/recorded.jsonl", import.meta.url), "utf8");
/** The first line names the server that answered (tools/record-refusals.mjs). */
const recorded = text
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => JSON.parse(line) as Recorded);
const root = schemaFor("apiextensions.k8s.io", "v1", "CustomResourceDefinition") as string;

function refusals(object: JsonObject): string[] {
  const decoded = decodeBuiltin(deepFreeze(object), root).object;
  return causesOf(validateDefinition(deepFreeze(decoded)))
    .map(key)
    .sort();
}

function key(cause: StatusCause): string {
  return `${cause.field} ${cause.reason} ${cause.message}`;
}

describe("validation of custom resource definitions", () => {
  it.each(recorded.map((one, index) => ({ ...one, title: `${index} ${one.message ?? "accepted"}`.slice(0, 120) })))(
    "refuses as the real server: $title",
    ({ object, causes }) => {
      const wanted = (causes ?? []).filter((cause) => !cause.field.startsWith("status")).map(key);
      expect(refusals(object)).toEqual(wanted.sort());
    },
  );

  it.each(fluxDefinitions().map((definition) => ({ name: definition.metadata.name, definition })))(
    "accepts $name",
    ({ definition }) => {
      expect(refusals(asJson(definition))).toEqual([]);
    },
  );
});
