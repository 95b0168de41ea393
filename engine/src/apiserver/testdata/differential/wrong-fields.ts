// Every kind with each of its fields wrong in turn, by its schema: what is refused, in which words, and what is let through. Nothing is
// kept: every request is a dry run.

import { builtinSchemas, schemaFor } from "#api/kubernetes";
import type { SchemaNode, SchemaRef } from "#kernel";
import { addressObject, flowSchema, rareSubjects } from "./rare-subjects.ts";
import { post, type Script, type Step, unseen } from "./steps.ts";
import { type Part, type Subject, subjects } from "./subjects.ts";

type Value = unknown;
type Change = { at: readonly string[]; value: Value };

/** Levels below a field that the object does not have. */
const levelsBelow = 2;
/** Steps of one script. */
const stepsMost = 40;
/** A template's pod is looked at once, as a Pod. */
const isPodOfOthers = (at: readonly string[]): boolean => at.at(-1) === "spec" && at.at(-2) === "template";
const skipped = new Set(["apiVersion", "kind", "metadata", "status"]);

function isMap(value: Value): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is likely wrong for a field that nobody set. */
function wrongs(ref: SchemaRef, level: number): Value[] {
  const node = builtinSchemas.resolve(ref);
  switch (node.type) {
    case "string":
      return ["Not Valid!"];
    case "integer":
    case "number":
      return [-1];
    case "boolean":
      return [true];
    case "int-or-string":
      return [-1, "x y"];
    case "array":
      return node.items === undefined || level > levelsBelow ? [[]] : wrongs(node.items, level).map((one) => [one]);
    case "object":
      return [{}, ...(level >= levelsBelow ? [] : members(node, level + 1))];
    default:
      return ["Not Valid!"];
  }
}

function members(node: SchemaNode, level: number): Value[] {
  if (node.additional !== undefined) return node.additional === true ? [] : wrongs(node.additional, level).map((one) => ({ "a b": one }));
  return Object.entries(node.properties ?? {}).flatMap(([name, ref]) => wrongs(ref, level).map((one) => ({ [name]: one })));
}

/** Every way in which one field of a value can be otherwise. */
function changes(ref: SchemaRef, value: Value, at: readonly string[]): Change[] {
  if (isPodOfOthers(at)) return [];
  const node = builtinSchemas.resolve(ref);
  const here = (values: readonly Value[]): Change[] => values.map((one) => ({ at, value: one }));
  if (Array.isArray(value)) {
    const inside = node.items === undefined ? [] : value.slice(0, 2).flatMap((one, index) => changes(node.items as SchemaRef, one, [...at, String(index)]));
    return [...here([[], [...(value as Value[]), ...(value as Value[])]]), ...inside];
  }
  if (isMap(value)) return [...(at.length === 0 ? [] : here([undefined, {}])), ...memberChanges(node, value, at)];
  if (typeof value === "string") return here([undefined, "", "Not Valid!", "x".repeat(300)]);
  if (typeof value === "number") return here([undefined, -1, 0, 70_000]);
  return here([undefined, ...(typeof value === "boolean" ? [!value] : [])]);
}

function memberChanges(node: SchemaNode, value: Part, at: readonly string[]): Change[] {
  if (node.additional !== undefined) {
    const of = node.additional === true ? {} : node.additional;
    const known = Object.entries(value).flatMap(([name, one]) => changes(of, one, [...at, name]));
    return [...known, ...wrongs(of, 0).map((one) => ({ at: [...at, "a b"], value: one }))];
  }
  return Object.entries(node.properties ?? {}).flatMap(([name, ref]) => {
    if (at.length === 0 && skipped.has(name)) return [];
    const path = [...at, name];
    if (isPodOfOthers(path)) return [];
    return Object.hasOwn(value, name) ? changes(ref, value[name], path) : wrongs(ref, 0).map((one) => ({ at: path, value: one }));
  });
}

function changed(value: Value, [name, ...rest]: readonly string[], to: Value): Value {
  if (name === undefined) return to;
  if (Array.isArray(value)) return value.map((one: Value, index) => (String(index) === name ? changed(one, rest, to) : one));
  const part = isMap(value) ? value : {};
  return { ...part, [name]: changed(part[name], rest, to) };
}

function merged(base: Value, part: Value): Value {
  if (!isMap(part)) return part;
  const result: Part = isMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(part))
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  return result;
}

/** The bodies of one kind, each once. */
function bodies(subject: Subject, namespace: string): string[] {
  const { apiVersion, kind, base, parts } = subject;
  const slash = apiVersion.indexOf("/");
  const root = schemaFor(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), kind);
  if (root === undefined) return [];
  const told = new Set<string>();
  const found = new Set<string>();
  for (const part of [{}, ...parts]) {
    const whole = merged({ apiVersion, kind, metadata: { name: `wrong-${subject.id}` }, ...base }, part);
    for (const { at, value } of changes(root, whole, [])) {
      const change = `${at.join(".")} ${JSON.stringify(value)}`;
      if (told.has(change)) continue;
      told.add(change);
      found.add(JSON.stringify(changed(whole, at, value)).replaceAll('"NS"', JSON.stringify(namespace)));
    }
  }
  return [...found];
}

function scriptsOf(subject: Subject): Script[] {
  const { apiVersion, plural, isNamespaced, kind, id } = subject;
  const namespace = `wrong-${id}`;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const list = isNamespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  const before = isNamespaced ? [unseen(post("/api/v1/namespaces", { metadata: { name: namespace } }))] : [];
  if (kind === "Pod") before.push(unseen(post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } })));
  const steps: Step[] = bodies(subject, namespace).map((body) => post(`${list}?dryRun=All`, body));
  return Array.from({ length: Math.ceil(steps.length / stepsMost) }, (_, index) => ({
    name: `wrong/${id}: ${index}`,
    steps: [...before, ...steps.slice(index * stepsMost, (index + 1) * stepsMost)],
  }));
}

/** Kinds of which every field is looked at as the real server does; of the others, more is let through than there. */
const wholly: ReadonlySet<string> = new Set([
  "configmap",
  "secret",
  "endpoints",
  "event",
  "controllerrevision",
  "hpa1",
  "ingressclass",
  "role",
  "rolebinding",
  "clusterrolebinding",
  "flowschema",
  "prioritylevel",
  "service",
  "ingress",
  "networkpolicy",
  "servicecidr",
  "ipaddress",
]);

/** Every kind that is checked wholly, or every kind, each field of it. */
export function wrongFieldScripts(isOfAll = false): readonly Script[] {
  return [...subjects, ...rareSubjects, flowSchema, addressObject].filter(({ id }) => isOfAll || wholly.has(id)).flatMap(scriptsOf);
}
