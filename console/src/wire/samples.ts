// Cards for tests: one that is well, and as many as a large fleet has.

import type { Card, TreeNode } from "./types.ts";

const well: Card = {
  kind: "Kustomization",
  namespace: "flux-system",
  name: "apps",
  key: "Kustomization/flux-system/apps",
  role: "delivery",
  cluster: "",
  labels: {},
  ready: "True",
  reason: "ReconciliationSucceeded",
  message: "Applied revision: main@sha1:6c4d3e9d",
  revision: "main@sha1:6c4d3e9d40c7c3b5a1f8e2d90b7a6f5e4d3c2b1a",
  createdMs: 1_000,
  changedMs: 2_000,
  isSuspended: false,
  suspendReason: "",
  isReconciling: false,
  phase: "idle",
  phaseMs: 2_000,
  waitingFor: "",
  path: "./apps",
  url: "",
  objects: 3,
  health: { healthy: 3 },
  drift: [],
  dependsOn: [],
};

/** A ready delivery, with what is to be otherwise. */
export function cardOf(change: Partial<Card> = {}): Card {
  const card = { ...well, ...change };
  return { ...card, key: `${card.kind}/${card.namespace}/${card.name}` };
}

/** An object of a delivery's graph. */
export function nodeOf(change: Partial<TreeNode> & { id: string }): TreeNode {
  return {
    group: "",
    kind: "ConfigMap",
    namespace: "shop",
    name: change.id,
    parent: null,
    refers: [],
    version: "v1",
    health: "healthy",
    message: "",
    isStated: true,
    isDrifted: false,
    isSimulated: false,
    createdMs: 0,
    info: "",
    images: [],
    ...change,
  };
}
