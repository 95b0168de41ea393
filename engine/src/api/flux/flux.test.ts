import { describe, expect, it } from "vitest";
import type { JsonObject, Manifest } from "#kernel";
import { fluxDefinitions, fluxKinds, formatDuration, parseDuration } from "./index.ts";

type Node = JsonObject & { type?: string; properties?: { [name: string]: Node }; items?: Node };

function schemaOf(definition: Manifest): Node {
  const spec = definition["spec"] as { versions: { schema: { openAPIV3Schema: Node } }[] };
  return spec.versions[0]?.schema.openAPIV3Schema as Node;
}

function definition(kind: string): Manifest {
  const found = fluxDefinitions().find((d) => (d["spec"] as { names: { kind: string } }).names.kind === kind);
  if (found === undefined) throw new Error(kind);
  return found;
}

function nodeAt(kind: string, path: string): Node | undefined {
  return path.split(".").reduce<Node | undefined>(
    (node, part) => {
      const inner = node?.items ?? node;
      return inner?.properties?.[part];
    },
    schemaOf(definition(kind)),
  );
}

describe("Flux definitions", () => {
  it("offer every kind under Flux's group, version and short name", () => {
    const table = fluxKinds.map((k) =>
      `${k.group}/${k.version} ${k.kind} ${k.plural} ${k.shortNames.join(",")}`.trim(),
    );
    expect(table).toMatchInlineSnapshot(`
      [
        "source.toolkit.fluxcd.io/v1 GitRepository gitrepositories gitrepo",
        "source.toolkit.fluxcd.io/v1 OCIRepository ocirepositories ocirepo",
        "source.toolkit.fluxcd.io/v1 HelmRepository helmrepositories helmrepo",
        "source.toolkit.fluxcd.io/v1 HelmChart helmcharts hc",
        "source.toolkit.fluxcd.io/v1 Bucket buckets",
        "source.toolkit.fluxcd.io/v1 ExternalArtifact externalartifacts ea",
        "source.extensions.fluxcd.io/v1beta1 ArtifactGenerator artifactgenerators ag",
        "kustomize.toolkit.fluxcd.io/v1 Kustomization kustomizations ks",
        "helm.toolkit.fluxcd.io/v2 HelmRelease helmreleases hr",
        "image.toolkit.fluxcd.io/v1 ImageRepository imagerepositories imgrepo,imagerepo",
        "image.toolkit.fluxcd.io/v1 ImagePolicy imagepolicies imgpol,imagepol",
        "image.toolkit.fluxcd.io/v1 ImageUpdateAutomation imageupdateautomations iua,imgupd,imageupdate",
        "notification.toolkit.fluxcd.io/v1 Receiver receivers",
        "notification.toolkit.fluxcd.io/v1beta3 Alert alerts",
        "notification.toolkit.fluxcd.io/v1beta3 Provider providers",
      ]
    `);
  });

  it.each(fluxDefinitions().map((d) => [d.metadata.name, d] as const))(
    "%s is structural: every node has a type",
    (_, d) => {
      const lacking: string[] = [];
      const walk = (node: Node, path: string): void => {
        if (node.type === undefined && node["x-kubernetes-preserve-unknown-fields"] !== true) lacking.push(path);
        for (const [name, child] of Object.entries(node.properties ?? {})) walk(child, `${path}.${name}`);
        if (node.items !== undefined) walk(node.items, `${path}[]`);
      };
      walk(schemaOf(d), "");
      expect(lacking).toEqual([]);
    },
  );

  it("have a status subresource but for the kinds that have no status", () => {
    const without = fluxKinds.filter((k) => k.status === undefined).map((k) => k.kind);
    expect(without.sort()).toEqual(["Alert", "Provider"]);
  });

  it.each([
    ["GitRepository", "spec.timeout", "60s"],
    ["GitRepository", "spec.verify.mode", "HEAD"],
    ["GitRepository", "status", { observedGeneration: -1 }],
    ["OCIRepository", "spec.provider", "generic"],
    ["HelmChart", "spec.version", "*"],
    ["HelmChart", "spec.reconcileStrategy", "ChartVersion"],
    ["Bucket", "spec.provider", "generic"],
    ["Kustomization", "spec.force", false],
    ["Kustomization", "spec.postBuild.substituteFrom.optional", false],
    ["Kustomization", "status", { observedGeneration: -1 }],
    ["HelmRelease", "spec.uninstall.deletionPropagation", "background"],
    ["ImageRepository", "spec.exclusionList", ["^.*\\.sig$"]],
    ["ImagePolicy", "spec.digestReflectionPolicy", "Never"],
    ["ImageUpdateAutomation", "spec.update", { strategy: "Setters" }],
    ["Alert", "spec.eventSeverity", "info"],
    ["Receiver", "spec.interval", "10m"],
    ["ExternalArtifact", "status", undefined],
    ["ArtifactGenerator", "status", undefined],
  ])("%s %s defaults to %j", (kind, path, expected) => {
    expect(nodeAt(kind, path)).toBeDefined();
    expect(nodeAt(kind, path)?.["default"]).toEqual(expected);
  });
});

describe("durations", () => {
  it.each([
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["1.5s", 1500],
    ["10", undefined],
    ["", undefined],
    ["5d", undefined],
    ["1m 2s", undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    [0, "0s"],
    [250, "250ms"],
    [1500, "1.5s"],
    [150_000, "2m30s"],
    [3_600_000, "1h0m0s"],
  ])("%s ms prints as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
