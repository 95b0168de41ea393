// What a Job's status must not say, of itself and after what it said before (pkg/apis/batch/validation and pkg/registry/batch/job,
// v1.36). Most is asked only of what a write changes, so that a status which is wrong elsewhere can still be written.

import { type FieldError, invalid, required } from "#api/crd";
import { countIndexes, indexBounds } from "#apiserver/validation";
import { equalJson, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { objectsIn, partOf } from "./members.ts";

/** A Job as its rules look at it. */
type Job = {
  spec: JsonObject;
  status: JsonObject;
  is: (type: string) => boolean;
  isFinished: boolean;
  isIndexed: boolean;
};

function jobOf(object: Manifest): Job {
  const [spec, status] = [partOf(object, "spec"), partOf(object, "status")];
  const conditions = objectsIn(status.conditions);
  const is = (type: string): boolean => conditions.some((one) => one.type === type && one.status === "True");
  return {
    spec,
    status,
    is,
    isFinished: is("Complete") || is("Failed"),
    isIndexed: spec.completionMode === "Indexed",
  };
}

function numberOf(status: JsonObject, name: string): number {
  return typeof status[name] === "number" ? status[name] : 0;
}

const conditionsField = "status.conditions";

function condition(detail: string): FieldError {
  return invalid(conditionsField, undefined, detail);
}

/** `[broken, what is wrong]`: those that hold. */
function told(...rules: readonly (readonly [boolean, () => FieldError])[]): FieldError[] {
  return rules.filter(([isBroken]) => isBroken).map(([, error]) => error());
}

function countErrors({ status }: Job): FieldError[] {
  return ["active", "succeeded", "failed", "ready", "terminating"]
    .filter((name) => numberOf(status, name) < 0)
    .map((name) => invalid(`status.${name}`, status[name], "must be greater than or equal to 0"));
}

/** Pods that have ended and are not counted yet: each once. */
function uncountedErrors({ status }: Job): FieldError[] {
  const pods = isObject(status.uncountedTerminatedPods) ? status.uncountedTerminatedPods : {};
  const seen = new Set<Json>();
  return ["succeeded", "failed"].flatMap((list) =>
    (Array.isArray(pods[list]) ? pods[list] : []).flatMap((uid, index): FieldError[] => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      const isTwice = seen.has(uid);
      seen.add(uid);
      if (uid === "") return [invalid(field, uid, "must not be empty")];
      return isTwice ? [{ type: "Duplicate", field, value: uid, detail: "" }] : [];
    }),
  );
}

type Change = {
  next: Job;
  old: Job;
  changed: (...names: readonly string[]) => boolean;
  turned: (...types: readonly string[]) => boolean;
};

function timeErrors({ next, changed, turned }: Change): FieldError[] {
  const { status, is } = next;
  const [start, end] = [textOf(status, "startTime"), textOf(status, "completionTime")];
  const field = "status.completionTime";
  const looksAtEnd = turned("Complete") || changed("completionTime");
  return told(
    [
      looksAtEnd && end !== "" && !is("Complete"),
      () => invalid(field, end, "cannot set completionTime when there is no Complete=True condition"),
    ],
    [looksAtEnd && end === "" && is("Complete"), () => required(field, "completionTime is required for Complete jobs")],
    [
      changed("startTime", "completionTime") && start !== "" && end !== "" && Date.parse(end) < Date.parse(start),
      () => invalid(field, end, "must be equal to or after `startTime`"),
    ],
  );
}

