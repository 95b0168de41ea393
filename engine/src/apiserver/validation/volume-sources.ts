// Where the bytes of a PersistentVolume are. What is the same in a pod's volume is looked at as there; secrets are named with their
// namespace here (pkg/apis/core/validation, v1.36).

import { invalid, labelErrors, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { invalidAll, textOf } from "./fields.ts";
import { type Errors, isThere, noBacksteps, requireLabel, requireText, withinBounds } from "./pods/checks.ts";
import {
  checkDriverName,
  checkFibreChannel,
  earlySources,
  initiatorForms,
  lateSources,
  middleSources,
  type SourceCheck,
} from "./pods/volume-sources.ts";

/** `volume`: the name of the PersistentVolume. */
type VolumeCheck = (errors: Errors, source: JsonObject, field: string, volume: string) => void;

/** `at`: where its errors stand; `secondAt`: where it is told that there is one already; `isNeverSecond`: it is not told. */
type VolumeSource = { member: string; at?: string; secondAt?: string; isNeverSecond?: boolean; check: VolumeCheck };

const ofPods = new Map([...earlySources, ...middleSources, ...lateSources].map(({ member, check }) => [member, check]));

function asInPods(member: string): SourceCheck {
  return ofPods.get(member) as SourceCheck;
}

/** A secret that is named has its namespace with it. */
function checkSecret(errors: Errors, secret: Json | undefined, field: string, names: readonly string[]): void {
  if (!isObject(secret)) return;
  for (const name of names) requireText(errors, secret[name], `${field}.${name}`);
}

/** The same, in the forms that such names have. */
function checkSecretReference(errors: Errors, secret: Json | undefined, field: string): void {
  if (!isObject(secret)) return;
  const name = textOf(secret["name"]);
  if (requireText(errors, name, `${field}.name`))
    errors.push(...invalidAll(`${field}.name`, name, subdomainErrors(name)));
  requireLabel(errors, secret["namespace"], `${field}.namespace`);
}

function checkGluster(errors: Errors, source: JsonObject, field: string): void {
  asInPods("glusterfs")(errors, source, field);
  const { endpointsNamespace } = source;
  if (!isThere(endpointsNamespace)) return;
  const [text, at] = [textOf(endpointsNamespace), `${field}.endpointsNamespace`];
  if (text === "") errors.push(invalid(at, text, "if the endpointnamespace is set, it must be a valid namespace name"));
  else errors.push(...invalidAll(at, text, labelErrors(text)));
}

function checkInitiator(errors: Errors, text: string, field: string): void {
  const form = initiatorForms.find(([prefix]) => text.startsWith(prefix));
  if (form?.[1].test(text) !== true) errors.push(invalid(field, text, "must be valid format"));
}

/** Together they name a session on a node. */
const portalLengthMost = 64;

// oxlint-disable-next-line max-params -- a source, where it stands and the volume it is of
function checkIscsi(errors: Errors, source: JsonObject, field: string, volume: string): void {
  const [portal, name, { initiatorName }] = [textOf(source["targetPortal"]), textOf(source["iqn"]), source];
  requireText(errors, portal, `${field}.targetPortal`);
  if (isThere(initiatorName) && `${volume}:${portal}`.length > portalLengthMost) {
    const detail =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    errors.push(invalid(`${field}.targetportal`, portal, detail));
  }
  if (requireText(errors, name, `${field}.iqn`)) checkInitiator(errors, name, `${field}.iqn`);
  withinBounds(errors, source["lun"], `${field}.lun`, { least: 0, most: 255 });
  const isAuthenticated = source["chapAuthDiscovery"] === true || source["chapAuthSession"] === true;
  if (isAuthenticated && !isThere(source["secretRef"])) errors.push(required(`${field}.secretRef`));
  checkSecret(errors, source["secretRef"], `${field}.secretRef`, ["name"]);
  if (isThere(initiatorName)) checkInitiator(errors, textOf(initiatorName), `${field}.initiatorname`);
}

function checkCinder(errors: Errors, source: JsonObject, field: string): void {
  requireText(errors, source["volumeID"], `${field}.volumeID`);
  checkSecret(errors, source["secretRef"], `${field}.secretRef`, ["name", "namespace"]);
}

function checkAzureFile(errors: Errors, source: JsonObject, field: string): void {
  asInPods("azureFile")(errors, source, field);
  if (isThere(source["secretNamespace"])) requireText(errors, source["secretNamespace"], `${field}.secretNamespace`);
}

function checkLocal(errors: Errors, source: JsonObject, field: string): void {
  if (requireText(errors, source["path"], `${field}.path`))
    noBacksteps(errors, textOf(source["path"]), `${field}.path`);
}

function checkStorageOs(errors: Errors, source: JsonObject, field: string): void {
  const space = textOf(source["volumeNamespace"]);
  requireLabel(errors, source["volumeName"], `${field}.volumeName`);
  if (space !== "") errors.push(...invalidAll(`${field}.volumeNamespace`, space, labelErrors(space)));
  checkSecret(errors, source["secretRef"], `${field}.secretRef`, ["name", "namespace"]);
}

const driverSecrets = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
];

function checkCsi(errors: Errors, source: JsonObject, field: string): void {
  checkDriverName(errors, source["driver"], `${field}.driver`);
  requireText(errors, source["volumeHandle"], `${field}.volumeHandle`);
  for (const name of driverSecrets) checkSecretReference(errors, source[name], `${field}.${name}`);
}

/** In the order in which Go looks at them. */
export const volumeSources: readonly VolumeSource[] = [
  { member: "hostPath", check: asInPods("hostPath") },
  { member: "gcePersistentDisk", at: "persistentDisk", check: asInPods("gcePersistentDisk") },
  { member: "awsElasticBlockStore", check: asInPods("awsElasticBlockStore") },
  { member: "glusterfs", check: checkGluster },
  { member: "flocker", check: asInPods("flocker") },
  { member: "nfs", check: asInPods("nfs") },
  { member: "rbd", check: asInPods("rbd") },
  { member: "quobyte", check: asInPods("quobyte") },
  { member: "cephfs", secondAt: "cephFS", check: asInPods("cephfs") },
  { member: "iscsi", check: checkIscsi },
  { member: "cinder", check: checkCinder },
  { member: "fc", check: checkFibreChannel },
  { member: "flexVolume", isNeverSecond: true, check: asInPods("flexVolume") },
  { member: "azureFile", check: checkAzureFile },
  { member: "vsphereVolume", check: asInPods("vsphereVolume") },
  { member: "photonPersistentDisk", check: asInPods("photonPersistentDisk") },
  { member: "portworxVolume", check: asInPods("portworxVolume") },
  { member: "azureDisk", check: asInPods("azureDisk") },
  { member: "scaleIO", check: asInPods("scaleIO") },
  { member: "local", check: checkLocal },
  { member: "storageos", check: checkStorageOs },
  { member: "csi", check: checkCsi },
];
