import { describe, expect, it } from "vitest";
import { parseYaml } from "#formats/yaml";
import { decodeUtf8, formatFault, type JsonObject, memoryTree, readsHold, type Rendering } from "#kernel";
import { layoutRenderer } from "./layout.ts";

/** What kustomize would be given. */
function generated(files: { [path: string]: string }, path: string, options: JsonObject = {}): unknown {
  let text = "";
  const renderer = layoutRenderer("test", (tree, folder): Rendering => {
    const name = ["kustomization.yaml", "kustomization.yml", "Kustomization"].find(
      (candidate) => tree.entry(folder === "" ? candidate : `${folder}/${candidate}`) !== undefined,
    );
    text = decodeUtf8(tree.read(folder === "" ? `${name}` : `${folder}/${name}`));
    return { manifests: [], reads: [], inputs: [], warnings: [], isVolatile: false };
  });
  const tree = memoryTree(files);
  const rendering = renderer.render(tree, path, { options });
  expect(readsHold(rendering.reads, tree)).toBe(true);
  return parseYaml(text);
}

const header = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };

describe("a folder without a kustomization", () => {
  it("is listed, folders with one of their own as one entry", () => {
    const files = {
      "apps/a.yaml": "",
      "apps/b.yml": "",
      "apps/readme.md": "",
      "apps/deep/er/c.yaml": "",
      "apps/own/kustomization.yaml": "",
      "apps/own/d.yaml": "",
      "other/e.yaml": "",
    };
    const resources = ["a.yaml", "b.yml", "deep/er/c.yaml", "own"];
    expect(generated(files, "apps")).toEqual({ ...header, resources });
  });

  it("that is empty yields nothing", () => {
    expect(generated({ "apps/readme.md": "" }, "apps")).toEqual({ ...header, namespace: "_placeholder" });
  });
});

describe("what the delivery states", () => {
  it("is merged into the folder's own kustomization", () => {
    const own =
      "namespace: old\nnamePrefix: p-\npatches: [{patch: one}]\nimages: [{name: a, newTag: '1'}, {name: b, newName: c}]\ncomponents: [x]\n";
    const options = {
      targetNamespace: "new",
      nameSuffix: "-s",
      patches: [{ patch: "two" }],
      images: [
        { name: "a", digest: "sha256:1" },
        { name: "d", newTag: "2" },
      ],
      components: ["y", "missing"],
      ignoreMissingComponents: true,
    };
    expect(generated({ "k/Kustomization": own, "k/y/kustomization.yaml": "" }, "k", options)).toEqual({
      namespace: "new",
      namePrefix: "p-",
      nameSuffix: "-s",
      patches: [{ patch: "one" }, { patch: "two" }],
      // Where no resources are listed, Flux's generator asks for this.
      buildMetadata: ["originAnnotations"],
      images: [
        { name: "a", digest: "sha256:1" },
        { name: "b", newName: "c" },
        { name: "d", newTag: "2" },
      ],
      components: ["x", "y"],
    });
  });

  it("unknown fields of the folder's own kustomization are left out, as a typed reader leaves them out", () => {
    const own = "resources: [a.yaml]\nbuildMetadata: [managedByLabel]\ncommonLabel: {a: b}\nunknown: 1\n";
    const expected = { resources: ["a.yaml"], buildMetadata: ["managedByLabel"] };
    expect(generated({ "k/kustomization.yaml": own, "k/a.yaml": "" }, "k")).toEqual(expected);
    expect(
      generated({ "k/kustomization.yaml": own, "k/a.yaml": "" }, "k", { buildMetadata: ["originAnnotations"] }),
    ).toEqual({
      ...expected,
      buildMetadata: ["originAnnotations"],
    });
  });

  it("an image's tag and digest are one unit, and empty texts say nothing", () => {
    const own = "resources: [a.yaml]\nimages: [{name: a, newName: b, newTag: '1'}, {name: c, digest: 'sha256:1'}]\n";
    const images = [
      { name: "a", newName: "", newTag: "", digest: "sha256:2" },
      { name: "c", newTag: "3", digest: "" },
    ];
    expect(generated({ "k/kustomization.yaml": own, "k/a.yaml": "" }, "k", { images })).toMatchObject({
      images: [
        { name: "a", newName: "b", digest: "sha256:2" },
        { name: "c", newTag: "3" },
      ],
    });
  });

  it.each([
    [{ "apps/a.yaml": "" }, "nothing", {}, "spec.path ./nothing: kustomization path not found in the source"],
    [{ "apps/a.yaml": "" }, "apps/a.yaml", {}, "is a file, not a folder"],
    [{ "apps/kustomization.yaml": "[]" }, "apps", {}, "apps/kustomization.yaml: is not a kustomization"],
    [
      { "apps/kustomization.yaml": "replicas: [\n" },
      "apps",
      {},
      "apps/kustomization.yaml: is not a kustomization: line 2, column 1: did not find",
    ],
    [{ "apps/a.yaml": "" }, "apps", { components: ["https://x"] }, "must be local and relative"],
  ])("is refused: %j at %s with %j", (files, path, options: JsonObject, message) => {
    let told = "";
    try {
      generated(files as unknown as { [path: string]: string }, path, options);
    } catch (thrown) {
      told = formatFault(thrown);
    }
    expect(told).toContain(message);
  });
});
