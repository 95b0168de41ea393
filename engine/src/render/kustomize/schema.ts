// What a strategic merge and the scope of a kind depend on: kustomize's embedded schema of Kubernetes 1.21.2, or the one
// a kustomization brings (`openapi`). One of these per build; the first that is set stays.

import { parseYaml } from "#formats/yaml";
import { decodeJson, decodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import { tablesText } from "./data/tables.ts";
import { invalid } from "./faults.ts";
import { apiVersionOf, type Gvk } from "./ids.ts";

/** A schema as a merge sees it: p properties, i items, a values of a map, r a named one, s patch strategy, k merge keys. */
export type MergeSchema = {
  p?: { readonly [name: string]: MergeSchema };
  i?: MergeSchema;
  a?: MergeSchema;
  r?: string;
  s?: string;
  k?: readonly string[];
};

type FieldSpecTable = { readonly [name: string]: readonly JsonObject[] };

type Tables = {
  version: string;
  schemas: { readonly [name: string]: MergeSchema };
  kinds: { readonly [kind: string]: string };
  namespaced: readonly string[];
  cluster: readonly string[];
  precomputed: readonly string[];
  fields: FieldSpecTable;
};

const tables = JSON.parse(tablesText) as Tables;
const precomputed: ReadonlySet<string> = new Set(tables.precomputed);
const clusterKinds: ReadonlySet<string> = new Set(tables.cluster);
const clusterKindNames: ReadonlySet<string> = new Set(tables.cluster.map((one) => one.slice(one.indexOf("|") + 1)));

/** kustomize's default field specifications, by configuration key. */
export const defaultFieldSpecs: FieldSpecTable = tables.fields;

type Source = "unset" | "builtin" | "custom";

export class Schema {
  #source: Source = "unset";
  /** True once a kind's scope was asked of the embedded schema: a custom one set later is added to it. */
  #isBuiltinRead = false;
  /** A custom schema that nobody has needed yet; kustomize does not look into it before. */
  #unread: Uint8Array | undefined;
  #definitions: { [name: string]: MergeSchema } = {};
  #kinds = new Map<string, MergeSchema>();
  #scopes = new Map<string, boolean>();

  /** Sets the schema of the build. Once set, only `isTop` replaces it. */
  set(openapi: { readonly [key: string]: string }, content: Uint8Array | undefined, isTop: boolean): void {
    if (this.#source !== "unset" && !isTop) return;
    if (content !== undefined) {
      if (openapi["version"] !== undefined)
        throw invalid("builtin version and custom schema provided, cannot use both", { at: "openapi" });
      this.#source = "custom";
      this.#unread = content;
      return;
    }
    const version = openapi["version"] ?? "";
    if (version === "") return;
    if (version !== "v1.21.2")
      throw invalid(`the specified OpenAPI version ${version} is not built in`, {
        at: "openapi.version",
        hint: "v1.21.2 is",
      });
    this.#source = "builtin";
  }

  /** True when the kind is known to have no namespace. */
  isClusterScoped(gvk: Gvk): boolean {
    // Most questions are about kinds that are namespaced in every version.
    if (this.#isBuiltinRead && this.#source !== "custom" && !clusterKindNames.has(gvk.kind)) return false;
    const key = `${apiVersionOf(gvk)}|${gvk.kind}`;
    if (precomputed.has(key)) return clusterKinds.has(key);
    this.#readCustom();
    if (this.#source !== "custom") {
      this.#isBuiltinRead = true;
      return clusterKinds.has(key);
    }
    const scope = this.#scopes.get(key);
    if (scope !== undefined) return !scope;
    return this.#isBuiltinRead && clusterKinds.has(key);
  }

  forKind(apiVersion: string, kind: string): MergeSchema | undefined {
    const key = `${apiVersion}|${kind}`;
    this.#readCustom();
    if (this.#source === "custom") {
      const own = this.#kinds.get(key);
      if (own !== undefined || !this.#isBuiltinRead) return own;
    } else this.#isBuiltinRead = true;
    const name = tables.kinds[key];
    return name === undefined ? undefined : tables.schemas[name];
  }

  field(schema: MergeSchema | undefined, name: string): MergeSchema | undefined {
    if (schema === undefined) return undefined;
    const own = schema.p !== undefined && Object.hasOwn(schema.p, name) ? schema.p[name] : undefined;
    return this.#resolve(own ?? schema.a);
  }

  elements(schema: MergeSchema | undefined): MergeSchema | undefined {
    return this.#resolve(schema?.i);
  }

  #resolve(schema: MergeSchema | undefined): MergeSchema | undefined {
    let found = schema;
    for (let i = 0; found?.r !== undefined && i < 100; i++)
      found =
        this.#definitions[found.r] ??
        (this.#source === "custom" && !this.#isBuiltinRead ? undefined : tables.schemas[found.r]);
    return found;
  }

  #readCustom(): void {
    if (this.#unread === undefined) return;
    const document = parseDefinitions(decodeUtf8(this.#unread), "openapi.path");
    this.#unread = undefined;
    const definitions = isObject(document["definitions"]) ? document["definitions"] : {};
    for (const [name, definition] of Object.entries(definitions)) {
      if (!isObject(definition)) continue;
      const schema = readSchema(definition);
      this.#definitions[name] = schema;
      const kinds = definition["x-kubernetes-group-version-kind"];
      for (const kind of Array.isArray(kinds) ? kinds : []) {
        const key = kindKey(kind);
        if (key !== undefined) this.#kinds.set(key, schema);
      }
    }
    if (isObject(document["paths"])) this.#readScopes(document["paths"]);
  }

  #readScopes(paths: JsonObject): void {
    for (const [path, item] of Object.entries(paths)) {
      const get = isObject(item) ? item["get"] : undefined;
      const key = isObject(get) ? kindKey(get["x-kubernetes-group-version-kind"]) : undefined;
      if (key === undefined) continue;
      if (path.includes("namespaces/{namespace}")) this.#scopes.set(key, true);
      else if (!this.#scopes.has(key)) this.#scopes.set(key, false);
    }
  }
}

/** A map of definitions: JSON where the text begins with a brace, else YAML. Empty YAML holds none; empty text is an error. */
export function parseDefinitions(text: string, at: string): JsonObject {
  if (text === "") throw invalid("the file is empty", { at });
  const data = text.startsWith("{") ? parseStrictJson(text, at) : parseYaml(text);
  if (data === null) return {};
  if (!isObject(data)) throw invalid("not a map of OpenAPI definitions", { at });
  return data;
}

function parseStrictJson(text: string, at: string): Json {
  try {
    return decodeJson(text);
  } catch (thrown) {
    throw invalid("text that begins with a brace must be JSON", { at, cause: thrown });
  }
}

function kindKey(kind: Json | undefined): string | undefined {
  if (!isObject(kind) || typeof kind["version"] !== "string" || typeof kind["kind"] !== "string") return undefined;
  const group = typeof kind["group"] === "string" && kind["group"] !== "" ? `${kind["group"]}/` : "";
  return `${group}${kind["version"]}|${kind["kind"]}`;
}

function readSchema(definition: JsonObject): MergeSchema {
  const schema: MergeSchema = {};
  if (typeof definition["$ref"] === "string") schema.r = definition["$ref"].replace(/^#\/definitions\//, "");
  const properties = definition["properties"];
  if (isObject(properties)) {
    const read: { [name: string]: MergeSchema } = Object.create(null) as { [name: string]: MergeSchema };
    for (const [name, property] of Object.entries(properties))
      if (isObject(property)) read[name] = readSchema(property);
    schema.p = read;
  }
  if (isObject(definition["items"]) && definition["type"] === "array") schema.i = readSchema(definition["items"]);
  if (isObject(definition["additionalProperties"])) schema.a = readSchema(definition["additionalProperties"]);
  const strategy = definition["x-kubernetes-patch-strategy"];
  if (typeof strategy === "string") {
    schema.s = strategy;
    const keys = definition["x-kubernetes-list-map-keys"];
    const key = definition["x-kubernetes-patch-merge-key"];
    if (Array.isArray(keys)) schema.k = keys.filter((one) => typeof one === "string");
    else if (typeof key === "string") schema.k = [key];
  }
  return schema;
}
