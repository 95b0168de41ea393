// ResourceSlices: the devices that a driver offers, and who can reach them (pkg/apis/resource/validation, v1.36).

import { type FieldError, invalid, labelErrors, required, subdomainErrors } from "#api/crd";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import {
  attributeNameErrors,
  deviceBindingErrors,
  deviceTaintErrors,
  driverNameErrors,
  listErrors,
  mapErrors,
  poolNameErrors,
  tooLong,
} from "./device-parts.ts";
import { duplicate, forbidden, invalidAll, itemsOf, nanos, part, textOf, textsOf } from "./fields.ts";
import { checkNodeTerms } from "./pods/scheduling.ts";

/** As the real server has them. */
const most = {
  devices: 128,
  richDevices: 64,
  attributes: 32,
  values: 48,
  text: 64,
  taints: 16,
  sets: 8,
  counters: 32,
  consumed: 2,
  options: 10,
};

type Item = { item: JsonObject; field: string };

export function sliceOfDevicesRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const devices = itemsOf(spec["devices"], "spec.devices");
  const isRich = devices.some(({ item }) =>
    ["taints", "consumesCounters"].some((name) => textsOf(item[name]).length > 0),
  );
  const isPerDevice = spec["perDeviceNodeSelection"] === true;
  const before = live === undefined ? undefined : part(live, "spec");
  const errors = [
    ...driverNameErrors(spec["driver"], "spec.driver"),
    ...poolErrors(part(spec, "pool")),
    ...(before === undefined ? [] : changeErrors(spec, before)),
    ...reachErrors(spec, "spec"),
  ];
  if (spec["sharedCounters"] !== undefined && spec["devices"] !== undefined)
    errors.push(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"));
  return [
    ...errors,
    ...listErrors(spec["devices"], "spec.devices", {
      limit: isRich ? most.richDevices : most.devices,
      check: (one) => deviceErrors(one, oldDevice(before, textOf(one.item["name"])), isPerDevice),
      key: (item) => textOf(item["name"]),
    }),
    ...listErrors(spec["sharedCounters"], "spec.sharedCounters", {
      limit: most.sets,
      check: ({ item, field }) => counterErrors(item, field, "name"),
      key: (item) => textOf(item["name"]),
    }),
  ];
}

function oldDevice(spec: JsonObject | undefined, name: string): JsonObject | undefined {
  return itemsOf(spec?.["devices"], "").find(({ item }) => textOf(item["name"]) === name)?.item;
}

