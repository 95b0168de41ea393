// What simulated workloads do, as a client sees it: rollouts, order, failures, Jobs, what is reached through Services and Gateways.

import { expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { all, type Client, type Open, podTemplate, workload } from "./living-client.contract.ts";

export function deploymentSuite(open: Open): void {
  const reason = async (client: Client): Promise<string> => {
    const { conditions = [] } = (await client.status("apps/v1", "Deployment", "web")) as {
      conditions?: { type: string; reason: string }[];
    };
    return conditions.find(({ type }) => type === "Progressing")?.reason ?? "";
  };

  it("rolls a Deployment out, forward and back, and numbers its revisions", async () => {
    const client = await open();
    await client.create(workload("Deployment", { replicas: 3, template: podTemplate("nginx:1") }));
    await client.pods(all(3, "Ready nginx:1"));
    await client.patch("apps/v1", "Deployment", "web", { spec: { template: podTemplate("nginx:2") } });
    await client.pods(all(3, "Ready nginx:2"));
    await client.patch("apps/v1", "Deployment", "web", { spec: { template: podTemplate("nginx:1") } });
    await client.pods(all(3, "Ready nginx:1"));
    await client.until(
      () => reason(client),
      (found) => found === "NewReplicaSetAvailable",
    );
    const sets = await client.list("apps/v1", "ReplicaSet");
    const revisions = sets.map(({ metadata }) => metadata.annotations?.["deployment.kubernetes.io/revision"]);
    expect(revisions.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual(["2", "3"]);
    const deployment = await client.get("apps/v1", "Deployment", "web");
    expect(deployment?.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
    expect(deployment?.["status"]).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
  });

  it("starts nothing new while a Deployment is paused, but scales it", async () => {
    const client = await open();
    await client.create(workload("Deployment", { replicas: 1, template: podTemplate("nginx:1") }));
    await client.pods(all(1, "Ready nginx:1"));
    await client.patch("apps/v1", "Deployment", "web", {
      spec: { paused: true, replicas: 2, template: podTemplate("nginx:2") },
    });
    await client.pods(all(2, "Ready nginx:1"));
    await client.patch("apps/v1", "Deployment", "web", { spec: { paused: false } });
    await client.pods(all(2, "Ready nginx:2"));
  });

  it("removes every old pod first when it is to recreate", async () => {
    const client = await open();
    const strategy = { type: "Recreate" };
    await client.create(workload("Deployment", { replicas: 2, strategy, template: podTemplate("nginx:1") }));
    await client.pods(all(2, "Ready nginx:1"));
    await client.patch("apps/v1", "Deployment", "web", { spec: { template: podTemplate("nginx:2") } });
    const seen = new Set<string>();
    await client.pods((shown) => {
      seen.add([...new Set(shown.map((one) => one.split(" ")[1]))].join("+"));
      return all(2, "Ready nginx:2")(shown);
    });
    expect(seen).not.toContain("nginx:1+nginx:2");
  });

  it("keeps the old pods when the new ones cannot start, and says when the deadline has passed", async () => {
    const client = await open();
    await client.create(
      workload("Deployment", { replicas: 2, progressDeadlineSeconds: 1, template: podTemplate("nginx:1") }),
    );
    await client.pods(all(2, "Ready nginx:1"));
    const broken = {
      ...podTemplate("nginx:2"),
      metadata: { labels: { app: "web" }, annotations: { "keelson.dev/simulate": "pull-error" } },
    };
    await client.patch("apps/v1", "Deployment", "web", { spec: { template: broken } });
    const shown = await client.pods((pods) => pods.includes("ImagePullBackOff nginx:2"));
    expect(shown.filter((one) => one === "Ready nginx:1")).toHaveLength(2);
    await client.until(
      () => reason(client),
      (found) => found === "ProgressDeadlineExceeded",
    );
  });

  it("adopts what an orphaning deletion left, and makes no second pod", async () => {
    const client = await open();
    const manifest = workload("Deployment", { replicas: 2, template: podTemplate("nginx:1") });
    await client.create(manifest);
    await client.pods(all(2, "Ready nginx:1"));
    const uids = (await client.list("v1", "Pod")).map(({ metadata }) => metadata.uid);
    await client.delete("apps/v1", "Deployment", "web", { propagation: "Orphan" });
    await client.until(
      () => client.get("apps/v1", "Deployment", "web"),
      (found) => found === undefined,
    );
    await client.create(manifest);
    await client.until(
      () => reason(client),
      (found) => found === "NewReplicaSetAvailable",
    );
    expect((await client.list("v1", "Pod")).map(({ metadata }) => metadata.uid)).toEqual(uids);
  });
}

export function behaviourSuite(open: Open): void {
  it.each([
    ["crash", "CrashLoopBackOff nginx:1"],
    ["stall", "Running nginx:1"],
  ])("a running workload that is told to %s does, and mends when it no longer is", async (behaviour, shown) => {
    const client = await open();
    await client.create(workload("Deployment", { replicas: 2, template: podTemplate("nginx:1") }));
    await client.pods(all(2, "Ready nginx:1"));
    const annotate = (value: string | null) =>
      client.patch("apps/v1", "Deployment", "web", { metadata: { annotations: { "keelson.dev/simulate": value } } });
    await annotate(behaviour);
    await client.pods(all(2, shown));
    await annotate(null);
    await client.pods(all(2, "Ready nginx:1"));
  });

  it("a workload that is told to fail finds no node", async () => {
    const client = await open();
    const manifest = workload(
      "Deployment",
      { replicas: 1, template: podTemplate("nginx:1") },
      { "keelson.dev/simulate": "fail" },
    );
    await client.create(manifest);
    const pods = await client.until(
      () => client.list("v1", "Pod"),
      (found) => JSON.stringify(found).includes("Unschedulable"),
    );
    expect(pods.map(({ spec }) => (spec as { nodeName?: string }).nodeName)).toEqual([undefined]);
  });
}

export function statefulSuite(open: Open): void {
  it("makes a StatefulSet's pods and claims in order, and updates from the last", async () => {
    const client = await open();
    const claims = [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    ];
    await client.create(
      workload("StatefulSet", {
        replicas: 2,
        serviceName: "web",
        template: podTemplate("db:1"),
        volumeClaimTemplates: claims,
      }),
    );
    await client.pods(all(2, "Ready db:1"));
    const bound = await client.list("v1", "PersistentVolumeClaim");
    expect(bound.map(({ metadata, status }) => `${metadata.name} ${(status as { phase: string }).phase}`)).toEqual([
      "data-web-0 Bound",
      "data-web-1 Bound",
    ]);
    await client.patch("apps/v1", "StatefulSet", "web", { spec: { template: podTemplate("db:2") } });
    await client.pods((shown) => shown.includes("Ready db:2"));
    await client.pods(all(2, "Ready db:2"));
    const status = await client.until(
      () => client.status("apps/v1", "StatefulSet", "web"),
      ({ currentRevision, updateRevision }) => currentRevision === updateRevision,
    );
    expect(status).toMatchObject({ replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2 });
    await client.patch("apps/v1", "StatefulSet", "web", { spec: { replicas: 1 } });
    await client.pods(all(1, "Ready db:2"));
    expect(await client.list("v1", "PersistentVolumeClaim")).toHaveLength(2);
    // A claim that a pod uses waits for it; the other one goes at once.
    for (const name of ["data-web-0", "data-web-1"]) await client.delete("v1", "PersistentVolumeClaim", name);
    const left = (count: number): Promise<Manifest[]> =>
      client.until(
        () => client.list("v1", "PersistentVolumeClaim"),
        (claims) => claims.length === count,
      );
    expect((await left(1))[0]?.metadata.name).toBe("data-web-0");
    await client.patch("apps/v1", "StatefulSet", "web", { spec: { replicas: 0 } });
    await left(0);
  });

  it("runs a DaemonSet on every node, and updates it node by node", async () => {
    const client = await open();
    await client.create(workload("DaemonSet", { template: podTemplate("agent:1") }));
    await client.pods(all(3, "Ready agent:1"));
    await client.patch("apps/v1", "DaemonSet", "web", { spec: { template: podTemplate("agent:2") } });
    await client.pods(all(3, "Ready agent:2"));
    await client.until(
      () => client.status("apps/v1", "DaemonSet", "web"),
      (status) => status["updatedNumberScheduled"] === 3 && status["numberAvailable"] === 3,
    );
    const nodes = (await client.list("v1", "Pod")).map(({ spec }) => (spec as { nodeName: string }).nodeName);
    expect(new Set(nodes).size).toBe(3);
  });
}

export function jobSuite(open: Open): void {
  const never = { restartPolicy: "Never" };
  const finished = (status: Record<string, unknown>): string =>
    ((status["conditions"] ?? []) as { type: string; status: string }[])
      .filter(({ type, status: is }) => is === "True" && (type === "Complete" || type === "Failed"))
      .map(({ type }) => type)
      .join();

  it("runs a Job to its completions, no more than its parallelism at once", async () => {
    const client = await open();
    await client.create(workload("Job", { completions: 3, parallelism: 2, template: podTemplate("task:1", never) }));
    const status = await client.until(
      () => client.status("batch/v1", "Job", "web"),
      (seen) => finished(seen) === "Complete",
    );
    expect(status).toMatchObject({ succeeded: 3 });
    expect(await client.list("v1", "Pod")).toHaveLength(3);
  });

  it("fails a Job after its limit of failed pods", async () => {
    const client = await open();
    const manifest = workload(
      "Job",
      { backoffLimit: 1, template: podTemplate("task:1", never) },
      { "keelson.dev/simulate": "fail" },
    );
    await client.create(manifest);
    const status = await client.until(
      () => client.status("batch/v1", "Job", "web"),
      (seen) => finished(seen) === "Failed",
    );
    expect(status).toMatchObject({ failed: 2 });
  });

  it("starts a suspended Job when it is resumed", async () => {
    const client = await open();
    await client.create(workload("Job", { suspend: true, template: podTemplate("task:1", never) }));
    await client.until(
      () => client.status("batch/v1", "Job", "web"),
      (seen) => JSON.stringify(seen).includes("JobSuspended"),
    );
    expect(await client.list("v1", "Pod")).toEqual([]);
    await client.patch("batch/v1", "Job", "web", { spec: { suspend: false } });
    await client.until(
      () => client.status("batch/v1", "Job", "web"),
      (seen) => finished(seen) === "Complete",
    );
  });
}

export function networkSuite(open: Open): void {
  it("lists the ready pods of a Service, and gives a load balancer an address", async () => {
    const client = await open();
    const ports = [{ port: 80, targetPort: 8080 }];
    await client.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { type: "LoadBalancer", selector: { app: "web" }, ports },
    } as Manifest);
    await client.create(workload("Deployment", { replicas: 2, template: podTemplate("nginx:1") }));
    await client.pods(all(2, "Ready nginx:1"));
    const addresses = await client.until(
      async () => readyAddresses(await client.list("discovery.k8s.io/v1", "EndpointSlice")),
      (found) => found.length === 2,
    );
    const pods = (await client.list("v1", "Pod")).map(({ status }) => (status as { podIP: string }).podIP);
    expect(addresses.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(pods.toSorted((a, b) => (a < b ? -1 : 1)));
    const balanced = await client.until(
      () => client.status("v1", "Service", "web"),
      (status) => JSON.stringify(status).includes("203.0.113."),
    );
    expect(balanced).toMatchObject({ loadBalancer: { ingress: [{ ipMode: "VIP" }] } });
    await client.patch("apps/v1", "Deployment", "web", {
      metadata: { annotations: { "keelson.dev/simulate": "stall" } },
    });
    await client.until(
      async () => readyAddresses(await client.list("discovery.k8s.io/v1", "EndpointSlice")),
      (found) => found.length === 0,
    );
  });

  it("counts what a disruption budget still allows", async () => {
    const client = await open();
    const spec = { minAvailable: 1, selector: { matchLabels: { app: "web" } } };
    await client.create({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web" },
      spec,
    } as Manifest);
    await client.create(workload("Deployment", { replicas: 3, template: podTemplate("nginx:1") }));
    const look = () => client.status("policy/v1", "PodDisruptionBudget", "web");
    await client.until(look, (status) => status["disruptionsAllowed"] === 2 && status["expectedPods"] === 3);
  });
}

function readyAddresses(slices: readonly Manifest[]): string[] {
  return slices.flatMap((slice) =>
    ((slice["endpoints"] ?? []) as { addresses: string[]; conditions: { ready?: boolean } }[])
      .filter(({ conditions }) => conditions.ready === true)
      .flatMap(({ addresses }) => addresses),
  );
}

/** As small as a definition of Gateway API can be. */
function gatewayDefinition(kind: string, plural: string): Manifest {
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const openAPIV3Schema = { type: "object", properties: { spec: anything, status: anything } };
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema },
    subresources: { status: {} },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.gateway.networking.k8s.io`,
      annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
    },
    spec: {
      group: "gateway.networking.k8s.io",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: "Namespaced",
      versions: [version],
    },
  };
}

export function gatewaySuite(open: Open): void {
  it("programs a Gateway and accepts its routes as soon as the kinds are served", async () => {
    const client = await open();
    await client.create(gatewayDefinition("Gateway", "gateways"));
    await client.create(gatewayDefinition("HTTPRoute", "httproutes"));
    const apiVersion = "gateway.networking.k8s.io/v1";
    const isServed = async (): Promise<boolean> =>
      client.target(apiVersion, "HTTPRoute", "x").then(
        () => true,
        () => false,
      );
    await client.until(isServed, (found) => found);
    const spec = { gatewayClassName: "any", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] };
    await client.until(
      () =>
        client.create({ apiVersion, kind: "Gateway", metadata: { name: "web" }, spec }).then(
          () => true,
          () => false,
        ),
      (isMade) => isMade,
    );
    await client.create({
      apiVersion,
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: { parentRefs: [{ name: "web" }] },
    });
    const gateway = await client.until(() => client.status(apiVersion, "Gateway", "web"), hasWord("Programmed"));
    expect(JSON.stringify(gateway)).toContain('"value":"203.0.113.');
    await client.until(() => client.status(apiVersion, "HTTPRoute", "web"), hasWord("ResolvedRefs"));
    for (const plural of ["gateways", "httproutes"])
      await client.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", `${plural}.gateway.networking.k8s.io`);
  });
}

const hasWord = (word: string) => (status: Record<string, unknown>) => JSON.stringify(status).includes(word);
