// Objects and small helpers that the tests of this folder share.

import { asManifest, type JsonObject, type Manifest } from "#kernel";

export const kustomize = "kustomize.toolkit.fluxcd.io";

/** Waits long enough for anything that would happen by itself. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

export function dataOf(object: Manifest | undefined): unknown {
  return object?.["data"];
}

export const healthyStatus: JsonObject = {
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    conditions: [
      {
        type: "Available",
        status: "True",
        reason: "x",
        message: "",
        lastUpdateTime: "2026-01-01T00:00:00Z",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
      {
        type: "Progressing",
        status: "True",
        reason: "NewReplicaSetAvailable",
        message: "",
        lastUpdateTime: "2026-01-01T00:00:00Z",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ],
  },
};

export function deployment(name: string, replicas: number | undefined): Manifest {
  const labels = { app: name };
  return asManifest({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop" },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image: "example.test/app:1", ports: [{ containerPort: 80 }] }] },
      },
    },
  });
}

export function definition(kind: string, plural: string): string {
  return `${JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.example.test` },
    spec: {
      group: "example.test",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  })}\n---\n`;
}

export function widget(name: string): JsonObject {
  return { apiVersion: "example.test/v1", kind: "Widget", metadata: { name, namespace: "shop" }, spec: { size: 3 } };
}

export function bomb(): string {
  const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(",")}]`,
    );
  return lines.join("\n");
}
