// The plain sources of a pod's volumes: which of their fields must be there, and in which form (pkg/apis/core/validation, v1.36).

import { forbidden, invalid, labelErrors, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { nanos, textOf } from "../fields.ts";
import {
  eachOf,
  type Errors,
  fileMode,
  isEmptyList,
  isThere,
  noBacksteps,
  oneOfWords,
  relativePath,
  requireLabel,
  requireText,
  tellAll,
  volumePath,
  withinBounds,
} from "./checks.ts";

export type SourceCheck = (errors: Errors, source: JsonObject, field: string) => void;

/** Each of these texts must be there. */
function needs(...names: readonly string[]): SourceCheck {
  return (errors, source, field) => {
    for (const name of names) requireText(errors, source[name], `${field}.${name}`);
  };
}

/** A secret that is referred to must be named. */
function secretName(errors: Errors, source: JsonObject, field: string): void {
  const { secretRef } = source;
  if (isObject(secretRef)) requireText(errors, secretRef["name"], `${field}.secretRef.name`);
}

export function checkEmptyDir(errors: Errors, source: JsonObject, field: string): void {
  const { sizeLimit } = source;
  if (isThere(sizeLimit) && nanos(sizeLimit) < 0n)
    errors.push(forbidden(`${field}.sizeLimit`, "SizeLimit field must be a valid resource quantity"));
}

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

export function checkHostPath(errors: Errors, source: JsonObject, field: string): void {
  if (!requireText(errors, source["path"], `${field}.path`)) return;
  noBacksteps(errors, textOf(source["path"]), `${field}.path`);
  oneOfWords(errors, source["type"], `${field}.type`, hostPathTypes);
}

export function checkGitRepository(errors: Errors, source: JsonObject, field: string): void {
  requireText(errors, source["repository"], `${field}.repository`);
  relativePath(errors, textOf(source["directory"]), `${field}.directory`);
}

/** A disk of a cloud, of which a partition may be mounted. */
function disk(id: string): SourceCheck {
  return (errors, source, field) => {
    requireText(errors, source[id], `${field}.${id}`);
    const { partition } = source;
    if (typeof partition === "number" && (partition < 0 || partition > 255))
      errors.push(invalid(`${field}.partition`, partition, "must be between 1 and 255, inclusive"));
  };
}

/** Keys of a Secret or ConfigMap as files. */
export function checkKeyPaths(errors: Errors, source: JsonObject, field: string): void {
  eachOf(source["items"], `${field}.items`, (item, at) => {
    requireText(errors, item["key"], `${at}.key`);
    requireText(errors, item["path"], `${at}.path`);
    volumePath(errors, textOf(item["path"]), `${at}.path`);
    fileMode(errors, item["mode"], `${at}.mode`);
  });
}

function keys(name: string): SourceCheck {
  return (errors, source, field) => {
    requireText(errors, source[name], `${field}.${name}`);
    fileMode(errors, source["defaultMode"], `${field}.defaultMode`);
    if (isThere(source["items"])) checkKeyPaths(errors, source, field);
  };
}

export function checkNfs(errors: Errors, source: JsonObject, field: string): void {
  const path = textOf(source["path"]);
  requireText(errors, source["server"], `${field}.server`);
  requireText(errors, path, `${field}.path`);
  if (!path.startsWith("/")) errors.push(invalid(`${field}.path`, path, "must be an absolute path"));
}

/** Names of iSCSI initiators, each with what it begins with. */
export const initiatorForms: readonly (readonly [string, RegExp])[] = [
  ["iqn", /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ["eui", /^eui.[a-zA-Z0-9]{16}$/],
  ["naa", /^naa.[a-zA-Z0-9]{32}$/],
];

function initiator(errors: Errors, text: string, field: string): void {
  const form = initiatorForms.find(([prefix]) => text.startsWith(prefix));
  if (form === undefined) errors.push(invalid(field, text, "must be valid format starting with iqn, eui, or naa"));
  else if (!form[1].test(text)) errors.push(invalid(field, text, "must be valid format"));
}

const unitBounds = { least: 0, most: 255 };

export function checkIscsi(errors: Errors, source: JsonObject, field: string): void {
  requireText(errors, source["targetPortal"], `${field}.targetPortal`);
  if (requireText(errors, source["iqn"], `${field}.iqn`)) initiator(errors, textOf(source["iqn"]), `${field}.iqn`);
  withinBounds(errors, source["lun"], `${field}.lun`, unitBounds);
  const isAuthenticated = source["chapAuthDiscovery"] === true || source["chapAuthSession"] === true;
  if (isAuthenticated && !isThere(source["secretRef"])) errors.push(required(`${field}.secretRef`));
  if (isThere(source["initiatorName"])) initiator(errors, textOf(source["initiatorName"]), `${field}.initiatorname`);
}

export function checkFibreChannel(errors: Errors, source: JsonObject, field: string): void {
  const at = `${field}.targetWWNs`;
  const [hasTargets, hasIds] = [!isEmptyList(source["targetWWNs"]), !isEmptyList(source["wwids"])];
  if (!hasTargets && !hasIds) errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  if (hasTargets && hasIds)
    errors.push(invalid(at, source["targetWWNs"], "targetWWNs and wwids can not be specified simultaneously"));
  if (!hasTargets) return;
  if (!isThere(source["lun"])) errors.push(required(`${field}.lun`, "lun is required if targetWWNs is specified"));
  withinBounds(errors, source["lun"], `${field}.lun`, unitBounds);
}

export function checkFlocker(errors: Errors, source: JsonObject, field: string): void {
  const [name, id] = [textOf(source["datasetName"]), textOf(source["datasetUUID"])];
  if (name === "" && id === "") errors.push(required(field, "one of datasetName and datasetUUID is required"));
  if (name !== "" && id !== "")
    errors.push(invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  if (name.includes("/")) errors.push(invalid(`${field}.datasetName`, name, "must not contain '/'"));
}

const registryText = "must be a host:port pair or multiple pairs separated by commas";
const tenantLengthMost = 64;

export function checkQuobyte(errors: Errors, source: JsonObject, field: string): void {
  const registry = textOf(source["registry"]);
  if (registry === "") errors.push(required(`${field}.registry`, registryText));
  else if (textOf(source["tenant"]).length > tenantLengthMost)
    errors.push(required(`${field}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  else
    for (const pair of registry.split(","))
      if (!isHostAndPort(pair)) errors.push(invalid(`${field}.registry`, registry, registryText));
  requireText(errors, source["volume"], `${field}.volume`);
}

/** As Go's net.SplitHostPort takes it. */
function isHostAndPort(text: string): boolean {
  return /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(text);
}

function checkRados(errors: Errors, source: JsonObject, field: string): void {
  if (isEmptyList(source["monitors"])) errors.push(required(`${field}.monitors`));
  requireText(errors, source["image"], `${field}.image`);
}

function checkCeph(errors: Errors, source: JsonObject, field: string): void {
  if (isEmptyList(source["monitors"])) errors.push(required(`${field}.monitors`));
}

export function checkFlexVolume(errors: Errors, source: JsonObject, field: string): void {
  requireText(errors, source["driver"], `${field}.driver`);
  for (const key of Object.keys(isObject(source["options"]) ? source["options"] : {})) {
    const slash = key.indexOf("/");
    const space = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`;
    if (space.endsWith(".kubernetes.io") || space.endsWith(".k8s.io"))
      errors.push(invalid(`${field}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved"));
  }
}

const cachingModes = ["None", "ReadOnly", "ReadWrite"];
const diskKinds = ["Dedicated", "Managed", "Shared"];
const managedDisk = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blobDisk = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export function checkAzureDisk(errors: Errors, source: JsonObject, field: string): void {
  const { kind } = source;
  const address = textOf(source["diskURI"]);
  requireText(errors, source["diskName"], `${field}.diskName`);
  requireText(errors, address, `${field}.diskURI`);
  oneOfWords(errors, source["cachingMode"], `${field}.cachingMode`, cachingModes);
  oneOfWords(errors, kind, `${field}.kind`, diskKinds);
  if (!isThere(kind)) return;
  const [prefix, form] = kind === "Managed" ? ["/subscriptions/", managedDisk] : ["https://", blobDisk];
  if (!address.startsWith(prefix)) oneOfWords(errors, address, `${field}.diskURI`, [form]);
}

function checkStorageOs(errors: Errors, source: JsonObject, field: string): void {
  requireLabel(errors, source["volumeName"], `${field}.volumeName`);
  const space = textOf(source["volumeNamespace"]);
  if (space !== "") tellAll(errors, `${field}.volumeNamespace`, space, labelErrors(space));
  secretName(errors, source, field);
}

const driverLengthMost = 63;

/** The name of a CSI driver, in any case. */
export function checkDriverName(errors: Errors, value: Json | undefined, field: string): void {
  if (!requireText(errors, value, field)) return;
  const name = textOf(value);
  if (name.length > driverLengthMost)
    errors.push({ type: "TooLong", field, detail: `may not be more than ${driverLengthMost} bytes` });
  tellAll(errors, field, name, subdomainErrors(name.toLowerCase()));
}

function checkCsi(errors: Errors, source: JsonObject, field: string): void {
  checkDriverName(errors, source["driver"], `${field}.driver`);
  const reference = source["nodePublishSecretRef"];
  if (!isObject(reference)) return;
  const name = textOf(reference["name"]);
  if (requireText(errors, name, `${field}.nodePublishSecretRef.name`))
    tellAll(errors, `${field}.name`, name, subdomainErrors(name));
}

/** A source that looks at nothing but itself: its member, where its errors stand, and how it is looked at. */
export type PlainSource = { member: string; at?: string; secondAt?: string; check: SourceCheck };

/** In the order in which Go looks at them; those between them that need more of the pod are in `volumes.ts`. */
export const earlySources: readonly PlainSource[] = [
  { member: "emptyDir", check: checkEmptyDir },
  { member: "hostPath", check: checkHostPath },
  { member: "gitRepo", check: checkGitRepository },
  { member: "gcePersistentDisk", at: "persistentDisk", check: disk("pdName") },
  { member: "awsElasticBlockStore", check: disk("volumeID") },
  { member: "secret", check: keys("secretName") },
  { member: "nfs", check: checkNfs },
  { member: "iscsi", check: checkIscsi },
  { member: "glusterfs", check: needs("endpoints", "path") },
  { member: "flocker", check: checkFlocker },
  { member: "persistentVolumeClaim", check: needs("claimName") },
  { member: "rbd", check: checkRados },
  {
    member: "cinder",
    check: (errors, source, field) => {
      requireText(errors, source["volumeID"], `${field}.volumeID`);
      secretName(errors, source, field);
    },
  },
  { member: "cephfs", secondAt: "cephFS", check: checkCeph },
  { member: "quobyte", check: checkQuobyte },
];

export const middleSources: readonly PlainSource[] = [
  { member: "fc", check: checkFibreChannel },
  { member: "flexVolume", check: checkFlexVolume },
  { member: "configMap", check: keys("name") },
  { member: "azureFile", check: needs("secretName", "shareName") },
  { member: "vsphereVolume", check: needs("volumePath") },
  { member: "photonPersistentDisk", check: needs("pdID") },
  { member: "portworxVolume", check: needs("volumeID") },
  { member: "azureDisk", check: checkAzureDisk },
  { member: "storageos", check: checkStorageOs },
];

export const lateSources: readonly PlainSource[] = [
  { member: "scaleIO", check: needs("gateway", "system", "volumeName") },
  { member: "csi", check: checkCsi },
];
