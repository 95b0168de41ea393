// Classes of volumes, their drivers and attachments (pkg/apis/storage/validation, v1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required, subdomainErrors } from "#api/crd";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { claimSpecErrors } from "./claims.ts";
import {
  atLeastZero,
  duplicate,
  forbidden,
  invalidAll,
  itemsOf,
  nanos,
  oneOf,
  part,
  textOf,
  textsOf,
} from "./fields.ts";
import { oneOfStated } from "./match-resources.ts";
import { volumeSpecErrors } from "./persistent-volumes.ts";
import { checkDriverName } from "./pods/volume-sources.ts";
import { selectorErrors } from "./selectors.ts";

export function storageClassRules(object: JsonObject): FieldError[] {
  return [
    ...provisionerErrors(object["provisioner"], "provisioner"),
    ...parametersErrors(object["parameters"], "parameters", true),
    ...oneOf(object["reclaimPolicy"], "reclaimPolicy", ["Delete", "Retain"]),
    ...oneOfStated(object["volumeBindingMode"], "volumeBindingMode", ["Immediate", "WaitForFirstConsumer"]),
    ...topologyErrors(object["allowedTopologies"]),
  ];
}

function provisionerErrors(value: Json | undefined, field: string): FieldError[] {
  const name = textOf(value).toLowerCase();
  return name === "" ? [required(field)] : invalidAll(field, name, qualifiedNameErrors(name));
}

/** As the real server has them: entries, and bytes of all of them. */
const [parametersMost, parameterBytesMost] = [512, 262_144];

function parametersErrors(parameters: Json | undefined, field: string, canBeEmpty: boolean): FieldError[] {
  const entries = Object.entries(isObject(parameters) ? parameters : {});
  const tooLong = (most: number): FieldError => ({
    type: "TooLong",
    field,
    detail: `may not be more than ${most} bytes`,
  });
  if (entries.length > parametersMost) return [tooLong(parametersMost)];
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(textOf(value)),
    0,
  );
  return [
    ...entries.filter(([name]) => name === "").map(([name]) => invalid(field, name, "field can not be empty.")),
    ...(bytes > parameterBytesMost ? [tooLong(parameterBytesMost)] : []),
    ...(entries.length === 0 && !canBeEmpty ? [required(field, "must contain at least one key/value pair")] : []),
  ];
}

/** Where volumes may be made: terms that differ, of which each asks a label once. */
function topologyErrors(topologies: Json | undefined): FieldError[] {
  // Go begins with as many empty terms as there are: a term that asks nothing is there already.
  const terms = itemsOf(topologies, "allowedTopologies");
  const seen: JsonObject[] = terms.map(() => ({}));
  return terms.flatMap(({ item, field }, index) => {
    const at = `${field}.matchLabelExpressions`;
    const asked: JsonObject = {};
    const errors = itemsOf(item["matchLabelExpressions"], at).flatMap((expression) => {
      const [key, values] = [textOf(expression.item["key"]), textsOf(expression.item["values"])];
      const isTwice = Object.hasOwn(asked, key);
      asked[key] = [...new Set(values)].sort();
      const valuesAt = `${expression.field}.values`;
      return [
        ...(values.length === 0 ? [required(valuesAt)] : []),
        ...values.flatMap((value, place) =>
          values.indexOf(value) < place ? [duplicate(`${valuesAt}[${place}]`, value)] : [],
        ),
        ...invalidAll(`${expression.field}.key`, key, qualifiedNameErrors(key)),
        ...(isTwice ? [duplicate(`${expression.field}.key`, key)] : []),
      ];
    });
    const before = seen.slice(0, terms.length + index).filter((one) => equalJson(one, asked));
    seen.push(asked);
    return [...errors, ...before.map(() => duplicate(at, ""))];
  });
}

export function claimRules(object: JsonObject): FieldError[] {
  return claimSpecErrors(part(object, "spec"), "spec");
}

