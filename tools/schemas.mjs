// npm run schemas: asks a running kube-apiserver (out of KEELSON_ORACLES) for discovery and OpenAPI v3, and writes
// - engine/src/api/kubernetes/data/builtin.ts: groups, kinds, resources and schemas without descriptions, as one JSON string;
// - engine/data/kubernetes-descriptions.json.gz: what `kubectl explain` shows, loaded by the API server alone.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { hasOracle, startOracle } from "./oracle-apiserver.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function readServer(oracle) {
  const get = async (path, accept = "application/json") => {
    const answer = await oracle.ask("GET", path, { headers: { accept } });
    if (answer.code !== 200) throw new Error(`${path}: HTTP ${answer.code}`);
    return JSON.parse(answer.body);
  };
  const groups = [...(await get("/api", aggregated)).items, ...(await get("/apis", aggregated)).items];
  const definitions = new Map();
  for (const path of Object.keys((await get("/openapi/v3")).paths)) {
    if (!/^(api|apis\/[^/]+)\/v[^/]+$/.test(path)) continue;
    const document = await get(`/openapi/v3/${path}`);
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const known = definitions.get(name);
      // The meta kinds list one more group in each document.
      if (known === undefined) definitions.set(name, schema);
    }
  }
  return { version: await get("/version"), groups, definitions };
}

const extensions = {
  "x-kubernetes-list-type": "listType",
  "x-kubernetes-list-map-keys": "listMapKeys",
  "x-kubernetes-map-type": "mapType",
  "x-kubernetes-patch-strategy": "patchStrategy",
  "x-kubernetes-patch-merge-key": "patchMergeKey",
};
const kept = new Set(["type", "format", "required", "enum", "default"]);
const ignored = new Set([
  "description",
  "properties",
  "items",
  "additionalProperties",
  "allOf",
  "$ref",
  "oneOf",
  "x-kubernetes-group-version-kind",
  "x-kubernetes-unions",
]);

function refName(schema) {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined);
  return ref?.slice(ref.lastIndexOf("/") + 1);
}

function convertOwn(schema, where) {
  const node = {};
  for (const [key, value] of Object.entries(schema)) {
    if (kept.has(key)) node[key] = value;
    else if (extensions[key] !== undefined) node[extensions[key]] = value;
    else if (!ignored.has(key)) throw new Error(`${where}: unknown keyword ${key}`);
  }
  // Defaults of structs say nothing: they stand for Go's zero value.
  if (typeof node.default === "object") delete node.default;
  return node;
}

/**
 * What Go writes for a member that is not set; undefined: nothing. Structs in place (default {}) are always written, all else
 * only where the member is required, which is how omitempty shows in OpenAPI.
 */
function alwaysWritten(schema, isRequired) {
  const isStruct = typeof schema.default === "object" && Object.keys(schema.default).length === 0;
  // Times in place are left out when they are zero.
  if (isStruct) return refName(schema)?.endsWith("Time") ? (isRequired ? null : undefined) : {};
  if (!isRequired) return undefined;
  if (schema.default === undefined) return null;
  return schema.default === "" || schema.default === 0 || schema.default === false ? schema.default : undefined;
}

const moduleVersion = "v0.36.3";

/** The structs of one Go package: type to its fields `{ name, type, isInline, isPointer, omits }`. */
const packages = new Map();

function structsOf(path) {
  const known = packages.get(path);
  if (known !== undefined) return known;
  const structs = new Map();
  packages.set(path, structs);
  const cache = spawnSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).stdout.trim();
  const [host, module, ...rest] = path.split("/");
  const folder = join(cache, host, `${module}@${moduleVersion}`, ...rest);
  if (!existsSync(folder)) return structs;
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".go") || file.endsWith("_test.go") || file.startsWith("zz_") || file.endsWith(".pb.go"))
      continue;
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      structs.set(name, fieldsOf(body));
  }
  return structs;
}

