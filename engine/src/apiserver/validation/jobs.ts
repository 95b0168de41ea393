// Jobs and CronJobs (pkg/apis/batch/validation, v1.36).

import { type FieldError, invalid, labelErrors, notSupported, required } from "#api/crd";
import { isStatedEmpty } from "#api/kubernetes";
import { isObject, isTimeZone, type Json, type JsonObject } from "#kernel";
import { cronErrors } from "./cron.ts";
import { atLeastZero, domainPathErrors, part, textOf } from "./fields.ts";
import { failurePolicyErrors, policyInGo, replacementErrors, successPolicyErrors } from "./job-policies.ts";
import { validateTemplate } from "./pods.ts";
import { isBroken, selectorErrors, selectorInGo, selects } from "./selectors.ts";

const managerLengthMost = 63;

/** The numbers of a Job, each no less than zero. */
const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
];

function countErrors(spec: JsonObject, field: string): FieldError[] {
  const errors = counts.flatMap((name) => atLeastZero(spec[name], `${field}.${name}`));
  if (spec["maxFailedIndexes"] !== undefined && spec["backoffLimitPerIndex"] === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  const manager = spec["managedBy"];
  if (typeof manager !== "string") return errors;
  const place = `${field}.managedBy`;
  errors.push(...domainPathErrors(manager, place));
  if (manager.length > managerLengthMost)
    errors.push({ type: "TooLong", field: place, detail: `may not be more than ${managerLengthMost} bytes` });
  return errors;
}

const modes = ["NonIndexed", "Indexed"];

/** So much that the indexes which ended can still be told. */
const parallelismMost = 100_000;
const failuresMost = 100_000;
const manyCompletions = 100_000;
const parallelismOfMany = 10_000;
const failuresOfMany = 10_000;

function isAbove(value: Json | undefined, most: number): value is number {
  return typeof value === "number" && value > most;
}

function indexedErrors(spec: JsonObject, field: string): FieldError[] {
  const { completions, parallelism, maxFailedIndexes: failures } = spec;
  const errors: FieldError[] = [];
  const place = `${field}.maxFailedIndexes`;
  if (completions === undefined) errors.push(required(`${field}.completions`, "when completion mode is Indexed"));
  if (isAbove(parallelism, parallelismMost)) {
    const detail = `must be less than or equal to ${parallelismMost} when completion mode is Indexed`;
    errors.push(invalid(`${field}.parallelism`, parallelism, detail));
  }
  if (typeof completions === "number" && isAbove(failures, completions))
    errors.push(invalid(place, failures, "must be less than or equal to completions"));
  if (isAbove(failures, failuresMost))
    errors.push(invalid(place, failures, `must be less than or equal to ${failuresMost}`));
  const isMany = isAbove(completions, manyCompletions) && spec["backoffLimitPerIndex"] !== undefined;
  return isMany ? [...errors, ...manyErrors(spec, field)] : errors;
}

function manyErrors({ parallelism, maxFailedIndexes: failures }: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const place = `${field}.maxFailedIndexes`;
  const why = `when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (failures === undefined)
    errors.push(required(place, `must be specified when completions is above ${manyCompletions}`));
  if (isAbove(parallelism, parallelismOfMany)) {
    const detail = `must be less than or equal to ${parallelismOfMany} ${why}`;
    errors.push(invalid(`${field}.parallelism`, parallelism, detail));
  }
  if (isAbove(failures, failuresOfMany))
    errors.push(invalid(place, failures, `must be less than or equal to ${failuresOfMany} ${why}`));
  return errors;
}

function modeErrors(spec: JsonObject, field: string): FieldError[] {
  const mode = spec["completionMode"];
  if (mode === "Indexed") return indexedErrors(spec, field);
  if (mode !== undefined && mode !== "NonIndexed")
    return [notSupported(`${field}.completionMode`, mode as string, modes)];
  return ["backoffLimitPerIndex", "maxFailedIndexes"]
    .filter((name) => spec[name] !== undefined)
    .map((name) => invalid(`${field}.${name}`, spec[name], "requires indexed completion mode"));
}

/** Pods of a Job end: they are started again after a failure, or never. */
function restartErrors(spec: JsonObject, field: string): FieldError[] {
  const place = `${field}.template.spec.restartPolicy`;
  const policy = textOf(part(part(spec, "template"), "spec")["restartPolicy"]);
  if (policy === "" || policy === "Always") return [required(place, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") return [notSupported(place, policy, ["OnFailure", "Never"])];
  if (policy === "Never" || !isObject(spec["podFailurePolicy"])) return [];
  return [invalid(place, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

function policyErrors(spec: JsonObject, field: string): FieldError[] {
  const success = spec["successPolicy"];
  const errors = failurePolicyErrors(spec, `${field}.podFailurePolicy`);
  const place = `${field}.successPolicy`;
  if (isObject(success) && spec["completionMode"] !== "Indexed")
    errors.push(invalid(place, policyInGo(success), "requires indexed completion mode"));
  else if (isObject(success)) errors.push(...successPolicyErrors(success, place, spec["completions"]));
  return [...errors, ...replacementErrors(spec, `${field}.podReplacementPolicy`)];
}

function specErrors(spec: JsonObject, field: string, before: JsonObject | undefined): FieldError[] {
  return [
    ...countErrors(spec, field),
    ...modeErrors(spec, field),
    ...policyErrors(spec, field),
    ...validateTemplate(part(spec, "template"), `${field}.template`, before && part(before, "template")),
    ...restartErrors(spec, field),
  ];
}

type Labels = { own: JsonObject | undefined; shown: Json };

function templateLabels(spec: JsonObject): Labels {
  const metadata = part(part(spec, "template"), "metadata");
  const { labels } = metadata;
  if (isObject(labels)) return { own: labels, shown: labels };
  return { own: undefined, shown: isStatedEmpty(metadata, "labels") ? {} : null };
}

function labelError(labels: Labels, name: string, value: string): FieldError[] {
  const field = `spec.template.metadata.labels[${name}]`;
  const found = labels.own?.[name];
  if (found === value) return [];
  const detail = `must be '${value}'`;
  return [found === undefined ? required(field, detail) : invalid(field, labels.shown, detail)];
}

/** The selector and the labels that a Job has of itself, unless somebody chose them. */
function generatedErrors(object: JsonObject, needsPrefixed: boolean): FieldError[] {
  const spec = part(object, "spec");
  const { selector } = spec;
  if (spec["manualSelector"] === true || !isObject(selector)) return [];
  const { name, uid } = part(object, "metadata");
  const labels = templateLabels(spec);
  const expected: JsonObject = {
    "controller-uid": textOf(uid),
    "job-name": textOf(name),
    ...(needsPrefixed
      ? { "batch.kubernetes.io/controller-uid": textOf(uid), "batch.kubernetes.io/job-name": textOf(name) }
      : {}),
  };
  const errors = Object.entries(expected).flatMap(([key, value]) => labelError(labels, key, textOf(value)));
  if (!isBroken(selector) && !selects(selector, expected))
    errors.push(invalid("spec.selector", selectorInGo(selector), "`selector` not auto-generated"));
  return errors;
}

/** A Job chooses the pods that it makes. */
function choiceErrors(spec: JsonObject): FieldError[] {
  const { selector } = spec;
  const labels = templateLabels(spec);
  const errors = isObject(selector) ? selectorErrors(selector, "spec.selector") : [required("spec.selector")];
  const isChosen = isObject(selector) && (isBroken(selector) || selects(selector, labels.own ?? {}));
  if (!isChosen)
    errors.push(invalid("spec.template.metadata.labels", labels.shown, "`selector` does not match template `labels`"));
  return errors;
}

/** The last of the pods must be able to have its name. */
function lastNameErrors(object: JsonObject): FieldError[] {
  const { completionMode, completions } = part(object, "spec");
  if (completionMode !== "Indexed" || typeof completions !== "number" || completions <= 0) return [];
  const name = textOf(part(object, "metadata")["name"]);
  const last = `${name}-${completions - 1}`;
  if (labelErrors(last).length === 0) return [];
  return [invalid("metadata.name", name, `will not able to create pod with invalid DNS label: ${last}`)];
}

function hadPrefixed(live: JsonObject): boolean {
  const { own } = templateLabels(part(live, "spec"));
  return own?.["batch.kubernetes.io/job-name"] !== undefined && own["batch.kubernetes.io/controller-uid"] !== undefined;
}

export function jobRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const before = live === undefined ? undefined : part(live, "spec");
  return [
    ...generatedErrors(object, live === undefined || hadPrefixed(live)),
    ...specErrors(spec, "spec", before),
    ...choiceErrors(spec),
    ...lastNameErrors(object),
  ];
}

const zoneInSchedule = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
const zoneTwice = "cannot use both timeZone field and TZ or CRON_TZ in schedule";

function scheduleErrors(spec: JsonObject, before: JsonObject | undefined): FieldError[] {
  const schedule = textOf(spec["schedule"]);
  const field = "spec.schedule";
  if (schedule === "") return [required(field)];
  const errors = cronErrors(schedule).map((message) => invalid(field, schedule, message));
  if (!schedule.includes("TZ")) return errors;
  const mayHave = before !== undefined && textOf(before["schedule"]).includes("TZ");
  if (!mayHave) errors.push(invalid(field, schedule, zoneInSchedule));
  else if (spec["timeZone"] !== undefined) errors.push(invalid(field, schedule, zoneTwice));
  return errors;
}

const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/;
const explicitZone = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";

function zoneErrors(zone: Json | undefined): FieldError[] {
  const field = "spec.timeZone";
  if (typeof zone !== "string") return [];
  if (zone === "") return [invalid(field, zone, "timeZone must be nil or non-empty string")];
  const isForm = zone
    .split("/")
    .every((one) => one !== "." && one !== ".." && !one.startsWith("-") && zonePart.test(one));
  if (!isForm) return [invalid(field, zone, `unknown time zone ${zone}`)];
  const errors = zone.toLowerCase() === "local" ? [invalid(field, zone, explicitZone)] : [];
  if (zone !== "Local" && !isTimeZone(zone)) errors.push(invalid(field, zone, `unknown time zone ${zone}`));
  return errors;
}

const policies = ["Allow", "Forbid", "Replace"];
const nameLengthMost = 52;

function concurrencyErrors(policy: Json | undefined): FieldError[] {
  const text = textOf(policy);
  if (policies.includes(text)) return [];
  const field = "spec.concurrencyPolicy";
  return [text === "" ? required(field) : notSupported(field, text, policies)];
}

/** The Jobs of a CronJob choose for themselves. */
function ownChoiceErrors({ selector, manualSelector }: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (isObject(selector))
    errors.push(invalid(`${field}.selector`, selectorInGo(selector), "`selector` will be auto-generated"));
  if (manualSelector === true) errors.push(notSupported(`${field}.manualSelector`, true, ["nil", "false"]));
  return errors;
}

export function cronJobRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const before = live === undefined ? undefined : part(live, "spec");
  const field = "spec.jobTemplate.spec";
  const job = part(part(spec, "jobTemplate"), "spec");
  const isNewZone = before === undefined || before["timeZone"] !== spec["timeZone"];
  const name = textOf(part(object, "metadata")["name"]);
  const isTooLong = live === undefined && name.length > nameLengthMost;
  return [
    ...scheduleErrors(spec, before),
    ...atLeastZero(spec["startingDeadlineSeconds"], "spec.startingDeadlineSeconds"),
    ...(isNewZone ? zoneErrors(spec["timeZone"]) : []),
    ...concurrencyErrors(spec["concurrencyPolicy"]),
    ...specErrors(job, field, before && part(part(before, "jobTemplate"), "spec")),
    ...ownChoiceErrors(job, field),
    ...["successfulJobsHistoryLimit", "failedJobsHistoryLimit"].flatMap((limit) =>
      atLeastZero(spec[limit], `spec.${limit}`),
    ),
    ...(isTooLong ? [invalid("metadata.name", name, `must be no more than ${nameLengthMost} characters`)] : []),
  ];
}