/** A class of attributes names its driver and at least one parameter. */
export function attributesClassRules(object: JsonObject): FieldError[] {
  return [
    ...provisionerErrors(object["driverName"], "driverName"),
    ...parametersErrors(object["parameters"], "parameters", false),
  ];
}

const nodeIdLengthMost = 256;

/** What a driver says of a node: each driver once, with its own name of the node. */
export function nodeDriverRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const drivers = itemsOf(part(object, "spec")["drivers"], "spec.drivers");
  const names = drivers.map(({ item }) => textOf(item["name"]));
  const errors = drivers.flatMap(({ item, field }, index) => {
    const [name, id] = [names[index] as string, textOf(item["nodeID"])];
    const found: FieldError[] = [];
    checkDriverName(found, name, `${field}.name`);
    if (id === "") found.push(required(`${field}.nodeID`));
    if (id.length > nodeIdLengthMost)
      found.push(invalid(`${field}.nodeID`, id, `must be ${nodeIdLengthMost} characters or less`));
    found.push(...atLeastZero(part(item, "allocatable")["count"], `${field}.allocatable.count`));
    if (names.indexOf(name) < index) found.push(duplicate(`${field}.name`, name));
    return [...found, ...topologyKeyErrors(textsOf(item["topologyKeys"]), field)];
  });
  return [...errors, ...changedDriverErrors(drivers, live)];
}

function topologyKeyErrors(keys: readonly string[], field: string): FieldError[] {
  return keys.flatMap((key, index) => [
    ...(key === "" ? [required(field)] : []),
    ...(keys.indexOf(key) < index ? [duplicate(field, key)] : []),
    ...invalidAll(field, key, qualifiedNameErrors(key)),
  ]);
}

/** Of a driver that stays, only how much it can hold may change. */
function changedDriverErrors(drivers: readonly { item: JsonObject }[], live: JsonObject | undefined): FieldError[] {
  const before = live === undefined ? [] : itemsOf(part(live, "spec")["drivers"], "");
  const shown = (driver: JsonObject): JsonObject => ({
    Name: textOf(driver["name"]),
    NodeID: textOf(driver["nodeID"]),
    TopologyKeys: Array.isArray(driver["topologyKeys"]) ? textsOf(driver["topologyKeys"]) : null,
    Allocatable: null,
  });
  return before.flatMap((old) =>
    drivers
      .filter(({ item }) => textOf(item["name"]) === textOf(old.item["name"]))
      .filter(({ item }) => !equalJson(shown(item), shown(old.item)))
      .map(({ item }) => invalid("spec.drivers", shown(item), "field is immutable")),
  );
}

const groupPolicies = ["File", "None", "ReadWriteOnceWithFSType"];
const lifecycles = ["Persistent", "Ephemeral"];
const periodSecondsLeast = 10;

export function driverRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const period = spec["nodeAllocatableUpdatePeriodSeconds"];
  const isBrief = typeof period === "number" && period < periodSecondsLeast;
  const inSecrets = spec["serviceAccountTokenInSecrets"];
  const tokens = itemsOf(spec["tokenRequests"], "spec.tokenRequests");
  return [
    ...oneOfStated(spec["fsGroupPolicy"], "spec.fsGroupPolicy", groupPolicies),
    ...tokenErrors(tokens),
    ...textsOf(spec["volumeLifecycleModes"])
      .filter((mode) => !lifecycles.includes(mode))
      .map((mode) => notSupported("spec.volumeLifecycleModes", mode, lifecycles)),
    ...(isBrief
      ? [
          invalid(
            "spec.nodeAllocatableUpdatePeriodSeconds",
            period,
            `must be greater than or equal to ${periodSecondsLeast} seconds`,
          ),
        ]
      : []),
    ...(inSecrets === undefined || tokens.length > 0
      ? []
      : [
          invalid(
            "spec.serviceAccountTokenInSecrets",
            inSecrets,
            "serviceAccountTokenInSecrets is set but no tokenRequests are specified",
          ),
        ]),
  ];
}

