// Workloads that run their Pods forever: selectors, templates and how they are replaced (pkg/apis/apps and core validation, v1.36).

import { type FieldError, forbidden, invalid, labelErrors, notSupported, required, validateLabels } from "#api/crd";
import { isStatedEmpty } from "#api/kubernetes";
import { isObject, type Json, type JsonObject } from "#kernel";
import { claimSpecErrors } from "./claims.ts";
import { atLeastZero, countOrShareErrors, itemsOf, notMoreThanAll, part, textOf } from "./fields.ts";
import { validateTemplate } from "./pods.ts";
import { isBare, isBroken, selectorErrors, selectorInGo, selects } from "./selectors.ts";

const mismatch = "`selector` does not match template `labels`";

function labelsOf(template: JsonObject): JsonObject | null {
  const metadata = part(template, "metadata");
  if (isObject(metadata["labels"])) return metadata["labels"];
  return isStatedEmpty(metadata, "labels") ? {} : null;
}

/** A selector that must be there and choose something. `kind`: as the refusal of an empty one calls it. */
function ownSelectorErrors(selector: Json | undefined, kind: string): FieldError[] {
  if (!isObject(selector)) return [required("spec.selector")];
  const errors = selectorErrors(selector, "spec.selector");
  if (isBare(selector))
    errors.push(invalid("spec.selector", selectorInGo(selector), `empty selector is invalid for ${kind}`));
  return errors;
}

/** The template's labels are those that are chosen; one that chooses all is told of elsewhere. */
function labelsErrors(selector: Json | undefined, template: JsonObject): FieldError[] {
  const labels = labelsOf(template);
  if (isObject(selector) && (isBare(selector) || selects(selector, labels ?? {}))) return [];
  return [invalid("spec.template.metadata.labels", labels, mismatch)];
}

/** Such Pods are always started again, and never told when to end. */
function foreverErrors(template: JsonObject, kind: string): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds } = part(template, "spec");
  const policy = textOf(restartPolicy);
  const errors: FieldError[] = [];
  if (policy !== "Always") errors.push(notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${kind} is not Supported`),
    );
  return errors;
}

type Replacing = { spec: JsonObject; before: JsonObject | undefined };

function replacing(object: JsonObject, live: JsonObject | undefined): Replacing {
  return { spec: part(object, "spec"), before: live === undefined ? undefined : part(live, "spec") };
}

function counts(spec: JsonObject, ...names: readonly string[]): FieldError[] {
  return names.flatMap((name) => atLeastZero(spec[name], `spec.${name}`));
}

/** Selector and template of a ReplicaSet, or of a Deployment, which speaks of one. */
function replicaErrors({ spec, before }: Replacing): FieldError[] {
  const { selector } = spec;
  const template = part(spec, "template");
  const errors = ownSelectorErrors(selector, "deployment");
  if (isObject(selector) && isBroken(selector))
    return [...errors, invalid("spec.selector", selectorInGo(selector), "invalid label selector")];
  return [
    ...errors,
    ...labelsErrors(selector, template),
    ...validateTemplate(template, "spec.template", before && part(before, "template")),
    ...foreverErrors(template, "ReplicaSet"),
  ];
}

export function replicaSetRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { spec, before } = replacing(object, live);
  return [...counts(spec, "replicas", "minReadySeconds"), ...replicaErrors({ spec, before })];
}

export function deploymentRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { spec, before } = replacing(object, live);
  const { progressDeadlineSeconds: deadline, minReadySeconds: ready = 0 } = spec;
  const errors = [
    ...counts(spec, "replicas"),
    ...replicaErrors({ spec, before }),
    ...strategyErrors(part(spec, "strategy")),
    ...counts(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"),
  ];
  if (typeof deadline === "number" && deadline <= (ready as number))
    errors.push(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  return errors;
}

/** The value of a count or a share, for asking whether it is none. */
function amountOf(value: Json | undefined): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? Number(/^-?\d+/.exec(value)?.[0] ?? 0) : 0;
}

function strategyErrors(strategy: JsonObject): FieldError[] {
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const at = "spec.strategy.rollingUpdate";
  if (type === "Recreate")
    return rolling === undefined ? [] : [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")];
  if (type === "RollingUpdate") return isObject(rolling) ? rollingErrors(rolling, at) : [];
  const inGo = isObject(rolling)
    ? { MaxUnavailable: rolling["maxUnavailable"] ?? 0, MaxSurge: rolling["maxSurge"] ?? 0 }
    : null;
  return [notSupported("spec.strategy", { Type: type, RollingUpdate: inGo }, ["Recreate", "RollingUpdate"])];
}

function rollingErrors({ maxUnavailable, maxSurge }: JsonObject, at: string): FieldError[] {
  const isNothing = amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0;
  return [
    ...countOrShareErrors(maxUnavailable, `${at}.maxUnavailable`),
    ...countOrShareErrors(maxSurge, `${at}.maxSurge`),
    ...(isNothing ? [invalid(`${at}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0")] : []),
    ...notMoreThanAll(maxUnavailable, `${at}.maxUnavailable`),
  ];
}

