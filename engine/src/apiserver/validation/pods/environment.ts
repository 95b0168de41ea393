// A container's variables: their names and where their values come from.

import { configKeyErrors, invalid, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import { eachOf, type Errors, noBacksteps, requireLabel, requireText, tellAll } from "./checks.ts";
import { checkFieldReference, checkResourceReference } from "./references.ts";

const nameForm = /^[ -<>-~]+$/;
const nameText = "a valid environment variable name must consist only of printable ASCII characters other than '='";

/** The name of a variable, or what it begins with. */
function checkName(errors: Errors, name: string, field: string): void {
  if (!nameForm.test(name)) errors.push(invalid(field, name, nameText));
}

const shownFields: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

function checkKey(errors: Errors, reference: JsonObject, field: string): void {
  const name = textOf(reference["name"]);
  tellAll(errors, `${field}.name`, name, subdomainErrors(name));
  const key = textOf(reference["key"]);
  if (requireText(errors, key, `${field}.key`)) tellAll(errors, `${field}.key`, key, configKeyErrors(key));
}

function checkFileKey(errors: Errors, reference: JsonObject, field: string): void {
  const [key, path] = [textOf(reference["key"]), textOf(reference["path"])];
  if (requireText(errors, key, `${field}.key`)) checkName(errors, key, `${field}.key`);
  requireLabel(errors, reference["volumeName"], `${field}.volumeName`);
  if (requireText(errors, path, `${field}.path`)) noBacksteps(errors, path, `${field}.path`);
}

const noSource =
  "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";

type Check = (errors: Errors, reference: JsonObject, field: string) => void;

const sources: Readonly<Record<string, Check>> = {
  fieldRef: (errors, reference, field) => checkFieldReference(errors, reference, field, shownFields),
  resourceFieldRef: (errors, reference, field) => checkResourceReference(errors, reference, field, false),
  configMapKeyRef: checkKey,
  secretKeyRef: checkKey,
  fileKeyRef: checkFileKey,
};
const sourceNames = Object.keys(sources);

function checkSource(errors: Errors, variable: JsonObject, field: string): void {
  const from = variable["valueFrom"];
  if (!isObject(from)) return;
  let count = 0;
  for (const name of sourceNames) {
    const reference = from[name];
    if (!isObject(reference)) continue;
    count += 1;
    sources[name]?.(errors, reference, `${field}.${name}`);
  }
  if (count === 0) errors.push(invalid(field, "", noSource));
  else if (textOf(variable["value"]) !== "")
    errors.push(invalid(field, "", "may not be specified when `value` is not empty"));
  else if (count > 1) errors.push(invalid(field, "", "may not have more than one field specified at a time"));
}

export function checkVariables(errors: Errors, variables: Json | undefined, field: string): void {
  eachOf(variables, field, (variable, at) => {
    const name = textOf(variable["name"]);
    if (requireText(errors, name, `${at}.name`)) checkName(errors, name, `${at}.name`);
    if (variable["valueFrom"] !== undefined) checkSource(errors, variable, `${at}.valueFrom`);
  });
}

/** Whole objects as variables. */
export function checkVariableObjects(errors: Errors, list: Json | undefined, field: string): void {
  eachOf(list, field, (one, at) => {
    const prefix = textOf(one["prefix"]);
    if (prefix !== "") checkName(errors, prefix, `${at}.prefix`);
    let count = 0;
    for (const name of ["configMapRef", "secretRef"]) {
      const reference = one[name];
      if (!isObject(reference)) continue;
      count += 1;
      const object = textOf(reference["name"]);
      const place = `${at}.${name}.name`;
      if (requireText(errors, object, place)) tellAll(errors, place, object, subdomainErrors(withoutDash(object)));
    }
    if (count === 0) errors.push(invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (count > 1) errors.push(invalid(field, "", "may not have more than one field specified at a time"));
  });
}

/** A name that may go on may end in a dash. */
function withoutDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

/** Variables from files need a volume of the pod's own, which is empty at first. */
export function checkFileVolumes(errors: Errors, spec: JsonObject, container: JsonObject, field: string): void {
  if (!Array.isArray(container["env"])) return;
  eachOf(container["env"], `${field}.env`, (variable, at) => {
    const from = variable["valueFrom"];
    const file = isObject(from) ? from["fileKeyRef"] : undefined;
    if (!isObject(file)) return;
    const name = textOf(file["volumeName"]);
    const place = `${at}.valueFrom.fileKeyRef.volumeName`;
    const volumes = Array.isArray(spec["volumes"]) ? spec["volumes"] : [];
    const volume = volumes.findLast((one) => isObject(one) && textOf(one["name"]) === name);
    if (volume === undefined) errors.push({ type: "NotFound", field: place, value: name, detail: "" });
    else if (!isObject(volume) || !isObject(volume["emptyDir"]))
      errors.push(invalid(place, name, "referenced volume must be of type emptyDir"));
  });
}
