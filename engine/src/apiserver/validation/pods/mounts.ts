// Where a container sees the pod's volumes: as folders, or as devices.

import { forbidden, invalid, notSupported } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import {
  eachOf,
  type Errors,
  hasBacksteps,
  isThere,
  oneOfWords,
  type PodCheck,
  relativePath,
  requireText,
} from "./checks.ts";

const propagations = ["Bidirectional", "HostToContainer", "None"];
const readOnlyModes = ["Disabled", "Enabled", "IfPossible"];

function isPrivileged(container: JsonObject): boolean {
  const context = container["securityContext"];
  return isObject(context) && context["privileged"] === true;
}

// oxlint-disable-next-line max-params -- a mount, its container and where the container's mounts stand
function checkModes(errors: Errors, mount: JsonObject, container: JsonObject, field: string): void {
  const { mountPropagation: propagation, recursiveReadOnly: recursive } = mount;
  const place = `${field}.mountPropagation`;
  oneOfWords(errors, propagation, place, propagations);
  if (propagation === "Bidirectional" && !isPrivileged(container))
    errors.push(forbidden(place, "Bidirectional mount propagation is available only to privileged containers"));
  if (!isThere(recursive) || recursive === "Disabled") return;
  const at = `${field}.recursiveReadOnly`;
  if (!readOnlyModes.includes(textOf(recursive))) {
    errors.push(notSupported(at, recursive as Json, readOnlyModes));
    return;
  }
  if (mount["readOnly"] !== true) errors.push(forbidden(at, "may only be specified when readOnly is true"));
  if (isThere(propagation) && propagation !== "None")
    errors.push(forbidden(at, "may only be specified when mountPropagation is None or not specified"));
}

/** Paths within a volume; their errors do not say which mount it is. */
function checkSubPaths(errors: Errors, mount: JsonObject, at: string, field: string): void {
  const [path, expression] = [textOf(mount["subPath"]), textOf(mount["subPathExpr"])];
  if (path !== "") relativePath(errors, path, `${field}.subPath`);
  if (expression === "") return;
  if (path !== "")
    errors.push(invalid(`${at}.subPathExpr`, expression, "subPathExpr and subPath are mutually exclusive"));
  relativePath(errors, expression, `${field}.subPathExpr`);
}

/** Paths by the names of their volumes: of several, the last. */
function pathsOf(list: Json | undefined, member: string): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return new Map(list.filter(isObject).map((one) => [textOf(one["name"]), textOf(one[member])]));
}

function hasValue(map: ReadonlyMap<string, string> | undefined, value: string): boolean {
  return map !== undefined && [...map.values()].includes(value);
}

function checkMounts({ errors, volumes }: PodCheck, container: JsonObject, field: string): void {
  const devices = pathsOf(container["volumeDevices"], "devicePath");
  const seen = new Set<string>();
  eachOf(container["volumeMounts"], field, (mount, at) => {
    const [name, path] = [textOf(mount["name"]), textOf(mount["mountPath"])];
    requireText(errors, name, `${at}.name`);
    if (!volumes.has(name)) errors.push({ type: "NotFound", field: `${at}.name`, value: name, detail: "" });
    requireText(errors, path, `${at}.mountPath`);
    if (seen.has(path)) errors.push(invalid(`${at}.mountPath`, path, "must be unique"));
    seen.add(path);
    if (devices?.has(name) === true)
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeDevices"));
    if (hasValue(devices, path))
      errors.push(invalid(`${at}.mountPath`, path, "must not already exist as a path in volumeDevices"));
    checkSubPaths(errors, mount, at, field);
    checkModes(errors, mount, container, field);
  });
}

const forBlocks = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";

function checkDevices({ errors, volumes }: PodCheck, container: JsonObject, field: string): void {
  const mounts = pathsOf(container["volumeMounts"], "mountPath");
  const names = new Set<string>();
  const paths = new Set<string>();
  eachOf(container["volumeDevices"], field, (device, at) => {
    const [name, path] = [textOf(device["name"]), textOf(device["devicePath"])];
    const volume = volumes.get(name);
    requireText(errors, name, `${at}.name`);
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, "must be unique"));
    if (volume === undefined) errors.push({ type: "NotFound", field: `${at}.name`, value: name, detail: "" });
    else if (!isThere(volume["persistentVolumeClaim"]) && !isThere(volume["ephemeral"]))
      errors.push(invalid(`${at}.name`, name, forBlocks));
    requireText(errors, path, `${at}.devicePath`);
    if (paths.has(path)) errors.push(invalid(`${at}.devicePath`, path, "must be unique"));
    if (hasBacksteps(path)) errors.push(invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')"));
    else paths.add(path);
    if (mounts?.has(name) === true) errors.push(invalid(`${at}.name`, name, "must not already exist in volumeMounts"));
    if (hasValue(mounts, path))
      errors.push(invalid(`${at}.devicePath`, path, "must not already exist as a path in volumeMounts"));
    if (name !== "") names.add(name);
  });
}

export function checkVolumeUse(check: PodCheck, container: JsonObject, field: string): void {
  if (Array.isArray(container["volumeMounts"])) checkMounts(check, container, `${field}.volumeMounts`);
  if (Array.isArray(container["volumeDevices"])) checkDevices(check, container, `${field}.volumeDevices`);
}
