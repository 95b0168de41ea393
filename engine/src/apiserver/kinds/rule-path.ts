// The paths by which rules name the field that they blame: `.spec.items['a.b']` (ValidFieldPath of apiextensions-apiserver, v1.36).

import { isObject, type JsonObject } from "#kernel";

const tokens = /'(?:\\'|[^'])*'|[.[\]]|[^.[\]']+/g;

/** True when the path leads to no field of the schema. */
export function rulePathErrors(path: string, schema: JsonObject): boolean {
  const parts = path.match(tokens) ?? [];
  if (parts.join("") !== path) return true;
  let node: JsonObject | undefined = schema;
  for (let index = 0; index < parts.length && node !== undefined; ) {
    const name: string | undefined = parts[index] === "." ? parts[index + 1] : quotedName(parts, index);
    if (name === undefined) return true;
    node = below(node, name);
    index += parts[index] === "." ? 2 : 3;
  }
  return node === undefined;
}

/** `['name']` */
function quotedName(parts: readonly string[], index: number): string | undefined {
  const [open, quoted = "", close] = parts.slice(index, index + 3);
  if (open !== "[" || close !== "]" || !/^'.*'$/s.test(quoted)) return undefined;
  return quoted.slice(1, -1).replaceAll(/\\(['\\])/g, "$1");
}

function below(schema: JsonObject, name: string): JsonObject | undefined {
  const { properties, additionalProperties } = schema;
  const next = isObject(properties)
    ? Object.hasOwn(properties, name)
      ? properties[name]
      : undefined
    : additionalProperties;
  return isObject(next) ? next : undefined;
}