/** Conditions that exclude or need each other. */
function conditionErrors({ next, turned, changed }: Change): FieldError[] {
  const { is, spec } = next;
  return told(
    [
      turned("Complete", "Failed") && is("Complete") && is("Failed"),
      () => condition("cannot set Complete=True and Failed=true conditions"),
    ],
    [
      turned("Complete", "FailureTarget") && is("Complete") && is("FailureTarget"),
      () => condition("cannot set Complete=True and FailureTarget=true conditions"),
    ],
    [
      (turned("Failed") || changed("failedIndexes")) && is("Failed") && !is("FailureTarget"),
      () => condition("cannot set Failed=True condition without the FailureTarget=true condition"),
    ],
    [
      turned("Complete", "SuccessCriteriaMet") && is("Complete") && !is("SuccessCriteriaMet"),
      () => condition("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
    ],
    [
      is("SuccessCriteriaMet") && is("Failed"),
      () => condition("cannot set SuccessCriteriaMet=True and Failed=true conditions"),
    ],
    [
      is("SuccessCriteriaMet") && is("FailureTarget"),
      () => condition("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
    ],
    [
      isObject(spec.successPolicy) && !is("SuccessCriteriaMet") && is("Complete"),
      () => condition("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"),
    ],
  );
}

/** A Job that is over has nothing under way. */
function finishedErrors({ next, old, changed }: Change): FieldError[] {
  const { spec, status, isFinished } = next;
  const hasTurned = isFinished !== old.isFinished;
  const pods = status.uncountedTerminatedPods;
  const uncounted = isObject(pods)
    ? ["succeeded", "failed"].some((list) => (pods[list] as Json[] | undefined)?.length)
    : false;
  const isEmptyAndPaused = spec.suspend === true && spec.completions === 0;
  const looks = (name: string): boolean => isFinished && (hasTurned || changed(name));
  return told(
    [
      looks("active") && numberOf(status, "active") > 0,
      () => invalid("status.active", status.active, "active>0 is invalid for finished job"),
    ],
    [
      looks("startTime") && !isEmptyAndPaused && status.startTime === undefined,
      () => required("status.startTime", "startTime is required for finished job"),
    ],
    [
      looks("uncountedTerminatedPods") && uncounted,
      () => invalid("status.uncountedTerminatedPods", asGoPods(pods), "must be empty for finished job"),
    ],
  );
}

/** As Go shows its own type. */
function asGoPods(pods: Json | undefined): Json {
  const { succeeded = null, failed = null } = isObject(pods) ? pods : {};
  return { Succeeded: succeeded, Failed: failed };
}

function overlap(completed: string, failed: string, completions: number): number | undefined {
  const bounds = (text: string): (readonly [number, number])[] =>
    text.split(",").flatMap((one) => {
      const found = indexBounds(one, completions);
      return typeof found === "string" ? [] : [found];
    });
  const others = bounds(failed);
  for (const [low, high] of bounds(completed)) {
    const found = others.find(([from, to]) => low <= to && from <= high);
    if (found !== undefined) return Math.max(low, found[0]);
  }
  return undefined;
}

function indexErrors({ next, changed }: Change): FieldError[] {
  const { spec, status, isIndexed } = next;
  const { completions, backoffLimitPerIndex } = spec;
  const [done, failed] = [textOf(status, "completedIndexes"), status.failedIndexes];
  const most = typeof completions === "number" ? completions : undefined;
  const [doneField, failedField] = ["status.completedIndexes", "status.failedIndexes"];
  const parsed = (text: string): string | undefined => {
    const counted = most === undefined ? 0 : countIndexes(text, most);
    return typeof counted === "string" ? counted : undefined;
  };
  const [badDone, badFailed] = [parsed(done), typeof failed === "string" ? parsed(failed) : undefined];
  const both =
    most !== undefined && typeof failed === "string" && failed !== "" && done !== ""
      ? overlap(done, failed, most)
      : undefined;
  return told(
    [
      changed("completedIndexes") && badDone !== undefined,
      () => invalid(doneField, done, `error parsing completedIndexes: ${badDone ?? ""}`),
    ],
    [
      changed("failedIndexes") && backoffLimitPerIndex !== undefined && badFailed !== undefined,
      () => invalid(failedField, failed, `error parsing failedIndexes: ${badFailed ?? ""}`),
    ],
    [
      changed("completedIndexes") && done !== "" && !isIndexed,
      () => invalid(doneField, done, "cannot set non-empty completedIndexes when non-indexed completion mode"),
    ],
    [
      changed("failedIndexes") && backoffLimitPerIndex === undefined && failed !== undefined,
      () => invalid(failedField, failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"),
    ],
    [
      changed("failedIndexes", "completedIndexes") && both !== undefined,
      () => invalid(failedField, failed, `failedIndexes and completedIndexes overlap at index: ${both ?? 0}`),
    ],
  );
}

function podErrors({ next, old, changed }: Change): FieldError[] {
  const { status, isFinished } = next;
  const looksAtEnding = isFinished !== old.isFinished || changed("terminating");
  return told(
    [
      looksAtEnding && isFinished && numberOf(status, "terminating") > 0,
      () => invalid("status.terminating", status.terminating, "terminating>0 is invalid for finished job"),
    ],
    [
      changed("ready", "active") &&
        status.ready !== undefined &&
        numberOf(status, "ready") > numberOf(status, "active"),
      () => invalid("status.ready", status.ready, "cannot set more ready pods than active"),
    ],
  );
}

/** What may not be taken back. */
function turningErrors({ next, old, changed }: Change): FieldError[] {
  const { spec, status, isIndexed } = next;
  const lost = ["Failed", "Complete", "FailureTarget"].filter((type) => old.is(type) && !next.is(type));
  const falls = (name: string): boolean => numberOf(status, name) < numberOf(old.status, name);
  const mayShrink = isIndexed && equalJson(spec.completions ?? null, spec.parallelism ?? null);
  const isResumed =
    old.is("Suspended") &&
    objectsIn(status.conditions).some((one) => one.type === "Suspended" && one.status === "False");
  const [start, end] = [status.startTime, status.completionTime];
  return [
    ...lost.map((type) => condition(`cannot disable the terminal ${type}=True condition`)),
    ...told(
      [
        falls("failed"),
        () => invalid("status.failed", numberOf(status, "failed"), "cannot decrease the failed counter"),
      ],
      [
        falls("succeeded") && !mayShrink,
        () => invalid("status.succeeded", numberOf(status, "succeeded"), "cannot decrease the succeeded counter"),
      ],
      [
        end !== undefined && old.status.completionTime !== undefined && end !== old.status.completionTime,
        () => invalid("status.completionTime", end, "field is immutable"),
      ],
      [
        changed("startTime") && !isResumed && old.status.startTime !== undefined && spec.suspend !== true,
        () => invalid("status.startTime", start ?? null, "field is immutable for unsuspended job once set"),
      ],
      [
        old.is("SuccessCriteriaMet") && !next.is("SuccessCriteriaMet"),
        () => condition("cannot disable the SuccessCriteriaMet=True condition"),
      ],
      [
        old.is("Complete") && !old.is("SuccessCriteriaMet") && next.is("SuccessCriteriaMet"),
        () => condition("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"),
      ],
    ),
  ];
}

export function jobStatusErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [jobOf(draft), jobOf(live)];
  const change: Change = {
    next,
    old,
    changed: (...names) => names.some((name) => !equalJson(next.status[name] ?? null, old.status[name] ?? null)),
    turned: (...types) => types.some((type) => next.is(type) !== old.is(type)),
  };
  return [
    ...countErrors(next),
    ...uncountedErrors(next),
    ...timeErrors(change),
    ...conditionErrors(change),
    ...finishedErrors(change),
    ...indexErrors(change),
    ...podErrors(change),
    ...turningErrors(change),
  ];
}
