// PersistentVolumes, and the volumes that an attachment carries with it (pkg/apis/core/validation, ValidatePersistentVolumeSpec, v1.36).

import { type FieldError, forbidden, invalid, notSupported, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { invalidAll, nanos, part, textOf, textsOf } from "./fields.ts";
import { type Errors, isThere, requireText } from "./pods/checks.ts";
import { checkNodeTerms } from "./pods/scheduling.ts";
import { volumeSources } from "./volume-sources.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const reclaimPolicies = ["Delete", "Recycle", "Retain"];
const mountOptions = "volume.beta.kubernetes.io/mount-options";
/** Whose mount options may be stated in the old annotation. */
const mountable: ReadonlySet<string> = new Set(
  "gcePersistentDisk awsElasticBlockStore glusterfs nfs rbd quobyte iscsi cinder cephfs azureFile vsphereVolume azureDisk photonPersistentDisk".split(
    " ",
  ),
);

export function volumeRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const metadata = part(object, "metadata");
  const errors = volumeSpecErrors(spec, "spec", { volume: textOf(metadata["name"]), isInline: false });
  const isMountable = Object.keys(spec).some((name) => mountable.has(name));
  if (part(metadata, "annotations")[mountOptions] !== undefined && !isMountable)
    errors.push(
      forbidden(`metadata.annotations.${mountOptions}`, "may not specify mount options for this volume type"),
    );
  return errors;
}

/** `volume`: the name of the PersistentVolume; `isInline`: there is none. */
export type VolumeContext = { volume: string; isInline: boolean };

const inlineOnly = "may not be specified in the context of inline volumes";

export function volumeSpecErrors(spec: JsonObject, field: string, context: VolumeContext): FieldError[] {
  const { isInline } = context;
  const errors: Errors = [];
  if (isInline && isThere(spec["claimRef"])) errors.push(forbidden(`${field}.claimRef`, inlineOnly));
  if (isInline && Object.keys(part(spec, "capacity")).length > 0)
    errors.push(forbidden(`${field}.capacity`, inlineOnly));
  if (isInline && !isThere(spec["csi"]))
    errors.push(required(`${field}.csi`, "has to be specified in the context of inline volumes"));
  errors.push(...modeErrors(spec["accessModes"], `${field}.accessModes`));
  if (!isInline) errors.push(...capacityErrors(spec["capacity"], `${field}.capacity`));
  errors.push(...reclaimErrors(spec, field, isInline));
  checkAffinity(errors, spec["nodeAffinity"], `${field}.nodeAffinity`, isInline);
  checkSources(errors, spec, field, context);
  const isRoot = /^\/+(\.?\/?)*$/.test(textOf(part(spec, "hostPath")["path"]));
  if (isRoot && spec["persistentVolumeReclaimPolicy"] === "Recycle")
    errors.push(
      forbidden(`${field}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"),
    );
  return [...errors, ...classErrors(spec, field, isInline), ...attributesErrors(spec, field, isInline)];
}

function modeErrors(modes: Json | undefined, field: string): FieldError[] {
  const texts = textsOf(modes);
  if (texts.length === 0) return [required(field)];
  const errors = texts
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(field, mode, accessModes));
  const isShared = texts.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode));
  if (isShared && texts.includes("ReadWriteOncePod"))
    errors.push(forbidden(field, "may not use ReadWriteOncePod with other access modes"));
  return errors;
}

function capacityErrors(capacity: Json | undefined, field: string): FieldError[] {
  const amounts = isObject(capacity) ? Object.entries(capacity).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
  const errors: FieldError[] = amounts.length === 0 ? [required(field)] : [];
  if (amounts.length !== 1 || amounts[0]?.[0] !== "storage")
    errors.push(notSupported(field, isObject(capacity) ? Object.fromEntries(amounts) : null, ["storage"]));
  for (const [name, amount] of amounts) {
    const at = `${field}[${name}]`;
    // The whole units of it, away from zero, as Go rounds them.
    const whole = nanos(amount) / 1_000_000_000n - (nanos(amount) % 1_000_000_000n < 0n ? 1n : 0n);
    if (whole < 0n) errors.push(invalid(at, Number(whole), "must be a valid resource quantity"));
    if (nanos(amount) <= 0n) errors.push(invalid(at, amount, "must be greater than zero"));
  }
  return errors;
}

function reclaimErrors(spec: JsonObject, field: string, isInline: boolean): FieldError[] {
  const policy = textOf(spec["persistentVolumeReclaimPolicy"]);
  const at = `${field}.persistentVolumeReclaimPolicy`;
  if (policy === "") return [];
  if (isInline)
    return policy === "Retain" ? [] : [forbidden(at, "may only be Retain in the context of inline volumes")];
  return reclaimPolicies.includes(policy) ? [] : [notSupported(at, policy, reclaimPolicies)];
}

// oxlint-disable-next-line max-params -- an affinity, where it stands and whether it may stand there
function checkAffinity(errors: Errors, affinity: Json | undefined, field: string, isInline: boolean): void {
  if (!isObject(affinity)) return;
  if (isInline) errors.push(forbidden(field, inlineOnly));
  else if (!isObject(affinity["required"]))
    errors.push(required(`${field}.required`, "must specify required node constraints"));
  else checkNodeTerms(errors, affinity["required"], `${field}.required`, (found) => errors.push(...found));
}

// oxlint-disable-next-line max-params -- a volume, where it stands and what it is of
function checkSources(errors: Errors, spec: JsonObject, field: string, context: VolumeContext): void {
  let count = 0;
  for (const { member, at = member, secondAt = member, check, isNeverSecond } of volumeSources) {
    const source = spec[member];
    if (!isObject(source)) continue;
    if (count > 0 && isNeverSecond !== true) {
      errors.push(forbidden(`${field}.${secondAt}`, "may not specify more than 1 volume type"));
      continue;
    }
    count++;
    check(errors, source, `${field}.${at}`, context.volume);
    if (member === "local" && (context.isInline || !isObject(spec["nodeAffinity"])))
      errors.push(required(`${field}.nodeAffinity`, "Local volume requires node affinity"));
  }
  if (count === 0) errors.push(required(field, "must specify a volume type"));
}

function classErrors(spec: JsonObject, field: string, isInline: boolean): FieldError[] {
  const name = textOf(spec["storageClassName"]);
  const at = `${field}.storageClassName`;
  if (name === "") return [];
  return isInline ? [forbidden(at, inlineOnly)] : invalidAll(at, name, subdomainErrors(name));
}

function attributesErrors(spec: JsonObject, field: string, isInline: boolean): FieldError[] {
  const { volumeMode, volumeAttributesClassName } = spec;
  const errors: FieldError[] = [];
  const modeAt = `${field}.volumeMode`;
  if (isThere(volumeMode) && isInline && volumeMode !== "Filesystem") {
    const detail = "may not specify volumeMode other than Filesystem in the context of inline volumes";
    errors.push(forbidden(modeAt, detail));
  } else if (isThere(volumeMode) && !isInline && volumeMode !== "Filesystem" && volumeMode !== "Block")
    errors.push(notSupported(modeAt, textOf(volumeMode), ["Block", "Filesystem"]));
  if (!isThere(volumeAttributesClassName) || isInline) return errors;
  const name = textOf(volumeAttributesClassName);
  const at = `${field}.volumeAttributesClassName`;
  if (requireText(errors, name, at, "an empty string is disallowed"))
    errors.push(...invalidAll(at, name, subdomainErrors(name)));
  if (!isThere(spec["csi"]))
    errors.push(required(`${field}.csi`, "has to be specified when using volumeAttributesClassName"));
  return errors;
}
