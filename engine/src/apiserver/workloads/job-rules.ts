// Rules by which a Job ends before all of it is done: which failures count, when an index has failed, what is enough. Pure; follows
// kube-controller-manager (pkg/controller/job, 1.36).

import type { ContainerStatus, Job, Pod } from "./types.ts";

const indexAnnotation = "batch.kubernetes.io/job-completion-index";
const failuresAnnotation = "batch.kubernetes.io/job-index-failure-count";
const ignoredAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

type Action = "Ignore" | "Count" | "FailIndex" | "FailJob";

/** The index that a pod works on; -1 of a Job that has none. */
export function indexOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[indexAnnotation];
  return text === undefined ? -1 : Number(text);
}

/** What becomes of the Job by a failed pod, and the words for it where it ends the Job. */
export function failureOf(job: Job, pod: Pod): { action: Action; message: string } {
  const { name, namespace = "" } = pod.metadata;
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const { action, onExitCodes, onPodConditions } = rule;
    const rest = `matching ${action} rule at index ${index}`;
    if (onExitCodes !== undefined) {
      const container = exited(pod, onExitCodes);
      const code = container?.state.terminated?.exitCode;
      if (container !== undefined)
        return {
          action,
          message: `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code} ${rest}`,
        };
    } else {
      const found = pod.status?.conditions?.find((condition) =>
        onPodConditions?.some(({ type, status }) => condition.type === type && condition.status === status),
      );
      if (found !== undefined)
        return { action, message: `Pod ${namespace}/${name} has condition ${found.type} ${rest}` };
    }
  }
  return { action: "Count", message: "" };
}

type ExitCodes = { containerName?: string; operator: string; values: number[] };

function exited(pod: Pod, { containerName, operator, values }: ExitCodes): ContainerStatus | undefined {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return all.find(({ name, state: { terminated } }) => {
    if (terminated === undefined || terminated.exitCode === 0) return false;
    if (containerName !== undefined && containerName !== name) return false;
    return values.includes(terminated.exitCode) === (operator === "In");
  });
}

function countOf(pod: Pod, annotation: string): number {
  return Number(pod.metadata.annotations?.[annotation] ?? 0) || 0;
}

/** True for a pod that failed its index for good. */
function failsIndex(job: Job, pod: Pod): boolean {
  if (pod.status?.phase !== "Failed") return false;
  const { action } = failureOf(job, pod);
  if (action === "FailIndex") return true;
  return action !== "Ignore" && countOf(pod, failuresAnnotation) >= (job.spec.backoffLimitPerIndex ?? 0);
}

/** The indexes that have failed; undefined where the Job does not count by index. */
export function failedIndexesOf(job: Job, pods: readonly Pod[]): Set<number> | undefined {
  if (job.spec.backoffLimitPerIndex === undefined) return undefined;
  const failed = pods.filter((pod) => failsIndex(job, pod)).map(indexOf);
  return new Set([...parseIndexes(job.status?.failedIndexes ?? ""), ...failed.filter((index) => index >= 0)]);
}

/** What the next pod of an index is told of those before it. */
export function failureCounts(job: Job, pods: readonly Pod[], index: number): Record<string, string> {
  if (job.spec.backoffLimitPerIndex === undefined) return {};
  const before = pods.filter((pod) => pod.status?.phase === "Failed" && indexOf(pod) === index);
  const total = (pod: Pod): number => countOf(pod, failuresAnnotation) + countOf(pod, ignoredAnnotation);
  const last = before.sort((a, b) => total(a) - total(b)).at(-1);
  if (last === undefined) return { [failuresAnnotation]: "0" };
  const isIgnored = failureOf(job, last).action === "Ignore";
  const failures = countOf(last, failuresAnnotation) + (isIgnored ? 0 : 1);
  const ignored = countOf(last, ignoredAnnotation) + (isIgnored ? 1 : 0);
  return {
    [failuresAnnotation]: String(failures),
    ...(ignored === 0 ? {} : { [ignoredAnnotation]: String(ignored) }),
  };
}

/** The first rule of success that is met, by its place; undefined: none. */
export function successRuleOf(job: Job, done: ReadonlySet<number>): number | undefined {
  if (done.size === 0) return undefined;
  const index = (job.spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && done.size >= succeededCount;
    const wanted = parseIndexes(succeededIndexes);
    const met = wanted.filter((one) => done.has(one)).length;
    return wanted.length > 0 && (met === wanted.length || (succeededCount !== undefined && met >= succeededCount));
  });
  return index < 0 ? undefined : index;
}

/** `0-2,5`. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const ranges: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}${to === from + 1 ? "," : "-"}${to}`)).join(",");
}

export function parseIndexes(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [from, to] = part.split("-").map(Number);
    if (part === "" || from === undefined) return [];
    return Array.from({ length: (to ?? from) - from + 1 }, (_, offset) => from + offset);
  });
}
