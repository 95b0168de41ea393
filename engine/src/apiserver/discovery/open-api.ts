// OpenAPI v3, one document a group and version, and v2, one document for all; made when asked for and kept until what is
// served changes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { builtinKinds, builtinSchemaNames, builtinSchemas, builtinVersion, schemaFor } from "#api/kubernetes";
import { encodeJson, type JsonObject } from "#kernel";
import type { ResourceTable, Served } from "#apiserver/registry";
import { groupsOf } from "./documents.ts";
import { encodeOpenApiV2 } from "./open-api-protobuf.ts";
import { pathsOf, type Style } from "./paths.ts";
import { type Descriptions, type RefStyle, schemaDocument } from "./schema-document.ts";

export type Encoded = { text: string; hash: string };

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

export class OpenApi {
  readonly #table: ResourceTable;
  #generation = -1;
  #documents = new Map<string, Encoded>();
  #protobuf: Uint8Array | undefined;
  #descriptions: Readonly<Record<string, Descriptions>> | undefined;
  #kinds: Map<string, JsonObject[]> | undefined;

  constructor(table: ResourceTable) {
    this.#table = table;
  }

  /** The index of v3: each document's path with the hash of its content. */
  index(): JsonObject {
    const paths: JsonObject = {};
    for (const [group, versions] of groupsOf(this.#table)) {
      for (const version of versions) {
        const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
        const { hash } = this.#kept(path, () => this.#version(group, version));
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
      }
    }
    return { paths };
  }

  /** The v3 document of `api/v1` or `apis/GROUP/VERSION`; undefined when no such version is served. */
  versionDocument(path: string): Encoded | undefined {
    const match = /^(?:api\/([^/]+)|apis\/([^/]+)\/([^/]+))$/.exec(path);
    if (match === null) return undefined;
    const group = match[2] ?? "";
    const version = (match[1] ?? match[3]) as string;
    if (groupsOf(this.#table).get(group)?.includes(version) !== true) return undefined;
    return this.#kept(path, () => this.#version(group, version));
  }

  v2(): Encoded {
    return this.#kept("v2", () => this.#v2());
  }

  /** The same as protobuf. */
  v2Protobuf(): Uint8Array {
    const { text } = this.v2();
    this.#protobuf ??= encodeOpenApiV2(JSON.parse(text) as JsonObject);
    return this.#protobuf;
  }

  #v2(): JsonObject {
    const definitions: JsonObject = {};
    for (const name of builtinSchemaNames()) definitions[name] = this.#builtin(name, "#/definitions/");
    const served = this.#table.values();
    for (const one of served) Object.assign(definitions, this.#custom(one, "#/definitions/"));
    return {
      swagger: "2.0",
      info: { title: "Kubernetes", version: builtinVersion() },
      paths: this.#paths(served, "v2"),
      definitions,
    };
  }

  #kept(key: string, make: () => JsonObject): Encoded {
    if (this.#generation !== this.#table.generation) {
      this.#documents = new Map();
      this.#protobuf = undefined;
      this.#generation = this.#table.generation;
    }
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    const text = encodeJson(make());
    const hash = createHash("sha512").update(text).digest("hex").toUpperCase();
    const made = { text, hash };
    this.#documents.set(key, made);
    return made;
  }

  #version(group: string, version: string): JsonObject {
    const served = this.#table
      .values()
      .filter((one) => one.resource.group === group && one.resource.version === version);
    const wanted = new Set<string>();
    for (const { resource, subresources, custom } of served) {
      if (custom !== undefined) wanted.add(objectMeta);
      for (const kind of [resource.kind, `${resource.kind}List`]) this.#want(wanted, schemaFor(group, version, kind));
      for (const part of Object.values(subresources))
        this.#want(wanted, schemaFor(part.group, part.version, part.kind));
    }
    for (const kind of ["DeleteOptions", "Status"]) this.#want(wanted, schemaFor("", "v1", kind));
    const schemas: JsonObject = {};
    for (const name of reachable(wanted)) schemas[name] = this.#builtin(name, "#/components/schemas/");
    for (const one of served) Object.assign(schemas, this.#custom(one, "#/components/schemas/"));
    return {
      openapi: "3.0.0",
      info: { title: "Kubernetes", version: builtinVersion() },
      paths: this.#paths(served, "v3"),
      components: { schemas },
    };
  }

  #want(wanted: Set<string>, name: string | undefined): void {
    if (name !== undefined) wanted.add(name);
  }

  #paths(served: readonly Served[], style: Style): JsonObject {
    const paths: JsonObject = {};
    const names = (group: string, version: string, kind: string): string | undefined =>
      schemaFor(group, version, kind) ?? this.#customName(group, version, kind);
    for (const one of served) Object.assign(paths, pathsOf(one, names, style));
    return paths;
  }

