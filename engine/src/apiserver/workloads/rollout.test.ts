import { describe, expect, it } from "vitest";
import fc from "fast-check";
import {
  countedStatus,
  findNew,
  maxSurge,
  maxUnavailable,
  newSize,
  oldSizes,
  progressedStatus,
  scaledSizes,
} from "./rollout.ts";
import type { Deployment, ReplicaSet } from "./types.ts";

const now = Date.UTC(2026, 0, 1, 1);
const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

function deployment(spec: Partial<Deployment["spec"]> = {}, status: Deployment["status"] = {}): Deployment {
  const all = { replicas: 4, selector: {}, template: template("2"), ...spec };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", generation: 1 }, spec: all, status };
}

function set(image: string, replicas: number, available: number = replicas): ReplicaSet {
  const status = { replicas, readyReplicas: available, availableReplicas: available };
  const metadata = { name: `web-${image}`, creationTimestamp: `2026-01-01T00:00:0${image}Z` };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata,
    spec: { replicas, selector: {}, template: template(image) },
    status,
  };
}

describe("sizes during a rollout", () => {
  it("knows the ReplicaSet of the template, whatever hash label it carries", () => {
    const current = set("2", 1);
    current.spec.template.metadata = { labels: { app: "web", "pod-template-hash": "x" } };
    expect(findNew(deployment(), [set("1", 3), current])).toBe(current);
  });

  it("reads percentages as Kubernetes does: surge up, unavailable down, never both zero", () => {
    const rolling = (maxSurge: string | number, maxUnavailable: string | number) =>
      deployment({ replicas: 3, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } });
    expect([maxSurge(rolling("25%", "25%")), maxUnavailable(rolling("25%", "25%"))]).toEqual([1, 0]);
    expect([maxSurge(rolling(0, "10%")), maxUnavailable(rolling(0, "10%"))]).toEqual([0, 1]);
  });

  it("grows the new ReplicaSet by the surge alone", () => {
    const fresh = set("2", 0);
    expect(newSize(deployment(), [set("1", 4), fresh], fresh)).toBe(1);
  });

  it("takes unhealthy old replicas first", () => {
    const broken = set("1", 4, 1);
    expect([...oldSizes(deployment(), [broken], set("2", 1, 0)).values()]).toEqual([3]);
  });

  it("scales an unfinished rollout in proportion", () => {
    const olds = [set("1", 4)];
    const fresh = set("2", 4);
    for (const one of [...olds, fresh]) one.metadata.annotations = { "deployment.kubernetes.io/max-replicas": "8" };
    const sizes = scaledSizes(
      deployment({ replicas: 16, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }),
      fresh,
      olds,
    );
    expect([...sizes.values()]).toEqual([8, 8]);
  });

  it("never has more pods than the surge allows, nor fewer available than promised, and ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        checkRollout,
      ),
    );
  });
});

/** Plays a whole rollout with pods that become available at once. */
function checkRollout(replicas: number, surge: number, unavailable: number): void {
  const subject = deployment({
    replicas,
    strategy: { rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  });
  let old = set("1", replicas);
  let fresh = set("2", 0);
  for (let steps = 0; (old.spec.replicas ?? 0) > 0 || fresh.spec.replicas !== replicas; steps++) {
    expect(steps).toBeLessThan(100);
    const grown = newSize(subject, [old, fresh], fresh);
    if (grown === fresh.spec.replicas) old = set("1", oldSizes(subject, [old], fresh).get(old) ?? 0);
    else fresh = set("2", grown);
    const pods = (old.spec.replicas ?? 0) + (fresh.spec.replicas ?? 0);
    expect(pods).toBeLessThanOrEqual(replicas + maxSurge(subject));
    expect(pods).toBeGreaterThanOrEqual(replicas - maxUnavailable(subject));
  }
}

describe("status of a rollout", () => {
  function progress(subject: Deployment, sets: ReplicaSet[]) {
    const status = progressedStatus(subject, countedStatus(subject, sets, sets.at(-1), now), sets.at(-1), now);
    return status.conditions?.find(({ type }) => type === "Progressing");
  }

  it("is complete once everything is new and available", () => {
    expect(progress(deployment({ progressDeadlineSeconds: 600 }), [set("1", 0), set("2", 4)])?.reason).toBe(
      "NewReplicaSetAvailable",
    );
  });

  it("is past its deadline when nothing has moved for so long", () => {
    const lastUpdateTime = "2026-01-01T00:00:00Z";
    const conditions = [{ type: "Progressing", status: "True", reason: "ReplicaSetUpdated", lastUpdateTime }];
    const counts = { replicas: 4, updatedReplicas: 4 };
    const slow = deployment({ progressDeadlineSeconds: 600 }, { ...counts, conditions });
    expect(progress(slow, [set("2", 4, 0)])).toMatchObject({ status: "False", reason: "ProgressDeadlineExceeded" });
    expect(
      progress(deployment({ progressDeadlineSeconds: 7200 }, { ...counts, conditions }), [set("2", 4, 0)])?.status,
    ).toBe("True");
  });
});