function poolErrors(pool: JsonObject): FieldError[] {
  const [count, generation] = [Number(pool["resourceSliceCount"] ?? 0), Number(pool["generation"] ?? 0)];
  return [
    ...poolNameErrors(pool["name"], "spec.pool.name"),
    ...(count > 0 ? [] : [invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")]),
    ...(generation >= 0 ? [] : [invalid("spec.pool.generation", generation, "must be greater than or equal to zero")]),
  ];
}

function changeErrors(spec: JsonObject, before: JsonObject): FieldError[] {
  const fixed = (field: string, next: Json | undefined, old: Json | undefined, none: Json): FieldError[] =>
    equalJson(next ?? none, old ?? none) ? [] : [invalid(field, next ?? none, "field is immutable")];
  return [
    ...fixed("spec.pool.name", part(spec, "pool")["name"], part(before, "pool")["name"], ""),
    ...fixed("spec.driver", spec["driver"], before["driver"], ""),
    ...fixed("spec.nodeName", spec["nodeName"], before["nodeName"], null),
  ];
}

const oneText = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";

/** From which nodes the devices of a slice can be reached. */
function reachErrors(spec: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const stated: string[] = [];
  const name = spec["nodeName"];
  if (name === "") errors.push(invalid(`${field}.nodeName`, "", "must be either unset or set to a non-empty string"));
  else if (name !== undefined) {
    stated.push("`nodeName`");
    errors.push(...invalidAll(`${field}.nodeName`, name, subdomainErrors(textOf(name))));
  }
  const selector = spec["nodeSelector"];
  if (isObject(selector)) {
    stated.push("`nodeSelector`");
    checkNodeTerms(errors, selector, `${field}.nodeSelector`, (found) => errors.push(...found));
    const terms = selector["nodeSelectorTerms"];
    if (!Array.isArray(terms) || terms.length !== 1)
      errors.push(
        invalid(`${field}.nodeSelector.nodeSelectorTerms`, terms ?? null, "must have exactly one node selector term"),
      );
  }
  for (const flag of ["allNodes", "perDeviceNodeSelection"])
    if (spec[flag] === true) stated.push(`\`${flag}\``);
    else if (spec[flag] === false)
      errors.push(invalid(`${field}.${flag}`, false, "must be either unset or set to true"));
  if (stated.length === 0) errors.push(required(field, oneText));
  if (stated.length > 1)
    errors.push(invalid(field, `{${stated.join(", ")}}`, `${oneText}, but multiple fields are set`));
  return errors;
}

function deviceErrors({ item, field }: Item, before: JsonObject | undefined, isPerDevice: boolean): FieldError[] {
  const name = textOf(item["name"]);
  const isShared = item["allowMultipleAllocations"] === true;
  const count = Object.keys(part(item, "attributes")).length + Object.keys(part(item, "capacity")).length;
  const areTaintsKept = before !== undefined && equalJson(before["taints"] ?? null, item["taints"] ?? null);
  const ofAttributes = (one: string): FieldError[] => attributeNameErrors(one, `${field}.attributes`);
  const ofAmounts = (one: string): FieldError[] => attributeNameErrors(one, `${field}.capacity`);
  const detail = `the total number of attributes and capacities must not exceed ${most.attributes}`;
  return [
    ...invalidAll(`${field}.name`, name, labelErrors(name)),
    ...(count > most.attributes ? [invalid(field, count, detail)] : []),
    ...mapErrors(item["attributes"], `${field}.attributes`, { limit: -1, key: ofAttributes, check: attributeErrors }),
    ...mapErrors(item["capacity"], `${field}.capacity`, {
      limit: -1,
      key: ofAmounts,
      check: (one) => policyErrors(one, isShared),
    }),
    ...(areTaintsKept
      ? []
      : listErrors(item["taints"], `${field}.taints`, { limit: most.taints, check: deviceTaintErrors })),
    ...listErrors(item["consumesCounters"], `${field}.consumesCounters`, {
      limit: most.consumed,
      check: (one) => counterErrors(one.item, one.field, "counterSet"),
      key: (one) => textOf(one["counterSet"]),
    }),
    ...deviceReachErrors(item, field, isPerDevice),
    ...deviceBindingErrors(item, field),
  ];
}

/** A value of one kind: a number, a flag, a text or a version. */
function attributeErrors({ item, field }: Item): FieldError[] {
  const [text, version] = [item["string"], item["version"]];
  const stated = ["int", "bool", "string", "version"].filter((name) => item[name] !== undefined);
  const errors: FieldError[] = [];
  if (typeof text === "string" && text.length > most.text) errors.push(tooLong(`${field}.string`, most.text));
  if (typeof version === "string") errors.push(...versionErrors(version, `${field}.version`));
  if (stated.length === 1) return errors;
  const shown = {
    IntValue: item["int"] ?? null,
    BoolValue: item["bool"] ?? null,
    StringValue: text ?? null,
    VersionValue: version ?? null,
    IntValues: null,
    BoolValues: null,
    StringValues: null,
    VersionValues: null,
  };
  return [...errors, invalid(field, stated.length === 0 ? "" : shown, "exactly one value must be specified")];
}

const semanticVersion =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function versionErrors(version: string, field: string): FieldError[] {
  return [
    ...(semanticVersion.test(version)
      ? []
      : [invalid(field, version, "must be a string compatible with semver.org spec 2.0.0")]),
    ...(version.length > most.text ? [tooLong(field, most.text)] : []),
  ];
}

/** How an amount that several share may be asked for. */
function policyErrors({ item, field }: Item, isShared: boolean): FieldError[] {
  const policy = item["requestPolicy"];
  const at = `${field}.requestPolicy`;
  if (!isObject(policy)) return [];
  if (!isShared) return [forbidden(at, "allowMultipleAllocations must be true")];
  const { validValues, validRange } = policy;
  const hasValues = Array.isArray(validValues) && validValues.length > 0;
  if (hasValues && isObject(validRange)) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(at, detail)];
  }
  const fallback = policy["default"];
  const whole = item["value"] ?? "0";
  if (hasValues)
    return fallback === undefined
      ? [required(`${at}.default`, "required when validValues is defined")]
      : valuesErrors(textsOf(validValues), { fallback, whole, field: `${at}.validValues` });
  if (!isObject(validRange)) return [];
  return fallback === undefined
    ? [required(`${at}.default`, "required when validRange is defined")]
    : rangeErrors(validRange, { fallback, whole, field: `${at}.validRange` });
}

