import { describe, expect, it } from "vitest";
import type { SchemaNode, SchemaRef } from "#kernel";
import {
  builtinKinds,
  builtinResources,
  builtinSchemaNames,
  builtinSchemas,
  builtinVersion,
  schemaFor,
} from "./builtin.ts";

function at(start: SchemaRef, ...path: string[]): SchemaNode {
  let node = builtinSchemas.resolve(start);
  for (const part of path) {
    const next = part === "[]" ? node.items : node.properties?.[part];
    expect(next, part).toBeDefined();
    node = builtinSchemas.resolve(next as SchemaRef);
  }
  return node;
}

describe("built-in kinds", () => {
  it("come from Kubernetes 1.36", () => {
    expect(builtinVersion()).toMatch(/^v1\.36\./);
  });

  it("has a schema for every kind that can be written", () => {
    const writable = builtinResources().filter((resource) => resource.verbs.includes("create"));
    expect(writable.length).toBeGreaterThan(55);
    const missing = writable.filter(({ group, version, kind }) => schemaFor(group, version, kind) === undefined);
    expect(missing).toEqual([]);
  });

  it("resolves every reference in every schema", () => {
    const visit = (ref: SchemaRef): void => {
      const node = builtinSchemas.resolve(ref);
      if (typeof ref === "string") return;
      for (const below of Object.values(node.properties ?? {})) visit(below);
      if (node.items !== undefined) visit(node.items);
      if (node.additional !== undefined && node.additional !== true) visit(node.additional);
    };
    for (const name of builtinSchemaNames()) visit(builtinSchemas.resolve(name));
    for (const kind of builtinKinds()) {
      const [group, version, name] = kind.split("/") as [string, string, string];
      expect(schemaFor(group, version, name)).toBeDefined();
    }
  });

  it("knows scopes, names and subresources", () => {
    const deployments = builtinResources().find((resource) => resource.plural === "deployments");
    expect(deployments).toMatchObject({ shortNames: ["deploy"], categories: ["all"], isNamespaced: true });
    expect(deployments?.subresources).toEqual(["scale", "status"]);
    expect(deployments?.subresourceKinds["scale"]).toMatchObject({
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
    });
    expect(builtinResources().find((resource) => resource.plural === "namespaces")?.isNamespaced).toBe(false);
    expect(builtinResources().find((resource) => resource.kind === "HorizontalPodAutoscaler")?.version).toBe("v2");
  });

  it("keeps list types, keys, their defaults and patch strategies", () => {
    const deployment = schemaFor("apps", "v1", "Deployment") as string;
    const ports = at(deployment, "spec", "template", "spec", "containers", "[]", "ports");
    expect(ports).toMatchObject({
      listType: "map",
      listMapKeys: ["containerPort", "protocol"],
      patchMergeKey: "containerPort",
    });
    expect(at(deployment, "spec", "template", "spec", "containers", "[]", "ports", "[]", "protocol").default).toBe(
      "TCP",
    );
    expect(at(deployment, "spec", "strategy").patchStrategy).toBe("retainKeys");
    expect(at(deployment, "spec", "selector").mapType).toBe("atomic");
    expect(schemaFor("", "v1", "Nothing")).toBeUndefined();
  });
});
