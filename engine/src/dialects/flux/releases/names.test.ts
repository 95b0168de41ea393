import { describe, expect, it } from "vitest";
import type { HelmRelease, HelmReleaseSpec } from "#api/flux";
import {
  chartSourceOf,
  releaseNameOf,
  releaseNamespaceOf,
  shortenName,
  storageNamespaceOf,
  timeoutOf,
} from "./names.ts";

function release(spec: Partial<HelmReleaseSpec>, name = "web"): HelmRelease {
  return {
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name, namespace: "shop" },
    spec: { interval: "1m", ...spec },
  };
}

describe("names of a release", () => {
  it.each<[string, Partial<HelmReleaseSpec>, string, string, string]>([
    ["by default the object's own", {}, "web", "shop", "shop"],
    ["with the target namespace before it", { targetNamespace: "prod" }, "prod-web", "prod", "shop"],
    ["or as given", { releaseName: "x", targetNamespace: "prod", storageNamespace: "kept" }, "x", "prod", "kept"],
  ])("are %s", (...[, spec, name, namespace, storage]) => {
    const object = release(spec);
    expect([releaseNameOf(object), releaseNamespaceOf(object), storageNamespaceOf(object)]).toEqual([
      name,
      namespace,
      storage,
    ]);
  });

  it("are shortened beyond 53 letters, with a digest of the whole", () => {
    expect(shortenName("release-name-with-very-long-name-which-is-longer-than-53-characters")).toBe(
      "release-name-with-very-long-name-which-i-788ca0d0d7b0",
    );
    expect(shortenName("a".repeat(53))).toBe("a".repeat(53));
  });

  it("say where the chart comes from", () => {
    const sourceRef = { kind: "HelmRepository", name: "charts", namespace: "flux-system" };
    expect(chartSourceOf(release({ chart: { spec: { chart: "podinfo", sourceRef } } }))).toEqual({
      kind: "HelmChart",
      namespace: "flux-system",
      name: "shop-web",
    });
    expect(chartSourceOf(release({ chartRef: { kind: "OCIRepository", name: "podinfo" } }))).toEqual({
      kind: "OCIRepository",
      namespace: "shop",
      name: "podinfo",
    });
  });

  it("give each action its own time, or the common one, or five minutes", () => {
    const object = release({ timeout: "2m", upgrade: { timeout: "7s" } });
    expect([timeoutOf(object, "upgrade"), timeoutOf(object, "install"), timeoutOf(release({}))]).toEqual([
      7000, 120_000, 300_000,
    ]);
  });
});
