// The eviction of a pod: a deletion that its disruption budget must allow (kubernetes pkg/registry/core/pod/storage/eviction.go, v1.36).

import { asJson, type Manifest } from "#kernel";
import { deleteOptions } from "#apiserver/http";
import { matchesSelector, type Selector } from "#apiserver/life";
import {
  asOwn,
  badRequest,
  type Call,
  changeObject,
  conflict,
  deleteObject,
  forbidden,
  getObject,
  Refusal,
  type Registry,
  storagePrefix,
  type WriteCall,
} from "#apiserver/registry";

type Condition = { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string };
type Pod = Manifest & { status?: { phase?: string; conditions?: Condition[] } };
type Budget = Manifest & {
  spec?: { selector?: Selector; unhealthyPodEvictionPolicy?: string };
  status?: {
    observedGeneration?: number;
    disruptionsAllowed?: number;
    currentHealthy?: number;
    desiredHealthy?: number;
    disruptedPods?: Record<string, string>;
    conditions?: Condition[];
  };
};

/** MaxDisruptedPodSize: more in flight means that no controller follows the budget. */
const disruptedPodsMax = 2000;

/** `pods` is the call on the pod itself. */
export async function evictPod(registry: Registry, pods: WriteCall, body: Manifest | undefined): Promise<void> {
  if (body === undefined || body.metadata?.name !== pods.name)
    throw badRequest("name in URL does not match name in Eviction object");
  const options = deleteOptions(new URLSearchParams(), asJson(body).deleteOptions);
  const isDryRun = options.isDryRun === true;
  const pod = getObject(registry, pods) as Pod;
  await askBudget(registry, { ...pods, isDryRun }, pod);
  if (isDryRun) return void (await deleteObject(registry, { ...pods, isDryRun }, options));
  const { resourceVersion, ...preconditions } = options.preconditions ?? {};
  if (resourceVersion !== undefined && resourceVersion !== pod.metadata.resourceVersion)
    throw conflict({ group: "", plural: "Pod" }, pods.name, staleText(resourceVersion, pod));
  await markDisrupted(registry, pods);
  // The version asked for was the pod's before the mark.
  await deleteObject(registry, pods, { ...options, preconditions });
}

function staleText(asked: string, pod: Pod): string {
  return `the ResourceVersion in the precondition (${asked}) does not match the ResourceVersion in record (${pod.metadata.resourceVersion}). The object might have been modified`;
}

/** Takes one from the budget that guards the pod; throws where it has none to give. */
async function askBudget(registry: Registry, pods: WriteCall, pod: Pod): Promise<void> {
  const phase = pod.status?.phase ?? "";
  if (["Succeeded", "Failed", "Pending"].includes(phase) || pod.metadata.deletionTimestamp !== undefined) return;
  const [budget, ...more] = budgetsOf(registry, pods, pod);
  if (budget === undefined) return;
  if (more.length > 0)
    throw new Refusal({
      code: 500,
      reason: "",
      message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    });
  if (!isReady(pod) && maySpareUnready(budget)) return;
  await changeObject(
    registry,
    { ...pods, ...budgetCall(registry, pods, budget.metadata.name) },
    { make: (live) => withOneLess(live as Budget, { pod: pods.name, now: registry.now() }), retries: true },
  );
}

function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

function maySpareUnready({ spec, status }: Budget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

function budgetsOf(registry: Registry, pods: Call, pod: Pod): Budget[] {
  const storage = budgetCall(registry, pods).served.storage;
  const found: Budget[] = [];
  for (const { object } of registry.collection(storage).range(`${storagePrefix(storage)}${pods.namespace}/`)) {
    const budget = object as Budget;
    if (matchesSelector(budget.spec?.selector, pod.metadata.labels)) found.push(budget);
  }
  return found;
}

function budgetCall(registry: Registry, pods: Call, name = ""): Call {
  const served = registry.table.find("policy", "v1", "poddisruptionbudgets") ?? pods.served;
  return { ...pods, served, name, subresource: "status" };
}

function withOneLess(live: Budget, { pod, now }: { pod: string; now: string }): Manifest {
  const { name, generation = 0 } = live.metadata;
  const status = live.status ?? {};
  const allowed = status.disruptionsAllowed ?? 0;
  if ((status.observedGeneration ?? 0) < generation)
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (allowed < 0) throw forbidden(budgetResource, name, "pdb disruptions allowed is negative");
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax)
    throw forbidden(
      budgetResource,
      name,
      "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
    );
  if (allowed === 0) throw tooManyRequests(refusalText(name, status));
  const next = asOwn(live) as Budget;
  const nextStatus = (next.status ??= {});
  nextStatus.disruptionsAllowed = allowed - 1;
  nextStatus.disruptedPods = { ...nextStatus.disruptedPods, [pod]: now };
  if (allowed === 1)
    nextStatus.conditions = withCondition(nextStatus.conditions ?? [], now, {
      type: "DisruptionAllowed",
      status: "False",
      reason: "InsufficientPods",
      ...(live.metadata.generation === undefined ? {} : { observedGeneration: live.metadata.generation }),
    });
  return next;
}

/** Why the budget has nothing to give; a failed sync first, since the numbers are not to be trusted then. */
function refusalText(name: string, status: NonNullable<Budget["status"]>): string {
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  const told = status.conditions?.find(
    ({ type, status, message = "" }) => type === "DisruptionAllowed" && status === "False" && message !== "",
  );
  const start = `The disruption budget ${name}`;
  if (told?.reason === "SyncFailed")
    return `${start} does not allow evicting pods currently because it failed sync: ${told.message}`;
  if (currentHealthy <= desiredHealthy)
    return `${start} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  if (told === undefined) return `${start} does not allow evicting pods currently`;
  return `${start} does not allow evicting pods currently (${told.reason}): ${told.message}`;
}

const budgetResource = { group: "policy", plural: "poddisruptionbudget" };

function tooManyRequests(message: string, retryAfterSeconds?: number): Refusal {
  const causes = [{ reason: "DisruptionBudget", message }];
  return new Refusal({
    code: 429,
    reason: "TooManyRequests",
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
  });
}

/** The pod says why it goes. */
async function markDisrupted(registry: Registry, pods: WriteCall): Promise<void> {
  await changeObject(
    registry,
    { ...pods, subresource: "status" },
    {
      make: (live) => {
        const next = asOwn(live) as Pod;
        const status = (next.status ??= {});
        status.conditions = withCondition(status.conditions ?? [], registry.now(), {
          type: "DisruptionTarget",
          status: "True",
          reason: "EvictionByEvictionAPI",
          message: "Eviction API: evicting",
        });
        return next;
      },
      retries: true,
    },
  );
}

function withCondition(conditions: readonly Condition[], now: string, next: Condition): Condition[] {
  const before = conditions.find(({ type }) => type === next.type);
  const lastTransitionTime = before?.status === next.status ? (before.lastTransitionTime ?? now) : now;
  const made = { ...next, lastTransitionTime };
  return before === undefined ? [...conditions, made] : conditions.map((one) => (one === before ? made : one));
}
