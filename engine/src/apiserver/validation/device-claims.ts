// ResourceClaims and their templates: which devices are asked for, on which conditions, and with which settings
// (pkg/apis/resource/validation, v1.36).

import { type FieldError, invalid, labelErrors, notSupported, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import {
  configurationErrors,
  deviceTolerationErrors,
  fullAttributeErrors,
  listErrors,
  selectorListErrors,
  textListErrors,
} from "./device-parts.ts";
import { invalidAll, itemsOf, part, textOf } from "./fields.ts";
import { templateMetadataErrors } from "./pods/claim-templates.ts";

/** As the real server has them. */
const most = { requests: 32, alternatives: 8, constraints: 32, config: 32 };

/** The spec of a claim never changes, and is not looked at again. */
export function claimOfDevicesRules(object: JsonObject, live?: JsonObject): FieldError[] {
  return live === undefined ? deviceClaimErrors(part(part(object, "spec"), "devices"), "spec.devices") : [];
}

export function claimTemplateRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  return [
    ...templateMetadataErrors(part(spec, "metadata"), "spec.metadata"),
    ...deviceClaimErrors(part(part(spec, "spec"), "devices"), "spec.spec.devices"),
  ];
}

export type Names = ReadonlyMap<string, ReadonlySet<string>>;

/** The requests of a claim, each with its alternatives. */
export function requestNames(devices: JsonObject): Names {
  return new Map(
    itemsOf(devices["requests"], "").map(({ item }) => [
      textOf(item["name"]),
      new Set(itemsOf(item["firstAvailable"], "").map((one) => textOf(one.item["name"]))),
    ]),
  );
}

function deviceClaimErrors(devices: JsonObject, field: string): FieldError[] {
  const names = requestNames(devices);
  return [
    ...listErrors(devices["requests"], `${field}.requests`, {
      limit: most.requests,
      check: requestErrors,
      key: (item) => textOf(item["name"]),
    }),
    ...listErrors(devices["constraints"], `${field}.constraints`, {
      limit: most.constraints,
      check: (one) => [...namedErrors(one.item, one.field, names), ...constraintErrors(one.item, one.field)],
    }),
    ...listErrors(devices["config"], `${field}.config`, {
      limit: most.config,
      check: (one) => [...namedErrors(one.item, one.field, names), ...configurationErrors(one)],
    }),
  ];
}

/** Requests that something is said of. */
export function namedErrors(item: JsonObject, field: string, names: Names): FieldError[] {
  const check = (name: string, at: string): FieldError[] => requestNameErrors(name, at, names);
  return textListErrors(item["requests"], `${field}.requests`, { limit: most.requests, check });
}

const nameText =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function requestNameErrors(name: string, field: string, names: Names): FieldError[] {
  const [first = "", second, ...more] = name.split("/");
  if (more.length > 0) return [invalid(field, name, nameText)];
  const known = names.get(first);
  const isKnown = known !== undefined && (second === undefined || known.has(second));
  return [
    ...name.split("/").flatMap((segment) => invalidAll(field, segment, labelErrors(segment))),
    ...(isKnown ? [] : [invalid(field, name, nameText)]),
  ];
}

function constraintErrors({ matchAttribute, distinctAttribute }: JsonObject, field: string): FieldError[] {
  if (matchAttribute !== undefined) return fullAttributeErrors(textOf(matchAttribute), `${field}.matchAttribute`);
  if (distinctAttribute !== undefined)
    return fullAttributeErrors(textOf(distinctAttribute), `${field}.distinctAttribute`);
  const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [required(field, detail)];
}

const oneText = "exactly one of `exactly` or `firstAvailable` is required";

function requestErrors({ item, field }: { item: JsonObject; field: string }): FieldError[] {
  const { exactly, firstAvailable } = item;
  const name = textOf(item["name"]);
  const errors = invalidAll(`${field}.name`, name, labelErrors(name));
  const hasList = Array.isArray(firstAvailable) && firstAvailable.length > 0;
  if (!hasList && !isObject(exactly)) return [...errors, required(field, oneText)];
  if (hasList && isObject(exactly)) return [...errors, invalid(field, null, `${oneText}, but multiple fields are set`)];
  if (isObject(exactly)) return [...errors, ...deviceErrors(exactly, `${field}.exactly`)];
  const check = (one: { item: JsonObject; field: string }): FieldError[] => [
    ...invalidAll(`${one.field}.name`, textOf(one.item["name"]), labelErrors(textOf(one.item["name"]))),
    ...deviceErrors(one.item, one.field),
  ];
  const key = (one: JsonObject): Json => textOf(one["name"]);
  return [
    ...errors,
    ...listErrors(firstAvailable, `${field}.firstAvailable`, { limit: most.alternatives, check, key }),
  ];
}

/** Devices of a class, and how many. */
function deviceErrors(request: JsonObject, field: string): FieldError[] {
  const name = textOf(request["deviceClassName"]);
  const at = `${field}.deviceClassName`;
  return [
    ...(name === "" ? [required(at)] : invalidAll(at, name, subdomainErrors(name))),
    ...selectorListErrors(request["selectors"], `${field}.selectors`),
    ...countErrors(textOf(request["allocationMode"]), Number(request["count"] ?? 0), field),
    ...itemsOf(request["tolerations"], `${field}.tolerations`).flatMap(deviceTolerationErrors),
  ];
}

function countErrors(mode: string, count: number, field: string): FieldError[] {
  const at = `${field}.count`;
  if (mode === "All")
    return count === 0 ? [] : [invalid(at, count, "must not be specified when allocationMode is 'All'")];
  if (mode === "ExactCount") return count > 0 ? [] : [invalid(at, count, "must be greater than zero")];
  return [notSupported(`${field}.allocationMode`, mode, ["All", "ExactCount"])];
}
