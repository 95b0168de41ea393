// Volumes, claims, their classes and drivers (pkg/apis/core and storage validation, v1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { forbidden, invalidAll, itemsOf, nanos, oneOf, part, textOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

export function storageClassRules(object: JsonObject): FieldError[] {
  const provisioner = textOf(object["provisioner"]);
  return [
    ...(provisioner === ""
      ? [required("provisioner")]
      : qualifiedNameErrors(provisioner.toLowerCase()).map((message) => invalid("provisioner", provisioner, message))),
    ...oneOf(object["reclaimPolicy"], "reclaimPolicy", ["Delete", "Retain"]),
    ...oneOf(object["volumeBindingMode"], "volumeBindingMode", ["Immediate", "WaitForFirstConsumer"]),
  ];
}

/** What a PersistentVolume says of itself beside where its bytes are. */
const volumeMembers: ReadonlySet<string> = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

export function volumeRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const sources = Object.keys(spec).filter((name) => !volumeMembers.has(name));
  const errors: FieldError[] = [];
  const modes = spec["accessModes"];
  if (!Array.isArray(modes) || modes.length === 0) errors.push(required("spec.accessModes"));
  errors.push(...capacityErrors(spec["capacity"]));
  if (sources.length === 0) errors.push(required("spec", "must specify a volume type"));
  for (const name of sources.slice(1).sort())
    errors.push(forbidden(`spec.${name}`, "may not specify more than 1 volume type"));
  return [
    ...errors,
    ...oneOf(spec["persistentVolumeReclaimPolicy"], "spec.persistentVolumeReclaimPolicy", [
      "Delete",
      "Recycle",
      "Retain",
    ]),
  ];
}

function capacityErrors(capacity: Json | undefined): FieldError[] {
  const amounts = isObject(capacity) ? capacity : {};
  const names = Object.keys(amounts);
  const errors: FieldError[] = names.length === 0 ? [required("spec.capacity")] : [];
  if (names.length !== 1 || amounts["storage"] === undefined)
    errors.push(notSupported("spec.capacity", names.length === 0 ? null : amounts, ["storage"]));
  for (const [name, amount] of Object.entries(amounts))
    if (nanos(amount) <= 0n) errors.push(invalid(`spec.capacity[${name}]`, amount, "must be greater than zero"));
  return errors;
}

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

export function claimRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const modes = Array.isArray(spec["accessModes"]) ? spec["accessModes"] : [];
  const errors: FieldError[] =
    modes.length > 0 ? [] : [required("spec.accessModes", "at least 1 access mode is required")];
  errors.push(...modes.flatMap((mode) => oneOf(mode, "spec.accessModes", accessModes)));
  errors.push(...selectorErrors(spec["selector"], "spec.selector"));
  const amount = part(part(spec, "resources"), "requests")["storage"];
  if (amount === undefined) errors.push(required("spec.resources[storage]"));
  else if (nanos(amount) <= 0n) errors.push(invalid("spec.resources[storage]", amount, "must be greater than zero"));
  const className = textOf(spec["storageClassName"]);
  if (className !== "") errors.push(...invalidAll("spec.storageClassName", className, subdomainErrors(className)));
  return [...errors, ...oneOf(spec["volumeMode"], "spec.volumeMode", ["Block", "Filesystem"])];
}

/** A class of attributes names its driver and at least one parameter. */
export function attributesClassRules(object: JsonObject): FieldError[] {
  const driver = textOf(object["driverName"]);
  const names = Object.keys(isObject(object["parameters"]) ? object["parameters"] : {});
  return [
    ...(driver === ""
      ? [required("driverName")]
      : qualifiedNameErrors(driver.toLowerCase()).map((message) => invalid("driverName", driver, message))),
    ...(names.length === 0 ? [required("parameters", "must contain at least one key/value pair")] : []),
    ...names.filter((name) => name === "").map((name) => invalid("parameters", name, "field can not be empty.")),
  ];
}

/** What a driver says of a node: each driver once, with its own name of the node. */
export function nodeDriverRules(object: JsonObject): FieldError[] {
  const seen = new Set<string>();
  return itemsOf(part(object, "spec")["drivers"], "spec.drivers").flatMap(({ item, field }) => {
    const name = textOf(item["name"]);
    const isTwice = seen.has(name);
    seen.add(name);
    return [
      ...(name === ""
        ? [required(`${field}.name`)]
        : invalidAll(`${field}.name`, name, subdomainErrors(name.toLowerCase()))),
      ...(textOf(item["nodeID"]) === "" ? [required(`${field}.nodeID`)] : []),
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${field}.name`, value: name, detail: "" }] : []),
    ];
  });
}

export function driverRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const modes = Array.isArray(spec["volumeLifecycleModes"]) ? spec["volumeLifecycleModes"] : [];
  return [
    ...oneOf(spec["fsGroupPolicy"], "spec.fsGroupPolicy", ["File", "None", "ReadWriteOnceWithFSType"]),
    ...modes.flatMap((mode) => oneOf(mode, "spec.volumeLifecycleModes", ["Persistent", "Ephemeral"])),
  ];
}
