// EndpointSlices (pkg/apis/discovery/validation, v1.36).

import { type FieldError, required } from "#api/crd";
import type { JsonObject } from "#kernel";
import { itemsOf, oneOf, textOf } from "./fields.ts";

export function endpointSliceRules(object: JsonObject): FieldError[] {
  const type = textOf(object["addressType"]);
  if (type === "") return [required("addressType")];
  const names = new Set<string>();
  const errors = oneOf(type, "addressType", ["FQDN", "IPv4", "IPv6"]);
  for (const { item, field } of itemsOf(object["endpoints"], "endpoints"))
    if (!Array.isArray(item["addresses"]) || item["addresses"].length === 0)
      errors.push(required(`${field}.addresses`, "must contain at least 1 address"));
  for (const { item, field } of itemsOf(object["ports"], "ports")) {
    const name = textOf(item["name"]);
    if (names.has(name)) errors.push({ type: "Duplicate", field: `${field}.name`, value: name, detail: "" });
    names.add(name);
  }
  return errors;
}