function fieldsOf(body) {
  const fields = [];
  for (const line of body.split("\n")) {
    const match = /^\s*(?:\w+\s+)?([*[\]\w.]+)\s+`[^`]*json:"([^"]*)"/.exec(line);
    if (match === null) continue;
    const [name, ...options] = match[2].split(",");
    fields.push({
      name,
      type: match[1],
      isInline: name === "" && (options.includes("inline") || !line.trim().includes(' `json:",omit')),
      omits: options.includes("omitempty") || options.includes("omitzero"),
      omitsZero: options.includes("omitzero"),
    });
  }
  return fields;
}

/** All members of a Go struct, inline ones included. */
function membersOf(path, type) {
  const members = new Map();
  for (const field of structsOf(path).get(type) ?? []) {
    if (!field.isInline) members.set(field.name, field);
    else if (!field.type.includes("."))
      for (const [name, member] of membersOf(path, field.type))
        members.set(name, { ...member, within: [field.type, ...(member.within ?? [])] });
  }
  return members;
}

/** Scalars, lists and maps held in place that Go leaves out when they are empty. */
function omittedMembers(definition, node) {
  const parts = definition.split(".");
  const path = `k8s.io/${parts.slice(2, -1).join("/")}`;
  const members = membersOf(path, parts.at(-1));
  const isKept = (ref) => typeof ref === "string" && !ref.endsWith("Time");
  return Object.entries(node.properties ?? {})
    .filter(([name, ref]) => {
      const member = members.get(name);
      if (member === undefined || !member.omits || member.type.startsWith("*")) return false;
      // No omitempty leaves out a struct: a time that is not set is written as null.
      if (member.type.endsWith("Time") && !member.type.startsWith("map") && !member.omitsZero) return false;
      // Structs in place are written whatever they hold; quantities and the like never stand in place with omitempty.
      return !isKept(ref) && (ref.type !== "object" || ref.additional !== undefined || member.type.startsWith("map"));
    })
    .map(([name]) => name);
}

/** Lists and maps that Go writes as null when they are empty. */
function nullMembers(definition, node) {
  const parts = definition.split(".");
  const members = membersOf(`k8s.io/${parts.slice(2, -1).join("/")}`, parts.at(-1));
  return [...members.values()]
    .filter(
      (member) => !member.omits && /^(\[\]|map|\*)/.test(member.type) && node.properties?.[member.name] !== undefined,
    )
    .map(({ name }) => name);
}

const scalarZeros = { string: "", bool: false, int: 0, int32: 0, int64: 0 };

/** Scalars in place without omitempty, and times in place, which no omitempty leaves out: written with their zero. */
function zeroMembers(definition, node) {
  const parts = definition.split(".");
  const members = membersOf(`k8s.io/${parts.slice(2, -1).join("/")}`, parts.at(-1));
  return [...members.values()]
    .filter((member) => node.properties?.[member.name] !== undefined)
    .flatMap((member) => {
      if (/^(metav1|v1)\.(Micro)?Time$/.test(member.type) && !member.omitsZero) return [[member.name, null]];
      return member.omits || scalarZeros[member.type] === undefined ? [] : [[member.name, scalarZeros[member.type]]];
    });
}

/** Lists and maps that are required of clients and yet left out by Go when they are empty. */
function unwrittenMembers(definition, node) {
  const parts = definition.split(".");
  const members = membersOf(`k8s.io/${parts.slice(2, -1).join("/")}`, parts.at(-1));
  return Object.entries(node.always ?? {})
    .filter(
      ([name, zero]) => zero === null && members.get(name)?.omits === true && !members.get(name).type.endsWith("Time"),
    )
    .map(([name]) => name);
}

/** A Go type as error messages name it: with the name of its package, pointers aside. */
function qualified(type, home) {
  const bare = type.replaceAll("*", "");
  const [, before, name] = /^((?:\[\]|map\[[\w.]+\])*)(.+)$/.exec(bare);
  const packageOf = (one) => {
    if (one.includes(".")) return one.replace(/^\w*v(\d\w*)\./, "v$1.").replace(/^metav1\./, "v1.");
    return /^[a-z]/.test(one) ? one : `${home}.${one}`;
  };
  return `${before.replace(/map\[([\w.]+)\]/g, (_, key) => `map[${packageOf(key)}]`)}${packageOf(name)}`;
}

