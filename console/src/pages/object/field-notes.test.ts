import { describe, expect, it } from "vitest";
import type { FieldOwner } from "../../wire/types.ts";
import { notesOf } from "./field-notes.ts";

const owner = (path: string, manager: string, subresource = ""): FieldOwner => ({
  path,
  manager,
  operation: "Apply",
  subresource,
  atMs: 5,
  value: "",
});

describe("the owners beside an object's text", () => {
  it("stand at the lines of their fields", () => {
    const text = "spec:\n  replicas: 2\n  containers:\n  - image: a\n    name: web\nstatus:\n  ready: 1\n";
    const owners = [
      owner("spec.replicas", "kustomize-controller"),
      owner("spec.replicas", "kubectl-edit"),
      owner('spec.containers[name="web"].image', "kustomize-controller"),
      owner("status.ready", "kubelet", "status"),
      owner("spec.gone", "kustomize-controller"),
    ];
    expect(notesOf(text, owners, (atMs) => `${atMs}s`).map((note) => note?.words)).toEqual([
      undefined,
      "kustomize-controller, kubectl-edit, 5s",
      undefined,
      "kustomize-controller, 5s",
      undefined,
      undefined,
      "kubelet (status), 5s",
    ]);
  });
});
