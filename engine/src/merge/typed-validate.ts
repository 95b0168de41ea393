// Checks that data fits its shape before it is merged; messages are those of structured-merge-diff (typed/validate.go, v6.3).

import { isObject, type Json } from "#kernel";
import { elementOf, NoElement } from "./list-element.ts";
import { fieldElement, formatElement, type PathElement } from "./path-element.ts";
import { formOf, type ListShape, type MapShape, type ScalarKind, type Shape } from "./shape.ts";

export type TypeError = { path: string; message: string };

/** What does not fit, in the order met; empty when all does. */
export function validateShape(value: Json, shape: Shape): TypeError[] {
  const errors: TypeError[] = [];
  check(value, shape, errors);
  return errors;
}

/** One error as `path: message`, several under the word `errors:`. */
export function formatTypeErrors(errors: readonly TypeError[]): string {
  const lines = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return lines.length === 1 ? (lines[0] as string) : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
}

/** Errors so far; their paths grow at the front while the walk comes back up. */
type Errors = TypeError[];

function fail(errors: Errors, message: string): void {
  errors.push({ path: "", message });
}

function check(value: Json, shape: Shape, errors: Errors): void {
  switch (formOf(shape, value)) {
    case "scalar":
      return checkScalar(value, shape.scalar as ScalarKind, errors);
    case "list":
      return checkList(value, shape.list as ListShape, errors);
    case "map":
      return checkMap(value, shape.map as MapShape, errors);
  }
}

/** A value as Go prints it with %v: an interface value of structured-merge-diff prints as its short form. */
function goValue(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
    return members.map((name) => `${name}=${goValue(value[name] as Json)}`).join("");
  }
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

/** The Go type of plain data, as %T prints it. */
function goType(value: Json): string {
  if (Array.isArray(value)) return "[]interface {}";
  return isObject(value) ? "map[string]interface {}" : typeof value === "boolean" ? "bool" : "string";
}

function checkScalar(value: Json, kind: ScalarKind, errors: Errors): void {
  if (value === null) return;
  switch (kind) {
    case "numeric":
      if (typeof value !== "number" && typeof value !== "bigint")
        fail(errors, `expected numeric (int or float), got ${goType(value)}`);
      return;
    case "string":
      if (typeof value !== "string")
        fail(errors, `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
      return;
    case "boolean":
      if (typeof value !== "boolean") fail(errors, `expected boolean, got &{${goPlain(value)}}`);
      return;
    case "untyped":
      if (typeof value === "object") fail(errors, `expected any scalar, got &{${goPlain(value)}}`);
      return;
  }
}

/** Go's %v of plain data: strings bare, lists and maps in brackets, keys sorted. */
function goPlain(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(goPlain).join(" ")}]`;
  if (value === null) return "<nil>";
  if (!isObject(value)) return typeof value === "string" ? value : goValue(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `map[${names.map((name) => `${name}:${goPlain(value[name] as Json)}`).join(" ")}]`;
}

/** Go's %#v of plain data. */
function goSyntax(value: Json): string {
  if (value === null) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isObject(value)) return goValue(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  const members = names.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name] as Json)}`);
  return `map[string]interface {}{${members.join(", ")}}`;
}

function checkList(value: Json, list: ListShape, errors: Errors): void {
  if (value === null) return;
  if (!Array.isArray(value)) return fail(errors, `expected list, got &{${goPlain(value)}}`);
  const seen = new Set<PathElement>();
  const items = list.items();
  for (const [index, item] of value.entries()) {
    let element: PathElement | NoElement = `i:${index}`;
    if (!list.isAtomic) {
      element = elementOf(list, item);
      // Without a path element nothing deeper can be named, so the rest of the list is not looked at.
      if (element instanceof NoElement) return fail(errors, `element ${index}: ${element.message}`);
      if (seen.has(element)) fail(errors, `duplicate entries for key ${formatElement(element)}`);
      seen.add(element);
    }
    descend(item, { shape: items, element, errors });
  }
}

function descend(value: Json, at: { shape: Shape; element: PathElement; errors: Errors }): void {
  const count = at.errors.length;
  check(value, at.shape, at.errors);
  if (at.errors.length === count) return;
  const prefix = formatElement(at.element);
  for (const error of at.errors.slice(count)) error.path = prefix + error.path;
}

function checkMap(value: Json, map: MapShape, errors: Errors): void {
  if (value === null) return;
  if (!isObject(value)) return fail(errors, `expected map, got &{${goPlain(value)}}`);
  for (const name in value) {
    const shape = map.member(name);
    if (shape === undefined) {
      errors.push({ path: `.${name}`, message: "field not declared in schema" });
      return;
    }
    const member = value[name] as Json;
    // The common leaves, without a step down.
    if (typeof member === "string" && (shape.scalar === "string" || shape.scalar === "untyped")) continue;
    descend(member, { shape, element: fieldElement(name), errors });
  }
}