/** Texts, lists and maps that are types of their own in Go, where the schema says only what they hold. */
function nameTypes(definition, node) {
  const parts = definition.split(".");
  const members = membersOf(`k8s.io/${parts.slice(2, -1).join("/")}`, parts.at(-1));
  for (const [name, ref] of Object.entries(node.properties ?? {})) {
    const type = members.get(name)?.type;
    if (type === undefined || typeof ref === "string") continue;
    const whole = qualified(type, parts.at(-2));
    const isNamed = (one) => /^\w+\.[A-Z]\w*$/.test(one);
    if (isNamed(whole) && (ref.type === "string" || ref.additional !== undefined || ref.type === "array"))
      ref.goType = whole;
    else if (/^map\[v\d\w*\./.test(whole)) ref.goType = whole;
    const [, below] = /^(?:\[\]|map\[[\w.]+\])(.+)$/.exec(whole) ?? [];
    const member = ref.items ?? ref.additional;
    if (below !== undefined && isNamed(below) && member?.type === "string") member.goType = below;
  }
}

/** Members that stand in a struct which Go embeds: errors name it on the way. */
function embeddedMembers(definition, node) {
  const parts = definition.split(".");
  const members = membersOf(`k8s.io/${parts.slice(2, -1).join("/")}`, parts.at(-1));
  return [...members.values()].filter(
    ({ name, within }) => within !== undefined && node.properties?.[name] !== undefined,
  );
}

/** A schema as a SchemaRef: the name of a definition, or a node in place. */
/** Types that stand in place because a member says more of them, by the definition they repeat. */
const copies = new Map();

function convert(schema, where, definitions) {
  const name = refName(schema);
  const own = convertOwn(schema, where);
  if (name !== undefined) {
    delete own.default;
    if (Object.keys(own).length === 0) return name;
    const copy = { ...convert(definitions.get(name), name, definitions), ...own, repeats: name };
    copies.set(copy, name);
    return copy;
  }
  if (where === "io.k8s.apimachinery.pkg.util.intstr.IntOrString")
    return { type: "int-or-string", format: "int-or-string" };
  if (where === "io.k8s.apimachinery.pkg.api.resource.Quantity") return { type: "int-or-string", format: "quantity" };
  // Any value, owned as a whole.
  if (where === "io.k8s.apimachinery.pkg.runtime.RawExtension") return { mapType: "atomic" };
  if (schema.properties !== undefined) {
    own.properties = {};
    const always = {};
    for (const [key, value] of Object.entries(schema.properties)) {
      own.properties[key] = convert(value, `${where}.${key}`, definitions);
      const zero = alwaysWritten(value, schema.required?.includes(key));
      if (zero !== undefined) always[key] = zero;
    }
    if (Object.keys(always).length > 0) own.always = always;
  }
  if (schema.items !== undefined) own.items = convert(schema.items, `${where}[]`, definitions);
  if (typeof schema.additionalProperties === "object") {
    own.additional = convert(schema.additionalProperties, `${where}{}`, definitions);
  } else if (schema.additionalProperties === true) own.additional = true;
  return own;
}

/** Zero defaults matter for the keys of map lists alone: elsewhere they only say that Go has no null there. */
function dropZeroDefaults(nodes) {
  const keys = new Map();
  const visit = (ref) => {
    if (typeof ref === "string") return;
    if (ref.listType === "map" && typeof ref.items === "string") {
      keys.set(ref.items, new Set([...(keys.get(ref.items) ?? []), ...ref.listMapKeys]));
    }
    for (const below of [ref.items, ref.additional, ...Object.values(ref.properties ?? {})]) if (below) visit(below);
  };
  const drop = (ref, keep) => {
    if (typeof ref === "string") return;
    for (const [name, below] of Object.entries(ref.properties ?? {})) {
      const zero = below.default === "" || below.default === 0 || below.default === false;
      if (zero && !keep?.has(name)) delete below.default;
      drop(below);
    }
    for (const below of [ref.items, ref.additional]) {
      if (typeof below !== "object") continue;
      delete below.default;
      drop(below);
    }
  };
  for (const node of Object.values(nodes)) visit(node);
  for (const [name, node] of Object.entries(nodes)) drop(node, keys.get(name));
}

function describe(schema) {
  const texts = {};
  if (schema.description !== undefined) texts[""] = schema.description;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.description !== undefined) texts[name] = property.description;
  }
  return texts;
}

