// What a strategic merge and the scope of a kind depend on: kustomize's embedded schema of Kubernetes 1.21.2, or the one
// a kustomization brings (`openapi`). One of these per build; the first that is set stays.

import { parseYaml } from "#formats/yaml";
import { decodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import { tablesText } from "./data/tables.ts";
import { invalid } from "./faults.ts";

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

/** kustomize's default field specifications, by configuration key. */
export const defaultFieldSpecs: FieldSpecTable = tables.fields;

type Source = "unset" | "builtin" | "custom";

export class Schema {
  #source: Source = "unset";
  /** True once a kind's scope was asked of the embedded schema: a custom one set later is added to it. */
  #isBuiltinRead = false;
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
      this.#readCustom(content);
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
  isClusterScoped(apiVersion: string, kind: string): boolean {
    const key = `${apiVersion}|${kind}`;
    if (precomputed.has(key)) return clusterKinds.has(key);
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

  #readCustom(content: Uint8Array): void {
    const document = parseYaml(decodeUtf8(content));
    if (!isObject(document)) throw invalid("the schema is no OpenAPI document", { at: "openapi.path" });
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
