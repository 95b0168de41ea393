// Expected digests were computed by fluxcd/pkg/chartutil v1.27.1 and helm-controller v1.6.2's own test.

import { describe, expect, it } from "vitest";
import type { Release } from "#releases";
import { loadValues } from "#render/helm";
import { commonMetadataDigest, configDigest, postRenderersDigest, releaseDigest } from "./digests.ts";

const empty = { labels: {}, manifest: "", name: "foo", namespace: "", version: 0 };

describe("digests", () => {
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["a: 1", "37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae"],
    [
      'b10: x\nb9: y\nB: z\n"1": {}\n"-": []\nf: 1.5\nbig: 9007199254740993\nhuge: 1e21\nneg: -0.000001\nn: null\nt: "yes"\nm: |\n  a\n  b\n',
      "b531511abc6daa60d7a250b820f951dd26d18b9223585c9c818dad686ea5b19d",
    ],
    [
      'l:\n- a: 1\n  A: 2\n- []\nu: 12345678901234567890\nlong: "aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee ffffffffff gggggggggg hhhhhhhhhh iiiiiiiiii"\n',
      "d17da5d4e29ac379b835ca54561fd237f70867e70fcba76533f853bcbd7c2607",
    ],
  ])("takes the digest of values as Flux does: %j", (text, expected) => {
    expect(configDigest(loadValues(text))).toBe(`sha256:${expected}`);
  });

  it("takes the digest of a release as Flux does", () => {
    const release = { ...empty, info: {}, chart: { metadata: {} } } as unknown as Release;
    expect(releaseDigest(release, undefined)).toBe(
      "sha256:f1498f27a16a09cd7e1ee610d924df065c03d30035638babc95dd9a8d412ce4d",
    );
  });

  it("does not see tests in a release, but every other hook", () => {
    const hook = { name: "h", kind: "Pod", path: "p", manifest: "m", last_run: { phase: "" as const } };
    const of = (...events: ("test" | "pre-install")[]): string => {
      const release = { ...empty, info: { status: "deployed" }, chart: { metadata: {} }, hooks: [{ ...hook, events }] };
      return releaseDigest(release as unknown as Release, undefined);
    };
    const none = releaseDigest(
      { ...empty, info: { status: "deployed" }, chart: { metadata: {} } } as unknown as Release,
      undefined,
    );
    expect(of("test")).toBe(none);
    expect(of("pre-install")).not.toBe(none);
  });

  it("has none of what is not given, and one of what is given empty", () => {
    expect(postRenderersDigest(undefined)).toBe("");
    expect(commonMetadataDigest(undefined)).toBe("");
    expect(commonMetadataDigest({})).toBe("sha256:ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356");
  });
});