export function daemonSetRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { spec, before } = replacing(object, live);
  const { selector } = spec;
  const template = part(spec, "template");
  const errors = selectorErrors(selector, "spec.selector");
  const isChoice = !isObject(selector) || !isBroken(selector);
  if (isChoice && !(isObject(selector) && selects(selector, labelsOf(template) ?? {})))
    errors.push(invalid("spec.template.metadata.labels", labelsOf(template), mismatch));
  if (isObject(selector) && isBare(selector))
    errors.push(invalid("spec.selector", selectorInGo(selector), "empty selector is invalid for daemonset"));
  return [
    ...errors,
    ...validateTemplate(template, "spec.template", before && part(before, "template")),
    ...foreverErrors(template, "DaemonSet"),
    ...counts(spec, "minReadySeconds"),
    ...daemonUpdateErrors(part(spec, "updateStrategy")),
    ...counts(spec, "revisionHistoryLimit"),
  ];
}

function daemonUpdateErrors(strategy: JsonObject): FieldError[] {
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const at = "spec.updateStrategy.rollingUpdate";
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") {
    const inGo = isObject(rolling)
      ? { MaxUnavailable: rolling["maxUnavailable"] ?? 0, MaxSurge: rolling["maxSurge"] ?? 0 }
      : null;
    const kinds = ["RollingUpdate", "OnDelete"];
    return [notSupported("spec.updateStrategy", { Type: type, RollingUpdate: inGo }, kinds)];
  }
  if (!isObject(rolling)) return [required(at)];
  const { maxUnavailable, maxSurge } = rolling;
  const errors = [
    ...countOrShareErrors(maxUnavailable, `${at}.maxUnavailable`),
    ...countOrShareErrors(maxSurge, `${at}.maxSurge`),
    ...notMoreThanAll(maxUnavailable, `${at}.maxUnavailable`),
    ...notMoreThanAll(maxSurge, `${at}.maxSurge`),
  ];
  const [fewer, more] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (fewer && more) errors.push(invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"));
  if (!fewer && !more) errors.push(required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  return errors;
}

/** A StatefulSet's template as its Pods have it: with the claims that are made, and without the names that are given. */
function statefulTemplate(spec: JsonObject): JsonObject {
  const template = part(spec, "template");
  const { hostname: _, subdomain: _2, ...pod } = part(template, "spec");
  const claims = itemsOf(spec["volumeClaimTemplates"], "").map(({ item }) => textOf(part(item, "metadata")["name"]));
  if (claims.length === 0) return { ...template, spec: pod };
  const others = Array.isArray(pod["volumes"]) ? pod["volumes"] : [];
  const made = [...new Set(claims)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const kept = others.filter((one) => !(isObject(one) && claims.includes(textOf(one["name"]))));
  return { ...template, spec: { ...pod, volumes: [...made, ...kept] } };
}

const keptOrDeleted = ["Retain", "Delete"];

function retentionErrors(policy: Json | undefined): FieldError[] {
  if (!isObject(policy)) return [];
  return ["whenDeleted", "whenScaled"].flatMap((name) => {
    const when = textOf(policy[name]);
    const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`;
    return keptOrDeleted.includes(when) ? [] : [notSupported(field, when, keptOrDeleted)];
  });
}

/** What stays as it was made is looked at once: the claims, the name of the Service. */
function madeErrors(spec: JsonObject): FieldError[] {
  return itemsOf(spec["volumeClaimTemplates"], "spec.volumeClaimTemplates").flatMap(({ item, field }) =>
    claimSpecErrors(part(item, "spec"), `${field}.spec`),
  );
}

function serviceErrors(spec: JsonObject): FieldError[] {
  const name = textOf(spec["serviceName"]);
  return name === "" ? [] : labelErrors(name).map((message) => invalid("spec.serviceName", name, message));
}

type Stateful = { isNew: boolean; skipsTemplate: boolean };

function statefulErrors(spec: JsonObject, { isNew, skipsTemplate }: Stateful): FieldError[] {
  const policy = textOf(spec["podManagementPolicy"]);
  const isKnown = policy === "OrderedReady" || policy === "Parallel";
  const start = part(spec, "ordinals")["start"];
  const { selector } = spec;
  return [
    ...(isKnown ? [] : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...statefulUpdateErrors(part(spec, "updateStrategy")),
    ...retentionErrors(spec["persistentVolumeClaimRetentionPolicy"]),
    ...(isNew ? madeErrors(spec) : []),
    ...counts(spec, "replicas", "minReadySeconds"),
    ...atLeastZero(start, "spec.ordinals.start"),
    ...(isNew ? serviceErrors(spec) : []),
    ...ownSelectorErrors(selector, "statefulset"),
    ...(isObject(selector) && isBroken(selector)
      ? [invalid("spec.selector", selectorInGo(selector), "")]
      : [...labelsErrors(selector, part(spec, "template")), ...statefulTemplateErrors(spec, skipsTemplate)]),
    ...foreverErrors(part(spec, "template"), "StatefulSet"),
  ];
}

/** Labels are looked at even where the rest of the template is not. */
function statefulTemplateErrors(spec: JsonObject, skipsTemplate: boolean): FieldError[] {
  const labels = labelsOf(part(spec, "template"));
  if (skipsTemplate) return labels === null ? [] : validateLabels(labels, "spec.template.labels");
  return validateTemplate(statefulTemplate(spec), "spec.template");
}

/** What was let in by an older server may stay. */
export function statefulSetRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { spec, before } = replacing(object, live);
  const errors = statefulErrors(spec, { isNew: before === undefined, skipsTemplate: false });
  if (before === undefined || errors.length === 0) return errors;
  const wasWrong = statefulErrors(before, { isNew: false, skipsTemplate: false }).length > 0;
  return wasWrong ? statefulErrors(spec, { isNew: false, skipsTemplate: true }) : errors;
}

function statefulUpdateErrors(strategy: JsonObject): FieldError[] {
  const type = textOf(strategy["type"]);
  const rolling = strategy["rollingUpdate"];
  const at = "spec.updateStrategy.rollingUpdate";
  const shown = isObject(rolling)
    ? { Partition: rolling["partition"] ?? 0, MaxUnavailable: rolling["maxUnavailable"] ?? null }
    : null;
  if (type === "OnDelete")
    return rolling === undefined ? [] : [invalid(at, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type === "RollingUpdate") return isObject(rolling) ? partitionErrors(rolling, at) : [];
  return [
    invalid("spec.updateStrategy", { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'"),
  ];
}

function partitionErrors({ partition, maxUnavailable }: JsonObject, at: string): FieldError[] {
  const errors = atLeastZero(partition, `${at}.partition`);
  if (maxUnavailable === undefined) return errors;
  const field = `${at}.maxUnavailable`;
  return [
    ...errors,
    ...countOrShareErrors(maxUnavailable, field),
    ...(amountOf(maxUnavailable) === 0 ? [invalid(field, maxUnavailable, "cannot be 0")] : []),
    ...notMoreThanAll(maxUnavailable, field),
  ];
}

export function replicationControllerRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { spec, before } = replacing(object, live);
  const selector = part(spec, "selector");
  const errors = counts(spec, "minReadySeconds");
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  errors.push(...counts(spec, "replicas"));
  const { template } = spec;
  if (!isObject(template)) return [...errors, required("spec.template")];
  const labels = labelsOf(template);
  if (Object.entries(selector).some(([key, value]) => labels?.[key] !== value))
    errors.push(invalid("spec.template.metadata.labels", labels, mismatch));
  return [
    ...errors,
    ...validateTemplate(template, "spec.template", before && part(before, "template")),
    ...foreverErrors(template, "ReplicationController"),
  ];
}

export function controllerRevisionRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const { data = null } = object;
  const errors = atLeastZero(object["revision"], "revision");
  if (live !== undefined || isObject(data)) return errors;
  return [...errors, required("data", data === null ? "data is mandatory" : "data must be a valid JSON object")];
}
