// What a cluster with life and simulated workloads does, as a client sees it: run on the embedded server and on a real
// kube-apiserver, since both loops are written against the Cluster contract alone.

import { expect, it } from "vitest";
import type { Manifest } from "#kernel";
import { all, Client, type Living, type Open, podTemplate, workload } from "./living-client.contract.ts";
import {
  behaviourSuite,
  deploymentSuite,
  gatewaySuite,
  jobSuite,
  networkSuite,
  statefulSuite,
} from "./living-workloads.contract.ts";

/** The whole suite; `start` gives one cluster for all of it. */
export function livingContract(living: () => Living): void {
  const open = async (): Promise<Client> => {
    const client = new Client(living());
    await client.open();
    return client;
  };
  lifeSuite(open);
  garbageSuite(open);
  deploymentSuite(open);
  behaviourSuite(open);
  statefulSuite(open);
  jobSuite(open);
  networkSuite(open);
  gatewaySuite(open);
}

function lifeSuite(open: Open): void {
  it("gives a new namespace its account and certificate, and again when they are deleted", async () => {
    const client = await open();
    const look = async () => [
      await client.get("v1", "ServiceAccount", "default"),
      await client.get("v1", "ConfigMap", "kube-root-ca.crt"),
    ];
    const isThere = (found: unknown[]): boolean => found.every((one) => one !== undefined);
    const [account] = await client.until(look, isThere);
    await client.delete("v1", "ServiceAccount", "default");
    await client.delete("v1", "ConfigMap", "kube-root-ca.crt");
    const [again] = await client.until(look, isThere);
    expect(again?.metadata.uid).not.toBe(account?.metadata.uid);
  });

  it("empties a namespace that is deleted, and waits for finalizers of others", async () => {
    const client = await open();
    await client.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "held", finalizers: ["example.com/hold"] },
    });
    await client.create(workload("Deployment", { replicas: 2, template: podTemplate("nginx:1") }));
    await client.pods(all(2, "Ready nginx:1"));
    const { namespace } = client;
    await client.delete("v1", "Namespace", namespace);
    const look = () => client.status("v1", "Namespace", namespace);
    const conditions = await client.until(
      look,
      (status) => remaining(status) === "configmaps. has 1 resource instances",
    );
    expect(JSON.stringify(conditions)).toContain("example.com/hold in 1 resource instances");
    await client.patch("v1", "ConfigMap", "held", { metadata: { finalizers: null } });
    await client.until(
      () => client.get("v1", "Namespace", namespace),
      (found) => found === undefined,
    );
  });
}

function remaining(status: Record<string, unknown>): string {
  const conditions = (status["conditions"] ?? []) as { type: string; message: string }[];
  return (conditions.find(({ type }) => type === "NamespaceContentRemaining")?.message ?? "").replace(
    "Some resources are remaining: ",
    "",
  );
}

function configMap(name: string, owners: Manifest[] = [], more: object = {}): Manifest {
  const ownerReferences = owners.map(({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid ?? "",
    blockOwnerDeletion: true,
  }));
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ownerReferences, ...more } };
}

function garbageSuite(open: Open): void {
  const names = async (client: Client): Promise<string> =>
    (await client.list("v1", "ConfigMap"))
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== "kube-root-ca.crt")
      .sort((a, b) => (a < b ? -1 : 1))
      .join(" ");

  it("deletes what nobody owns any more, and keeps what still has an owner", async () => {
    const client = await open();
    const [one, two] = [await client.create(configMap("one")), await client.create(configMap("two"))];
    const child = await client.create(configMap("child", [one]));
    await client.create(configMap("grandchild", [child]));
    await client.create(configMap("both", [one, two]));
    await client.delete("v1", "ConfigMap", "one");
    await client.until(
      () => names(client),
      (found) => found === "both two",
    );
    const both = await client.until(
      () => client.get("v1", "ConfigMap", "both"),
      (found) => found?.metadata.ownerReferences?.length === 1,
    );
    expect(both?.metadata.ownerReferences?.[0]?.name).toBe("two");
  });

  it("deletes an object whose owner never was, but not one whose owner's kind is unknown", async () => {
    const client = await open();
    const ghost = configMap("ghost", [], {});
    await client.create(
      configMap("orphan", [{ ...ghost, metadata: { name: "ghost", uid: "11111111-2222-3333-4444-555555555555" } }]),
    );
    await client.create(
      configMap(
        "stranger",
        [{ ...ghost, apiVersion: "nowhere.example.com/v1", kind: "Thing" }].map((one) => ({
          ...one,
          metadata: { name: "x", uid: "1" },
        })),
      ),
    );
    await client.until(
      () => names(client),
      (found) => found === "stranger",
    );
  });

  it("keeps an owner that is deleted in the foreground until its dependents are gone", async () => {
    const client = await open();
    const owner = await client.create(configMap("owner"));
    await client.create(configMap("held", [owner], { finalizers: ["example.com/hold"] }));
    await client.create(configMap("free", [owner]));
    await client.delete("v1", "ConfigMap", "owner", { propagation: "Foreground" });
    await client.until(
      () => names(client),
      (found) => found === "held owner",
    );
    await client.patch("v1", "ConfigMap", "held", { metadata: { finalizers: null } });
    await client.until(
      () => names(client),
      (found) => found === "",
    );
  });

  it("leaves the dependents of an owner that is deleted as an orphan", async () => {
    const client = await open();
    const owner = await client.create(configMap("owner"));
    await client.create(configMap("child", [owner]));
    await client.delete("v1", "ConfigMap", "owner", { propagation: "Orphan" });
    await client.until(
      () => names(client),
      (found) => found === "child",
    );
    expect((await client.get("v1", "ConfigMap", "child"))?.metadata.ownerReferences).toBeUndefined();
  });
}
