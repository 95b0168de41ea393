// The flags that lock tenants in, on our engine and on Flux's own helm-controller.

import { describe, expect, it, vi } from "vitest";
import { asManifest } from "#kernel";
import { Scene } from "./scene.contract.ts";
import { type Begin, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** `begin` gives a home without references across namespaces, where the ServiceAccount `tenant` acts when none is named. */
export function lockdownContract(title: string, begin: Begin): void {
  describe(title, () => {
    const world = suiteWorld(begin);

    it.concurrent("a source in another namespace is refused, and nothing more is tried", async () => {
      const web = new Scene(world, "reaching");
      await web.refer({ kind: "HelmChart", name: "shop-reaching", namespace: "flux-system" });
      const stalled = await world.untilCondition("reaching", {
        type: "Stalled",
        status: "True",
        reason: "AccessDenied",
      });
      expect(stalled.message).toContain("cross-namespace references");
      expect((await world.condition("reaching"))?.reason).toBe("AccessDenied");
    });

    it.concurrent("the default ServiceAccount acts, with its rights and no others", async () => {
      const web = new Scene(world, "served");
      web.offer("1.0.0");
      await web.apply();
      await world.until("a refusal", async () =>
        (await world.condition("served"))?.message.includes("system:serviceaccount:shop:tenant"),
      );
      await world.apply(
        asManifest({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tenant", namespace: "shop" } }),
        asManifest({
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "tenant", namespace: "shop" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
          subjects: [{ kind: "ServiceAccount", name: "tenant", namespace: "shop" }],
        }),
      );
      await world.ask("served");
      await world.untilDone("served");
      // Who may act no more must not keep the object from going.
      await world.remove(await world.target("", "ServiceAccount", "tenant"));
      await web.remove();
      expect(await world.data("served-settings")).toBeDefined();
    });
  });
}