function listResources(groups) {
  const resources = [];
  for (const item of groups) {
    const group = item.metadata.name ?? "";
    for (const version of item.versions) {
      for (const resource of version.resources) {
        const at = { group, version: version.version };
        resources.push({
          ...at,
          plural: resource.resource,
          singular: resource.singularResource,
          kind: resource.responseKind.kind,
          isNamespaced: resource.scope === "Namespaced",
          verbs: resource.verbs ?? [],
          shortNames: resource.shortNames ?? [],
          categories: resource.categories ?? [],
          subresources: Object.fromEntries(
            (resource.subresources ?? []).map((subresource) => [
              subresource.subresource,
              {
                group: subresource.responseKind?.group || group,
                version: subresource.responseKind?.version || version.version,
                kind: subresource.responseKind?.kind ?? "",
                verbs: subresource.verbs,
              },
            ]),
          ),
        });
      }
    }
  }
  return resources;
}

function listKinds(definitions) {
  const kinds = {};
  for (const [name, schema] of [...definitions].sort(([a], [b]) => compareText(a, b))) {
    for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? []) {
      if (name.includes(".apis.meta.") && (group !== "" || version !== "v1")) continue;
      kinds[`${group}/${version}/${kind}`] = name;
    }
  }
  return kinds;
}

function write({ version, groups, definitions }) {
  const names = [...definitions.keys()].sort(compareText);
  const nodes = Object.fromEntries(names.map((name) => [name, convert(definitions.get(name), name, definitions)]));
  dropZeroDefaults(nodes);
  for (const [name, node] of Object.entries(nodes)) {
    const omitted = omittedMembers(name, node);
    if (omitted.length > 0) node.omitEmpty = omitted;
    for (const member of nullMembers(name, node))
      node.always = { ...node.always, [member]: node.always?.[member] ?? null };
    for (const member of unwrittenMembers(name, node)) delete node.always[member];
    nameTypes(name, node);
    for (const member of embeddedMembers(name, node))
      node.embedded = { ...node.embedded, [member.name]: member.within.join(".") };
    for (const [member, zero] of zeroMembers(name, node))
      if (node.always?.[member] === undefined) node.always = { ...node.always, [member]: zero };
  }
  for (const [copy, name] of copies)
    for (const member of ["omitEmpty", "properties"])
      if (nodes[name][member] !== undefined) copy[member] = nodes[name][member];
  if (!Object.values(nodes).some((node) => node.omitEmpty !== undefined)) {
    throw new Error(
      `Go's types are not at hand: run "go mod download" in oracles/kubernetes (k8s.io/api ${moduleVersion})`,
    );
  }
  const source = `kube-apiserver ${version.gitVersion}, discovery and OpenAPI v3`;
  const data = {
    source,
    version: version.gitVersion,
    nodes,
    kinds: listKinds(definitions),
    resources: listResources(groups),
  };
  const text = JSON.stringify(data).replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  mkdirSync(`${root}engine/src/api/kubernetes/data`, { recursive: true });
  writeFileSync(
    `${root}engine/src/api/kubernetes/data/builtin.ts`,
    `// Generated by npm run schemas from ${source}. A JSON string: it is parsed on first use, in Node and in a browser alike.\n` +
      `export const builtinText: string =\n  '${text}';\n`,
  );
  const described = {
    source,
    descriptions: Object.fromEntries(names.map((name) => [name, describe(definitions.get(name))])),
  };
  mkdirSync(`${root}engine/data`, { recursive: true });
  writeFileSync(
    `${root}engine/data/kubernetes-descriptions.json.gz`,
    gzipSync(JSON.stringify(described), { level: 9 }),
  );
  console.log(`${names.length} definitions, ${data.resources.length} resources, ${text.length} characters`);
}

if (!hasOracle()) {
  console.error("schemas: set KEELSON_ORACLES to a folder with etcd and kube-apiserver (see oracles/)");
  process.exit(1);
}
const oracle = await startOracle();
try {
  write(await readServer(oracle));
} finally {
  oracle.stop();
}
