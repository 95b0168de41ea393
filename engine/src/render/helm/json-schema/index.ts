// Values against a JSON Schema of any draft, with the answers of the library that Helm uses (santhosh-tekuri/jsonschema v6.0.3).

import type { Json } from "#kernel";
import { quote } from "#formats/gotemplate";
import { compiledSchemasMax } from "../limits.ts";
import { parseJson } from "../functions/json.ts";
import { Compiler, newNode, type SchemaNode } from "./compile.ts";
import { type Data, dataOf, readData } from "./data.ts";
import { placeText, type Root, SchemaError } from "./documents.ts";
import type { Dialect } from "./drafts.ts";
import { inQuotes, problemLines } from "./problems.ts";
import { type Meta, validate } from "./validate.ts";

export { SchemaError } from "./documents.ts";

/** The place of a chart's schema, as messages name it. */
const schemaUrl = "file:///values.schema.json";

const metaschemas = new Compiler(undefined);

/** Compiled schemas by text, or why they are none: compiling one takes longer than rendering most charts. */
const compiled = new Map<string, SchemaNode | SchemaError>();

/** What is wrong with the value by the schema, a line each; throws a SchemaError for a schema that is none. */
export function schemaProblems(text: string, value: Json): string[] {
  try {
    return problemLines(validate(compileText(text), dataOf(value)));
  } catch (error) {
    if (error instanceof RangeError) throw new SchemaError("unable to validate schema: it is nested too deeply");
    throw error;
  }
}

function compileText(text: string): SchemaNode {
  let known = compiled.get(text);
  if (known === undefined) {
    known = compileNew(text);
    if (compiled.size >= compiledSchemasMax) compiled.delete(compiled.keys().next().value as string);
    compiled.set(text, known);
  }
  if (known instanceof SchemaError) throw known;
  return known;
}

function compileNew(text: string): SchemaNode | SchemaError {
  // What is no JSON is told of in Go's words.
  parseJson(text);
  const compiler = new Compiler(checkByMetaschema);
  compiler.add(schemaUrl, readData(text));
  try {
    return compiler.compile(schemaUrl);
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
}

function checkByMetaschema(root: Root, pointer: string, data: Data): void {
  const node = metaschemaOf(root.resourceAt(pointer).dialect);
  const meta: Meta = {
    node,
    at: (place) => {
      const resource = root.resources.get(place);
      return resource === undefined ? undefined : metaschemaOf(resource.dialect);
    },
  };
  const problems = validate(node, data, meta);
  if (problems.length === 0) return;
  const lines = [`jsonschema validation failed with ${inQuotes(node.location)}`, ...problemLines(problems)];
  throw new SchemaError(`${quote(placeText(root.url, pointer))} is not valid against metaschema: ${lines.join("\n")}`);
}

/** The metaschema of a dialect: the draft's own, or those of the vocabularies that it asks for. */
function metaschemaOf({ draft, vocabularies }: Dialect): SchemaNode {
  if (vocabularies === undefined) return metaschemas.compile(draft.url);
  const node = newNode({ url: "urn:mem:metaschema", pointer: "" });
  node.location = node.place.url;
  node.version = draft.version;
  node.lists = new Map([
    ["allOf", vocabularies.map((name) => metaschemas.compile(draft.url.replace(/schema$/, `meta/${name}`)))],
  ]);
  if (draft.version >= 2020) {
    node.dynamicAnchor = "meta";
    node.dynamicAnchors.set("meta", node);
  }
  return node;
}
