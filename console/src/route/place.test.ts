import { describe, expect, it } from "vitest";
import { hrefOf, hrefOfObject, placeOf, type Place } from "./place.ts";

describe("an address", () => {
  const cases: [string, Place][] = [
    ["/", { page: "fleet" }],
    ["/timeline", { page: "timeline" }],
    ["/wall", { page: "wall" }],
    [
      "/Kustomization/flux-system/apps",
      { page: "delivery", link: { kind: "Kustomization", namespace: "flux-system", name: "apps" } },
    ],
    [
      "/object/apps/Deployment/shop/web",
      { page: "object", link: { group: "apps", kind: "Deployment", namespace: "shop", name: "web" } },
    ],
    [
      "/object/-/Namespace/-/shop",
      { page: "object", link: { group: "", kind: "Namespace", namespace: "", name: "shop" } },
    ],
    [
      "/object/rbac.authorization.k8s.io/ClusterRole/-/system%3Anode",
      {
        page: "object",
        link: { group: "rbac.authorization.k8s.io", kind: "ClusterRole", namespace: "", name: "system:node" },
      },
    ],
    ["/nowhere/else", { page: "nowhere" }],
    ["/%E0%A4%A", { page: "nowhere" }],
  ];
  for (const [path, place] of cases) it(`${path} opens ${place.page}`, () => expect(placeOf(path)).toEqual(place));

  it("of a page leads back to it", () => {
    for (const [, place] of cases) {
      if (place.page === "delivery") expect(placeOf(hrefOf(place.link))).toEqual(place);
      if (place.page === "object") expect(placeOf(hrefOfObject(place.link))).toEqual(place);
    }
  });

  it("of an object in another cluster, at a moment, says so in the query", () =>
    expect(hrefOfObject({ group: "", kind: "Secret", namespace: "a", name: "b", cluster: "edge" }, { at: "5" })).toBe(
      "/object/-/Secret/a/b?cluster=edge&at=5",
    ));
});