  #customName(group: string, version: string, kind: string): string | undefined {
    const found = this.#table.findKind(group, version, kind);
    return found?.custom === undefined ? undefined : customSchemaName(found);
  }

  #builtin(name: string, style: RefStyle): JsonObject {
    const document = schemaDocument(builtinSchemas.resolve(name), style, this.#describe(name));
    const kinds = this.#kindsOf(name);
    return kinds === undefined ? document : { ...document, "x-kubernetes-group-version-kind": kinds };
  }

  /** The group-version-kinds that each definition stands for. */
  #kindsOf(name: string): JsonObject[] | undefined {
    if (this.#kinds === undefined) {
      this.#kinds = new Map();
      for (const id of builtinKinds()) {
        const [group, version, kind] = id.split("/") as [string, string, string];
        const schema = schemaFor(group, version, kind) as string;
        const known = this.#kinds.get(schema) ?? [];
        known.push({ group, version, kind });
        this.#kinds.set(schema, known);
      }
    }
    return this.#kinds.get(name);
  }

  #custom(served: Served, style: RefStyle): JsonObject {
    if (served.custom === undefined) return {};
    const { group, version, kind } = served.resource;
    const raw = served.custom.schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const properties = {
      ...(raw.properties as JsonObject | undefined),
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: `${style}${objectMeta}` },
    };
    const list = {
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        items: { type: "array", items: { $ref: `${style}${customSchemaName(served)}` } },
      },
      "x-kubernetes-group-version-kind": [{ group, version, kind: `${kind}List` }],
    };
    return {
      [customSchemaName(served)]: { ...raw, properties, "x-kubernetes-group-version-kind": [{ group, version, kind }] },
      [`${customSchemaName(served)}List`]: list,
    };
  }

  #describe(name: string): Descriptions {
    this.#descriptions ??= readDescriptions();
    return this.#descriptions[name] ?? {};
  }
}

function readDescriptions(): Readonly<Record<string, Descriptions>> {
  const file = new URL("../../../data/kubernetes-descriptions.json.gz", import.meta.url);
  const { descriptions } = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as {
    descriptions: Record<string, Descriptions>;
  };
  return descriptions;
}

/** The group's labels backwards, as the real server names them: com.example.v1.Widget. */
function customSchemaName(served: Served): string {
  const { group, version, kind } = served.resource;
  return [...group.split(".").reverse(), version, kind].join(".");
}

/** The names and all that they refer to. */
function reachable(names: Iterable<string>): string[] {
  const seen = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    collectRefs(builtinSchemas.resolve(name), queue);
  }
  return [...seen].sort();
}

function collectRefs(node: unknown, found: string[]): void {
  const { properties, items, additional, repeats } = node as {
    properties?: object;
    items?: unknown;
    additional?: unknown;
    repeats?: string;
  };
  for (const ref of [...Object.values(properties ?? {}), items, additional, repeats] as unknown[]) {
    if (typeof ref === "string") found.push(ref);
    else if (typeof ref === "object" && ref !== null) collectRefs(ref, found);
  }
}
