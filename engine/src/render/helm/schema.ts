// values.schema.json: JSON Schema of drafts 4 to 2020-12, with the words of the library that Helm uses.

import { isObject, type Json } from "#kernel";
import { GoError, type GoMap, goTypeOf, isMap, mapGet } from "#formats/gotemplate";
import type { Chart } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { toPlain } from "./functions/plain.ts";
import { compiledSchemasMax } from "./limits.ts";
import { draftAt } from "./json-schema/drafts.ts";
import { SchemaError, schemaProblems } from "./json-schema/index.ts";
import { quickCheck } from "./schema-quick.ts";

/** Checks the values against the schemas of the chart and its subcharts; throws with all that is wrong. */
export function checkSchemas(chart: Chart, values: GoMap): void {
  const problems = problemsOf(chart, values);
  if (problems === "") return;
  throw helmFault(
    "values-schema",
    `values don't meet the specifications of the schema(s) in the following chart(s):\n${problems}`,
  );
}

function problemsOf(chart: Chart, values: GoMap): string {
  let text = "";
  if (chart.schema !== undefined) {
    const problems = checkSchema(chart.schema, values);
    if (problems !== "") text += `${chart.metadata.name}:\n${problems}`;
  }
  for (const dependency of chart.dependencies) {
    const { name } = dependency.metadata;
    const inner = mapGet(values, name);
    if (inner === undefined || inner === null) continue;
    if (isMap(inner)) text += problemsOf(dependency, inner);
    else text += `${name}:\ninvalid type for values: expected object (map), got ${goTypeOf(inner)}\n`;
  }
  return text;
}

function checkSchema(text: string, values: GoMap): string {
  const data = toPlain(values);
  if (isSurelyValid(text, data)) return "";
  try {
    const problems = schemaProblems(text, data);
    return problems.length === 0 ? "" : `${problems.join("\n")}\n`;
  } catch (error) {
    if (error instanceof SchemaError || error instanceof GoError) return error.message;
    throw error;
  }
}

/** Quick checks by text; undefined for a schema that none follows. */
const quick = new Map<string, ReturnType<typeof quickCheck>>();

/** True for most charts as they are meant: then nothing has to be compiled. */
function isSurelyValid(text: string, data: Json): boolean {
  try {
    if (!quick.has(text)) {
      if (quick.size >= compiledSchemasMax) quick.delete(quick.keys().next().value as string);
      const schema = JSON.parse(text) as Json;
      quick.set(text, isPlain(schema) && !/\d{16}/.test(text) ? quickCheck(schema) : undefined);
    }
    return quick.get(text)?.(data) === true;
  } catch {
    // No JSON, or nested too deeply: the validator says so.
    return false;
  }
}

/** True for a schema that follows a draft itself. */
function isPlain(schema: Json): boolean {
  const named = isObject(schema) ? schema["$schema"] : undefined;
  return named === undefined || (typeof named === "string" && draftAt(named) !== undefined);
}
