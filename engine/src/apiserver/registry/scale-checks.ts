// The numbers of a custom object that can be scaled: what its scale subresource could not show is refused (apiextensions-apiserver
// pkg/registry/customresource/validator.go, v1.36).

import { type FieldError, invalid } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { formatGo, goTypeOf } from "#merge";
import type { ScalePaths } from "./resource.ts";

const countMost = 2 ** 31 - 1;

export function scaleSpecErrors({ specReplicas }: ScalePaths, object: JsonObject): FieldError[] {
  return countErrors(object, specReplicas);
}

export function scaleStatusErrors({ statusReplicas, labelSelector }: ScalePaths, object: JsonObject): FieldError[] {
  const errors = countErrors(object, statusReplicas);
  if (labelSelector === undefined) return errors;
  const { value, problem } = valueAt(object, labelSelector);
  if (problem !== undefined) return [...errors, invalid(`.${labelSelector}`, "", problem)];
  if (value === undefined || typeof value === "string") return errors;
  return [...errors, invalid(`.${labelSelector}`, "", wrongType(`.${labelSelector}`, value, "string"))];
}

function countErrors(object: JsonObject, path: string): FieldError[] {
  const field = `.${path}`;
  const { value, problem } = valueAt(object, path);
  if (problem !== undefined) return [invalid(field, 0, problem)];
  if (value === undefined) return [];
  const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
  if (!isWhole) return [invalid(field, 0, wrongType(field, value, "int64"))];
  if (value < 0) return [invalid(field, value, "should be a non-negative integer")];
  return value > countMost ? [invalid(field, value, `should be less than or equal to ${countMost}`)] : [];
}

/** What stands at a path; where something on the way has no members, why nothing can. */
function valueAt(object: JsonObject, path: string): { value?: Json; problem?: string } {
  let value: Json = object;
  let passed = "";
  for (const name of path.split(".")) {
    if (value === null) return {};
    passed += `.${name}`;
    if (!isObject(value)) return { problem: wrongType(passed, value, "map[string]interface{}") };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name] as Json;
  }
  return { value };
}

function wrongType(path: string, value: Json, wanted: string): string {
  return `${path} accessor error: ${formatGo(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`;
}
