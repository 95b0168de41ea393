// Writes engine/src/apiserver/protobuf/data/fields.ts: the wire numbers of the built-in kinds' fields, read from the struct tags
// of the Go modules that define them. Usage: node tools/protobuf-fields.mjs MODULE_FOLDER…
// (the folders of k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator).

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Types that encode themselves: their JSON form is not that of their fields. */
const special = new Set([
  "Time",
  "MicroTime",
  "Quantity",
  "IntOrString",
  "RawExtension",
  "FieldsV1",
  "Duration",
  "JSON",
  "JSONSchemaPropsOrArray",
  "JSONSchemaPropsOrBool",
  "JSONSchemaPropsOrStringArray",
]);

const files = process.argv.slice(2).flatMap(goFiles);
const scalars = {
  string: "s",
  bool: "b",
  int: "i",
  int32: "i",
  int64: "i",
  uint32: "i",
  uint64: "i",
  uint8: "i",
  float64: "f",
  float32: "f",
};
const structs = new Map();
const aliases = new Map();

function goFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return goFiles(path);
    return /^(types|meta|quantity|.*_types?|intstr|types_.*)\.go$/.test(entry.name) && !/_test/.test(entry.name)
      ? [path]
      : [];
  });
}

function packageOf(path) {
  const match = /\/(?:apis|pkg\/apis|api[^/]*)\/([a-z]+\/v\w+)(?:\/[^/]*)?$/.exec(path);
  return match?.[1];
}

for (const file of files) {
  const own = packageOf(file);
  if (own === undefined) continue;
  const text = readFileSync(file, "utf8");
  const imports = new Map(
    [...text.matchAll(/^(?:import)?\s*(\w+)?\s*"(k8s\.io\/[^"]+)"/gm)].map(([, name, path]) => [
      name ?? basename(path),
      path,
    ]),
  );
  const resolve = (name) => {
    const [left, right] = name.includes(".") ? name.split(".") : [undefined, name];
    if (name === "types.UID") return "s";
    if (special.has(right)) return `@${right}`;
    if (left === undefined) return scalars[right] ?? `${own}.${right}`;
    const path = imports.get(left);
    return `${/([a-z]+\/v\w+)$/.exec(path ?? "")?.[1] ?? left}.${right}`;
  };
  for (const [, name, under] of text.matchAll(/^type (\w+) ((?:\[\]|map\[[\w.]+\])?[\w.]+)$/gm)) {
    if (under !== "struct") aliases.set(`${own}.${name}`, shapeOf(under, resolve));
  }
  for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields = [];
    for (const line of body.split("\n")) {
      const match = /^\s*(?:(\w+)\s+)?(\S+)\s+`([^`]*)`/.exec(line);
      if (match === null) continue;
      const [, , type, tags] = match;
      const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
      const json = /json:"([^"]*)"/.exec(tags)?.[1] ?? "";
      if (number === undefined) continue;
      const [jsonName, ...options] = json.split(",");
      const isInline = options.includes("inline") || jsonName === "";
      fields.push({
        number: Number(number),
        name: isInline ? "" : jsonName,
        shape: shapeOf(type, resolve),
        isOmitted: options.includes("omitempty"),
      });
    }
    structs.set(`${own}.${name}`, fields);
  }
}

function shapeOf(type, resolve) {
  let rest = type;
  const isPointer = rest.startsWith("*");
  if (isPointer) rest = rest.slice(1);
  if (rest === "[]byte") return { kind: "one", isPointer, type: "B" };
  if (rest.startsWith("[]")) return { kind: "list", isPointer, type: shapeOf(rest.slice(2), resolve) };
  const map = /^map\[[\w.]+\](.*)$/.exec(rest);
  if (map !== null) return { kind: "map", isPointer, type: shapeOf(map[1], resolve) };
  return { kind: "one", isPointer, type: resolve(rest) };
}

/** "s", "*s", "[s", "{s" (a map to s); a name stands for a message. */
function encode(shape) {
  const pointer = shape.isPointer ? "*" : "";
  if (shape.kind === "list") return `${pointer}[${encode(shape.type)}`;
  if (shape.kind === "map") return `${pointer}{${encode(shape.type)}`;
  const alias = aliases.get(shape.type);
  if (alias === undefined || structs.has(shape.type)) return pointer + shape.type;
  // A named list is a message with its items in field 1; a named scalar or map is as if it had no name.
  if (alias.kind === "list")
    return shape.type.endsWith(".ExtraValue") || shape.type.endsWith(".Verbs")
      ? `${pointer}=${encode(alias)}`
      : `${pointer}${encode(alias)}`;
  return `${pointer}${encode(alias)}`;
}

const messages = {};
for (const [name, fields] of [...structs].sort(([a], [b]) => (a < b ? -1 : 1))) {
  // Only what is served without feature gates.
  if (fields.length === 0 || /v\d+(alpha|beta)/.test(name)) continue;
  messages[name] = fields
    .map(({ number, name: json, shape, isOmitted }) => `${number}${isOmitted ? "?" : "!"}${json} ${encode(shape)}`)
    .join("|");
}
const text = JSON.stringify(messages);
const target = new URL("../engine/src/apiserver/protobuf/data/fields.ts", import.meta.url);
writeFileSync(
  target,
  `// Generated by node tools/protobuf-fields.mjs from the struct tags of k8s.io/api v0.36.3 and its neighbours. A JSON string.\nexport const fieldsText: string =\n  '${text.replaceAll("'", "\\'")}';\n`,
);
process.stdout.write(`${Object.keys(messages).length} messages, ${text.length} bytes\n`);
