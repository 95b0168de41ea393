// Jobs and CronJobs (pkg/apis/batch/validation, v1.36).

import { type FieldError, invalid, required } from "#api/crd";
import { isObject, type JsonObject } from "#kernel";
import { cronErrors } from "./cron.ts";
import { atLeastZero, oneOf, part, textOf } from "./fields.ts";
import { validateTemplate } from "./pods.ts";

export function jobSpecErrors(spec: JsonObject, field: string): FieldError[] {
  const template = part(spec, "template");
  const errors = [
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
  ].flatMap((name) => atLeastZero(spec[name], `${field}.${name}`));
  if (isObject(spec["podFailurePolicy"]))
    errors.push(...oneOf(spec["podReplacementPolicy"], `${field}.podReplacementPolicy`, ["Failed"]));
  errors.push(...validateTemplate(template, `${field}.template`));
  const at = `${field}.template.spec.restartPolicy`;
  const policy = textOf(part(template, "spec")["restartPolicy"]);
  if (policy === "" || policy === "Always") errors.push(required(at, 'valid values: "OnFailure", "Never"'));
  return errors;
}

export function cronJobRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const schedule = textOf(spec["schedule"]);
  const errors: FieldError[] = [];
  if (schedule === "") errors.push(required("spec.schedule"));
  else if (schedule.includes("TZ"))
    errors.push(invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  else errors.push(...cronErrors(schedule).map((message) => invalid("spec.schedule", schedule, message)));
  errors.push(...oneOf(spec["concurrencyPolicy"], "spec.concurrencyPolicy", ["Allow", "Forbid", "Replace"]));
  return [...errors, ...jobSpecErrors(part(part(spec, "jobTemplate"), "spec"), "spec.jobTemplate.spec")];
}
