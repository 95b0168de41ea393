// `vars`: $(NAME) in listed fields becomes the value of a field of some object (api/filters/refvar). Superseded by
// replacements, still used.

import { formatGoFloat, resolvePlain, type YamlNode } from "#formats/yaml";
import { fault, invalid } from "./faults.ts";
import { splitFieldPath, visitField } from "./field-spec.ts";
import { equalGvk, equalIds, gvkOf } from "./ids.ts";
import type { FieldSpec, Variable } from "./kustomization.ts";
import { isMissing, isText, lookup, stringTag } from "./nodes.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import type { Schema } from "./schema.ts";

type Value = { text: string; tag: string };

/** Marks the object that each variable takes its value from, while its name is still the one written down. */
export function markVariables(list: ResourceList, variables: readonly Variable[], schema: Schema): void {
  for (const variable of variables) {
    const { objref = {} } = variable;
    const gvk = objref.apiVersion
      ? gvkOf(objref.apiVersion, objref.kind ?? "")
      : { group: objref.group ?? "", version: objref.version ?? "", kind: objref.kind ?? "" };
    if (objref.apiVersion && !objref.apiVersion.includes("/") && objref.group) gvk.group = objref.group;
    // A reference by apiVersion knows no scope: with a namespace it never means an object that can have none.
    const scope = objref.apiVersion ? false : schema.isClusterScoped(gvk);
    const id = { ...gvk, name: objref.name ?? "", namespace: objref.namespace ?? "", isClusterScoped: scope };
    const isExact = id.namespace !== "" || scope;
    const found = list.findByAnyId((other) =>
      isExact ? equalIds(other, id) : other.name === id.name && equalGvk(other, id),
    );
    if (found.length > 1)
      throw fault("kustomize-conflict", `${found.length} objects match var ${variable.name ?? ""}`, {
        at: "vars",
        hint: "give its objref a namespace",
      });
    found[0]?.varNames.push(variable.name ?? "");
  }
}

/** Adds variables to those of other kustomizations; a name may be defined once. */
export function mergeVariables(known: Map<string, Variable>, added: Iterable<Variable>): void {
  for (const variable of added) {
    const name = variable.name ?? "";
    if (known.has(name)) throw fault("kustomize-conflict", `var '${name}' already encountered`, { at: "vars" });
    known.set(name, variable);
  }
}

export function resolveVariables(
  list: ResourceList,
  variables: ReadonlyMap<string, Variable>,
  specs: readonly FieldSpec[],
): void {
  if (variables.size === 0) return;
  const values = new Map<string, Value | undefined>();
  for (const name of [...variables.keys()].sort()) values.set(name, valueOf(list, variables.get(name) as Variable));
  for (const { node } of list.items)
    for (const spec of specs)
      if (node !== undefined) visitField(node, spec, { set: (found) => expandIn(found, values) });
}

function valueOf(list: ResourceList, variable: Variable): Value | undefined {
  const name = variable.name ?? "";
  const source = list.items.find((one) => one.varNames.includes(name));
  if (source === undefined)
    throw fault("kustomize-no-match", `var '${name}' cannot be mapped to a field in the set of known resources`, {
      at: "vars",
    });
  return fieldValue(source, variable.fieldref?.fieldPath || "metadata.name", name);
}

/** undefined for a list or map, which stands for nothing. */
function fieldValue(source: Resource, path: string, name: string): Value | undefined {
  const parts = splitFieldPath(path).flatMap(splitIndex);
  const found = lookup(source.node, parts);
  if (found === undefined) throw invalid(`field ${path} of var '${name}' not found in its object`, { at: "vars" });
  if (found.kind !== "scalar") return undefined;
  return typedValue(found, path);
}

function splitIndex(part: string): string[] {
  const match = /^(.*)\[(\d+)\]$/.exec(part);
  if (match === null) return [part];
  return match[1] === "" ? [match[2] as string] : [match[1] as string, match[2] as string];
}

function typedValue(node: YamlNode, path: string): Value {
  const { tag, value } = node;
  if (tag === "!!int") {
    const number = /^[-+]?\d+$/.test(value) ? BigInt(value.replace("+", "")) : undefined;
    if (number === undefined || BigInt.asIntN(64, number) !== number)
      throw invalid(`${value} is no whole number of 64 bits`, { at: path });
    return { text: number.toString(), tag };
  }
  if (tag === "!!float") return { text: formatGoFloat(Number(resolvePlain(value, "v3").value)), tag };
  if (tag === "!!bool") return { text: String(/^(true|True|TRUE)$/.test(value)), tag };
  return { text: value, tag: stringTag };
}

function expandIn(node: YamlNode, values: ReadonlyMap<string, Value | undefined>): void {
  if (isMissing(node)) return;
  if (node.kind === "scalar") {
    if (isText(node)) expandText(node, values);
    return;
  }
  const { items } = node;
  const isMap = node.kind === "map";
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as YamlNode;
    const isKey = isMap && i % 2 === 0;
    if (!isText(item)) {
      if (isMap && !isKey) continue;
      throw invalid(isMap ? `invalid map key: '${item.value}'` : "invalid value type expect a string");
    }
    if (!isKey) expandText(item, values);
  }
}

function expandText(node: YamlNode, values: ReadonlyMap<string, Value | undefined>): void {
  const value = expand(node.value, values);
  node.value = value.text;
  node.tag = value.tag;
  node.isTagged = false;
  node.style = value.tag === stringTag && value.text.includes("\n") ? "literal" : "plain";
}

/** `$(NAME)` alone keeps the type of its value; `$$` stands for `$`; unknown names stay. */
function expand(text: string, values: ReadonlyMap<string, Value | undefined>): Value {
  const whole = /^\$\(([^)]*)\)$/.exec(text);
  if (whole !== null) {
    const value = values.get(whole[1] as string);
    if (value !== undefined) return value;
  }
  const expanded = text.replace(/\$(?:\$|\(([^)]*)\))/g, (all: string, name: string | undefined) => {
    if (name === undefined) return "$";
    return values.get(name)?.text ?? all;
  });
  return { text: expanded, tag: stringTag };
}
