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
  messages: false,
  // The code is run once or twice: making it takes longer than running it, and making it smaller longer still.
  code: { optimize: false },
};

type Validator = { compile(schema: object | boolean): { (data: unknown): boolean; errors?: ErrorObject[] | null } };

function validatorFor(schema: Json): Validator {
  const draft = isObject(schema) && typeof schema["$schema"] === "string" ? schema["$schema"] : "";
  const Draft04 = AjvDraft04 as unknown as new (options: Options) => Ajv;
  if (/draft-04/.test(draft)) return withFormats(new Draft04(options));
  if (/draft-0[67]/.test(draft)) return withFormats(new Ajv(options));
  if (/2019-09/.test(draft)) return new Ajv2019({ ...options, validateFormats: false });
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
  const validate = validatorFor(schema).compile(withoutDraft(schema) as object | boolean);
  if (compiled.size >= compiledSchemasMax) compiled.delete(compiled.keys().next().value as string);
  compiled.set(text, validate);
  return validate;
}

function checkSchema(text: string, values: GoMap): string {
  let validate: ReturnType<Validator["compile"]>;
  try {
    validate = compileSchema(text);
  } catch (error) {
    return `unable to validate schema: ${error instanceof Error ? error.message : String(error)}\n`;
  }
  if (validate(toNumbers(toPlain(values)))) return "";
  return describeErrors(validate.errors ?? []);
}

/** The draft is chosen already; ajv would look its URL up. An $id would be resolved against it, too. */
function withoutDraft(schema: Json): Json {
  if (!isObject(schema)) return schema;
  const { $schema: _draft, ...rest } = schema;
  return rest;
}

function describeErrors(errors: readonly ErrorObject[]): string {
  // anyOf, oneOf and if report themselves and their branches; the branches stand indented below.
  const lines: string[] = [];
  const properties = new Map<string, string[]>();
  for (const error of errors) {
    if (error.keyword === "additionalProperties") {
      const list = properties.get(error.instancePath) ?? [];
      list.push(`'${String(error.params["additionalProperty"])}'`);
      properties.set(error.instancePath, list);
      continue;
    }
    const words = describeError(error);
    if (words !== undefined) lines.push(`- at '${error.instancePath}': ${words}`);
  }
  for (const [path, names] of properties)
    lines.push(`- at '${path}': additional properties ${names.join(", ")} not allowed`);
  return `${[...new Set(lines)].sort().join("\n")}\n`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function describeError(error: ErrorObject): string | undefined {
  const { keyword, params, data } = error;
  const limit = String(params["limit"] ?? "");
  switch (keyword) {
    case "type":
      return `got ${typeName(data)}, want ${[params["type"] as string | string[]].flat().join(" or ")}`;
    case "required":
      return `missing property '${String(params["missingProperty"])}'`;
    case "enum":
      return `value must be ${(params["allowedValues"] as unknown[]).length === 1 ? "" : "one of "}${(params["allowedValues"] as unknown[]).map(quoteValue).join(", ")}`;
    case "const":
      return `value must be ${quoteValue(params["allowedValue"])}`;
    case "minLength":
    case "maxLength":
    case "minItems":
    case "maxItems":
    case "minProperties":
    case "maxProperties":
      return `${keyword}: got ${sizeOf(data)}, want ${limit}`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `${keyword}: got ${JSON.stringify(data)}, want ${limit}`;
    case "pattern":
      return `'${String(data)}' does not match pattern '${String(params["pattern"])}'`;
    case "format":
      return `'${String(data)}' is not valid ${String(params["format"])}`;
    case "multipleOf":
      return `multipleOf: got ${JSON.stringify(data)}, want ${String(params["multipleOf"])}`;
    case "uniqueItems":
      return `items at ${String(params["j"])} and ${String(params["i"])} are equal`;
    case "false schema":
      return "false schema";
    default:
      return `'${keyword}' failed`;
  }
}

function quoteValue(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return Array.from(value).length;
  return Array.isArray(value) ? value.length : Object.keys(value as object).length;
}