type Amounts = { fallback: Json; whole: Json; field: string };

function valuesErrors(values: readonly string[], { fallback, whole, field }: Amounts): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, value] of values.entries()) {
    const at = `${field}[${index}]`;
    if (index > 0 && nanos(values[index - 1] as string) > nanos(value))
      errors.push(invalid(at, value, "values must be sorted in ascending order"));
    if (nanos(value) > nanos(whole))
      errors.push(invalid(at, value, `option is larger than capacity value: ${textOf(whole)}`));
    const same = values.findIndex((one) => nanos(one) === nanos(value));
    if (same < index) errors.push(duplicate(at, String(nanos(value) / 1_000_000_000n)));
  }
  if (values.length > most.options)
    return [{ type: "TooMany", field, value: values.length, detail: `must have at most ${most.options} items` }];
  if (values.some((value) => nanos(value) === nanos(fallback))) return errors;
  return [...errors, invalid(field, fallback, "default value is not valid according to the requestPolicy")];
}

function rangeErrors({ min, max, step }: JsonObject, { fallback, whole, field }: Amounts): FieldError[] {
  if (min === undefined) return [required(`${field}.min`, "required when validRange is defined")];
  const errors: FieldError[] = [];
  const tell = (at: string, value: Json, detail: string): void =>
    void errors.push(invalid(`${field}.${at}`, value, detail));
  const [least, wanted, all] = [nanos(min), nanos(fallback), nanos(whole)];
  if (least > all) tell("min", min, `min is larger than capacity value: ${textOf(whole)}`);
  if (wanted < least) tell("min", fallback, `default is less than min: ${textOf(min)}`);
  if (max !== undefined) {
    if (least > nanos(max)) tell("max", min, `min is larger than max: ${textOf(max)}`);
    if (nanos(max) > all) tell("max", max, `max is larger than capacity value: ${textOf(whole)}`);
    if (wanted > nanos(max)) tell("max", fallback, `default is more than max: ${textOf(max)}`);
  }
  if (step === undefined || nanos(step) === 0n) return errors;
  for (const value of [fallback, ...(max === undefined ? [] : [max])])
    if ((nanos(value) - least) % nanos(step) !== 0n)
      tell("step", value, `value is not a multiple of a given step (${textOf(step)}) from (${textOf(min)})`);
  return errors;
}

/** Counters that devices share, under a name. */
function counterErrors(item: JsonObject, field: string, member: string): FieldError[] {
  const name = textOf(item[member]);
  const at = `${field}.counters`;
  const isEmpty = Object.keys(part(item, "counters")).length === 0;
  return [
    ...(name === "" ? [required(`${field}.${member}`)] : invalidAll(`${field}.${member}`, name, labelErrors(name))),
    ...(isEmpty
      ? [required(at)]
      : mapErrors(item["counters"], at, {
          limit: most.counters,
          key: (one) => invalidAll(at, one, labelErrors(one)),
          check: () => [],
        })),
  ];
}

const deviceText =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";

/** From which nodes one device can be reached, where each says so itself. */
function deviceReachErrors(device: JsonObject, field: string, isPerDevice: boolean): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!isPerDevice) {
    const detail =
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    const isStated = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
    return isStated ? [invalid(field, null, detail)] : [];
  }
  const errors: FieldError[] = [];
  const stated: string[] = [];
  if (nodeName === "") errors.push(invalid(`${field}.nodeName`, "", "must not be empty"));
  else if (nodeName !== undefined) {
    stated.push("`nodeName`");
    errors.push(...invalidAll(`${field}.nodeName`, nodeName, subdomainErrors(textOf(nodeName))));
  }
  if (isObject(nodeSelector)) {
    stated.push("`nodeSelector`");
    checkNodeTerms(errors, nodeSelector, `${field}.nodeSelector`, (found) => errors.push(...found));
  }
  if (allNodes === true) stated.push("`allNodes`");
  if (allNodes === false) errors.push(invalid(`${field}.allNodes`, false, "must be either unset or set to true"));
  if (stated.length === 0) errors.push(required(field, deviceText));
  if (stated.length > 1) errors.push(invalid(field, `{${stated.join(", ")}}`, deviceText));
  return errors;
}
