// Values files: one or more YAML documents, merged; numbers are float64. And the merge of the values that a user gives.

import { Fault } from "#kernel";
import { GoError, type GoMap, isMap, mapGet, mapSet, type Value } from "#formats/gotemplate";
import { describeJson, parseJson } from "./functions/json.ts";
import { trimSpace } from "./functions/space.ts";
import { parseAsGo, toFloats } from "./functions/yaml.ts";
import { helmFault } from "./faults.ts";
import { setJson, setLiteral, setValues } from "./set.ts";

/** The values that a text of YAML documents gives. */
export function loadValues(text: string): GoMap {
  let values: GoMap = {};
  for (const document of documentsOf(text.endsWith("\n") ? text : `${text}\n`)) {
    const value = parseDocument(document);
    if (value === null) continue;
    if (!isMap(value))
      throw new GoError(
        `cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${describeJson(value)} into Go value of type map[string]interface {}`,
      );
    values = mergeValues(values, value);
  }
  return values;
}

/** The documents of a text, as Kubernetes' reader splits it: dashes that something follows are none of YAML's. */
function* documentsOf(text: string): Generator<string> {
  let start = 0;
  for (const found of text.matchAll(/(?<![^\n])---([^\n]*)\n/g)) {
    const rest = trimSpace(found[1] as string);
    if (rest !== "" && !rest.startsWith("#"))
      throw new GoError(`error reading yaml document: invalid Yaml document separator: ${rest}`);
    // Dashes at the beginning belong to the document.
    if (found.index === start) continue;
    yield text.slice(start, found.index);
    start = found.index + found[0].length;
  }
  if (start < text.length) yield text.slice(start);
}

function parseDocument(text: string): Value {
  try {
    return toFloats(parseAsGo(text));
  } catch (error) {
    if (error instanceof GoError) throw new GoError(`cannot unmarshal yaml document: ${error.message}`);
    throw error;
  }
}

/** Maps merge key by key; everything else of the second wins. Neither is changed. */
export function mergeValues(first: GoMap, second: GoMap): GoMap {
  const merged: GoMap = {};
  for (const key of Object.keys(first)) mapSet(merged, key, first[key]);
  for (const key of Object.keys(second)) {
    const value = second[key];
    const known = mapGet(merged, key);
    mapSet(merged, key, isMap(value) && isMap(known) ? mergeValues(known, value) : value);
  }
  return merged;
}

/** What a user gives on top of a chart's own values, in the order in which it counts. */
export type UserValues = {
  /** Texts of values files. */
  files?: readonly { name: string; text: string }[];
  setJson?: readonly string[];
  set?: readonly string[];
  setString?: readonly string[];
  setFile?: readonly string[];
  setLiteral?: readonly string[];
  /** Reads a file that setFile names. */
  readFile?: (path: string) => string;
};

/** All that the user gives, as one map. */
export function userValues(given: UserValues): GoMap {
  let values: GoMap = {};
  for (const { name, text } of given.files ?? [])
    values = mergeValues(
      values,
      named(name, () => loadValues(text)),
    );
  for (const text of given.setJson ?? []) values = applyJson(values, text);
  for (const text of given.set ?? []) apply("--set", () => setValues(values, text, "typed"));
  for (const text of given.setString ?? []) apply("--set-string", () => setValues(values, text, "string"));
  for (const text of given.setFile ?? []) apply("--set-file", () => setValues(values, text, fileReader(given)));
  for (const text of given.setLiteral ?? []) apply("--set-literal", () => setLiteral(values, text));
  return values;
}

function fileReader(given: UserValues): (path: string) => Value {
  return (path) => {
    if (given.readFile === undefined) throw new GoError(`open ${path}: files cannot be read here`);
    return given.readFile(path);
  };
}

function named<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError || error instanceof Fault)
      throw helmFault("values-parse", `failed to parse ${name}`, { cause: error });
    throw error;
  }
}

function apply(flag: string, run: () => void, words?: string): void {
  try {
    run();
  } catch (error) {
    if (error instanceof GoError)
      throw words === undefined
        ? helmFault("values-set", `failed parsing ${flag} data: ${error.message}`)
        : helmFault("values-set", words, { hint: error.message });
    throw error;
  }
}

function applyJson(values: GoMap, text: string): GoMap {
  const trimmed = trimSpace(text);
  if (!trimmed.startsWith("{")) {
    apply("--set-json", () => setJson(values, text), `failed parsing --set-json data ${text}`);
    return values;
  }
  try {
    const parsed = parseJson(trimmed);
    return isMap(parsed) ? mergeValues(values, parsed) : values;
  } catch (error) {
    if (error instanceof GoError)
      throw helmFault("values-set", `failed parsing --set-json data JSON: ${text}`, { hint: error.message });
    throw error;
  }
}