const [tokenSecondsLeast, tokenSecondsMost] = [600, 2 ** 32];

/** Tokens that a driver is given for its pods: one for each audience. */
function tokenErrors(tokens: readonly { item: JsonObject; field: string }[]): FieldError[] {
  const audiences = tokens.map(({ item }) => textOf(item["audience"]));
  return tokens.flatMap(({ item, field }, index) => {
    const [audience, seconds] = [audiences[index] as string, item["expirationSeconds"]];
    if (audiences.indexOf(audience) < index) return [duplicate(`${field}.audience`, audience)];
    const at = `${field}.expirationSeconds`;
    if (typeof seconds !== "number") return [];
    if (seconds < tokenSecondsLeast) return [invalid(at, seconds, "may not specify a duration less than 10 minutes")];
    if (seconds <= tokenSecondsMost) return [];
    return [invalid(at, seconds, "may not specify a duration larger than 2^32 seconds")];
  });
}

/** How much a driver can still make of a class. */
export function capacityRules(object: JsonObject): FieldError[] {
  const name = textOf(object["storageClassName"]);
  const amount = object["capacity"];
  return [
    ...selectorErrors(object["nodeTopology"], "nodeTopology"),
    ...invalidAll("storageClassName", name, subdomainErrors(name)),
    ...(nanos(amount) < 0n ? [invalid("capacity", amount, "must be greater than or equal to 0")] : []),
  ];
}

export function attachmentRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const node = textOf(spec["nodeName"]);
  const errors: FieldError[] = [];
  checkDriverName(errors, spec["attacher"], "spec.attacher");
  return [
    ...errors,
    ...attachedErrors(part(spec, "source"), "spec.source"),
    ...invalidAll("spec.nodeName", node, subdomainErrors(node)),
  ];
}

/** What is attached: a volume by its name, or all that is known of one. */
function attachedErrors({ persistentVolumeName, inlineVolumeSpec }: JsonObject, field: string): FieldError[] {
  const detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  const [isNamed, isInline] = [persistentVolumeName !== undefined, isObject(inlineVolumeSpec)];
  const name = textOf(persistentVolumeName);
  const at = `${field}.persistentVolumeName`;
  const wrong = isNamed ? invalidAll(at, name, subdomainErrors(name)) : [];
  if (isNamed && isInline) return [forbidden(field, detail), ...wrong];
  if (isNamed) return [...(name === "" ? [required(at, "must specify non empty persistentVolumeName")] : []), ...wrong];
  if (!isInline) return [required(field, detail)];
  return volumeSpecErrors(inlineVolumeSpec as JsonObject, `${field}.inlineVolumeSpec`, { volume: "", isInline: true });
}

/** As the real server has them: bytes of what an attachment is told, and of a message. */
const [metadataBytesMost, messageBytesMost] = [262_144, 1024];

/** What an attachment's status may say. */
export function attachmentStatusErrors(status: JsonObject): FieldError[] {
  const entries = Object.entries(part(status, "attachmentMetadata"));
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(textOf(value)),
    0,
  );
  const detail = `may not be more than ${metadataBytesMost} bytes`;
  const tooLong = (field: string): FieldError => ({ type: "TooLong", field, detail });
  return [
    ...(bytes > metadataBytesMost ? [tooLong("status.attachmentMetadata")] : []),
    ...["attachError", "detachError"].flatMap((name) => {
      const { message, errorCode } = part(status, name);
      const isLong = Buffer.byteLength(textOf(message)) > messageBytesMost;
      return [
        ...(isLong ? [tooLong(`status.${name}.message`)] : []),
        ...(typeof errorCode === "number" && errorCode < 0
          ? [invalid(`status.${name}.errorCode`, errorCode, "must be between 0 and 2147483647, inclusive")]
          : []),
      ];
    }),
  ];
}
