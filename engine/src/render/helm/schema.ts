// values.schema.json: JSON Schema of drafts 4 to 2020-12, with the words of the library that Helm uses.

import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import AjvDraft04 from "ajv-draft-04";
import * as formats from "ajv-formats";
import { isObject, type Json } from "#kernel";
import { type GoMap, goTypeOf, isMap, mapGet } from "#formats/gotemplate";
import type { Chart } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { toPlain } from "./functions/plain.ts";
import { compiledSchemasMax } from "./limits.ts";
import { type Draft, draftOf, withinDraft } from "./schema-draft.ts";
import { describeErrors } from "./schema-errors.ts";
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

/** Numbers as JSON has them: integers that came from --set are plain numbers here. */
function toNumbers(value: Json): Json {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toNumbers);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toNumbers(member)]));
}

const options: Options = {
  allErrors: true,
  strict: false,
  validateSchema: false,
  verbose: true,
  logger: false,
  unicodeRegExp: false,
  addUsedSchema: false,
  // 0.3 is a multiple of 0.1, as for who computes with fractions.
  multipleOfPrecision: 9,
  messages: false,
  // What every object inherits, such as `constructor`, is no property of it.
  ownProperties: true,
  // The code is run once or twice: making it takes longer than running it, and making it smaller longer still.
  code: { optimize: false },
};

type Validator = { compile(schema: object | boolean): { (data: unknown): boolean; errors?: ErrorObject[] | null } };

function validatorFor(draft: Draft): Validator {
  const Draft04 = AjvDraft04 as unknown as new (options: Options) => Ajv;
  if (draft === "4") return withFormats(new Draft04(options));
  if (draft === "6" || draft === "7") return withFormats(new Ajv(options));
  if (draft === "2019-09") return new Ajv2019({ ...options, validateFormats: false });
  return new Ajv2020({ ...options, validateFormats: false });
}

function withFormats(ajv: Ajv): Ajv {
  (formats.default as unknown as { default: (ajv: Ajv) => void }).default(ajv);
  return ajv;
}

/** Compiled schemas by text: compiling one takes longer than rendering most charts. */
const compiled = new Map<string, ReturnType<Validator["compile"]>>();

function compileSchema(text: string): ReturnType<Validator["compile"]> {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const schema = JSON.parse(text) as Json;
  const draft = draftOf(schema);
  const validate = validatorFor(draft).compile(withoutDraft(withinDraft(schema, draft)) as object | boolean);
  if (compiled.size >= compiledSchemasMax) compiled.delete(compiled.keys().next().value as string);
  compiled.set(text, validate);
  return validate;
}

function checkSchema(text: string, values: GoMap): string {
  const data = toNumbers(toPlain(values));
  if (!compiled.has(text) && isSurelyValid(text, data)) return "";
  let validate: ReturnType<Validator["compile"]>;
  try {
    validate = compileSchema(text);
  } catch (error) {
    return `${compileProblem(error instanceof Error ? error.message : String(error))}\n`;
  }
  if (validate(data)) return "";
  return describeErrors(validate.errors ?? []);
}

/** Why a schema is none, as far as the words of Helm's library are known. */
function compileProblem(message: string): string {
  const [, pointer] = /^can't resolve reference (#\/\S*) from id/.exec(message) ?? [];
  if (pointer !== undefined) return `json-pointer in "file:///values.schema.json${pointer}" not found`;
  return `unable to validate schema: ${message}`;
}

/** Quick checks by text; undefined for a schema that none follows. */
const quick = new Map<string, ReturnType<typeof quickCheck>>();

/** True for most charts as they are meant: then nothing has to be compiled. */
function isSurelyValid(text: string, data: Json): boolean {
  try {
    if (!quick.has(text)) {
      if (quick.size >= compiledSchemasMax) quick.delete(quick.keys().next().value as string);
      const schema = JSON.parse(text) as Json;
      quick.set(text, quickCheck(withinDraft(schema, draftOf(schema))));
    }
    return quick.get(text)?.(data) === true;
  } catch {
    // No JSON, or nested too deeply: the validator says so.
    return false;
  }
}

/** The draft is chosen already; ajv would look its URL up. An $id would be resolved against it, too. */
function withoutDraft(schema: Json): Json {
  if (!isObject(schema)) return schema;
  const { $schema: _draft, ...rest } = schema;
  return rest;
}
