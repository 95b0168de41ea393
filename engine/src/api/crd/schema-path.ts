// The paths by which a definition names fields of its own schema: `.spec.items['a.b']` (ValidFieldPath of apiextensions-apiserver, v1.36).

import { isObject, type JsonObject } from "#kernel";

const tokens = /'(?:\\'|[^'])*'|[.[\]]|[^.[\]']+/g;

export type SchemaPath = { ok: true; names: string[]; schema: JsonObject } | { ok: false; why: string };

/** The schema of the field that a path leads to, or why it leads nowhere. */
export function schemaAt(
  path: string,
  schema: JsonObject,
  { allowsBrackets = true }: { allowsBrackets?: boolean } = {},
): SchemaPath {
  const parts = path.match(tokens) ?? [];
  const names: string[] = [];
  let node = schema;
  for (let index = 0; index < parts.length; ) {
    const token = parts[index] as string;
    if (token !== "." && token !== "[") return { ok: false, why: `expected [ or . but got: ${token}` };
    if (token === "[" && !allowsBrackets) return { ok: false, why: "array notation is not allowed" };
    const name = token === "." ? parts[index + 1] : quotedName(parts, index);
    if (name === undefined) return { ok: false, why: "unexpected end of JSON path" };
    const next = below(node, name);
    if (next === undefined) return { ok: false, why: "does not refer to a valid field" };
    names.push(name);
    node = next;
    index += token === "." ? 2 : 3;
  }
  return { ok: true, names, schema: node };
}

/** `['name']` */
function quotedName(parts: readonly string[], index: number): string | undefined {
  const [open, quoted = "", close] = parts.slice(index, index + 3);
  if (open !== "[" || close !== "]" || !/^'.*'$/s.test(quoted)) return undefined;
  return quoted.slice(1, -1).replaceAll(/\\(['\\])/g, "$1");
}

function below({ properties, additionalProperties }: JsonObject, name: string): JsonObject | undefined {
  if (!isObject(properties)) return isObject(additionalProperties) ? additionalProperties : undefined;
  const next = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isObject(next) ? next : undefined;
}
