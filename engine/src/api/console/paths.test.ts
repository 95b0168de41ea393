import { describe, expect, it } from "vitest";
import { apiPaths, linkKey, parseLinkKey } from "./paths.ts";

const apps = { kind: "Kustomization", namespace: "flux-system", name: "apps" };

describe("the console's addresses", () => {
  it("are these", () => {
    const object = { group: "", kind: "Service", namespace: "shop", name: "a b", cluster: "" };
    expect([
      apiPaths.stream({ after: "7-1" }),
      apiPaths.stream({ after: "7-1", of: linkKey(apps) }),
      apiPaths.search({ q: "image:web author:ann", limit: 20 }),
      apiPaths.delivery(apps),
      apiPaths.plan(apps, { which: "last" }),
      apiPaths.object(object),
      apiPaths.moment({ at: 5, delivery: linkKey(apps) }),
    ]).toEqual([
      "/api/stream?after=7-1",
      "/api/stream?after=7-1&of=Kustomization%2Fflux-system%2Fapps",
      "/api/search?q=image%3Aweb%20author%3Aann&limit=20",
      "/api/deliveries/Kustomization/flux-system/apps",
      "/api/deliveries/Kustomization/flux-system/apps/plan?which=last",
      "/api/object?kind=Service&namespace=shop&name=a%20b",
      "/api/moment?at=5&delivery=Kustomization%2Fflux-system%2Fapps",
    ]);
  });

  it("name a delivery by a key that is read back", () => {
    expect(parseLinkKey(linkKey(apps))).toEqual(apps);
    expect(parseLinkKey("apps")).toBeUndefined();
    expect(parseLinkKey("a/b/c/d")).toBeUndefined();
  });
});
