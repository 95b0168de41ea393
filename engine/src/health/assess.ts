// object → Health. First what holds for all kinds, then the rule of the kind, then the Ready condition: kstatus' order.

import { type Manifest, splitApiVersion } from "#kernel";
import { assessDefinition } from "./custom-resource-definition.ts";
import { assessDaemonSet } from "./daemon-set.ts";
import { assessDeployment } from "./deployment.ts";
import { assessByExpressions, expressionsFor, type HealthExpressions } from "./expressions.ts";
import { assessCommon, assessReady } from "./generic.ts";
import { current, type Finding, type Health, healthOf } from "./health.ts";
import { assessCronJob, assessJob } from "./job.ts";
import { assessPod } from "./pod.ts";
import { assessReplicaSet } from "./replica-set.ts";
import { assessService } from "./service.ts";
import { assessStatefulSet } from "./stateful-set.ts";
import { assessClaim } from "./storage.ts";

/** A rule for one kind; asked only when nothing common to all kinds has decided. */
export type Rule = (object: Manifest, now: number) => Finding;

/** `group/kind`, core without a group, as kstatus keys its table. */
const rules: Readonly<Record<string, Rule>> = {
  ConfigMap: () => current("exists"),
  Secret: () => current("exists"),
  Service: assessService,
  Pod: assessPod,
  PersistentVolumeClaim: assessClaim,
  "apps/Deployment": assessDeployment,
  "apps/ReplicaSet": assessReplicaSet,
  "apps/StatefulSet": assessStatefulSet,
  "apps/DaemonSet": assessDaemonSet,
  "batch/Job": assessJob,
  "batch/CronJob": assessCronJob,
  "policy/PodDisruptionBudget": () => current("the allowed disruptions are counted"),
  "apiextensions.k8s.io/CustomResourceDefinition": assessDefinition,
};

export type AssessOptions = {
  /** Milliseconds since 1970; only a pod without a node depends on it. */
  now: number;
  /** Asked instead of any rule, for the kinds they name. */
  expressions?: readonly HealthExpressions[];
};

/** How `object` is doing; undefined is an object that should be there and is not. */
export function assess(object: Manifest | undefined, options: AssessOptions): Health {
  if (object === undefined) return healthOf({ kstatus: "NotFound", reason: "NotFound", message: "does not exist" });
  const expressions = expressionsFor(object, options.expressions);
  if (expressions !== undefined) return healthOf(assessByExpressions(object, expressions));
  const common = assessCommon(object);
  if (common !== undefined) return healthOf(common);
  const { group } = splitApiVersion(object.apiVersion);
  const key = group === "" ? object.kind : `${group}/${object.kind}`;
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  return healthOf(rule === undefined ? assessReady(object) : rule(object, options.now));
}
