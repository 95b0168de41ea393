// Namespaces: active from the start, labelled with their name, held by a finalizer of their own until they are empty.

import { copyJson, type Json, type Manifest } from "#kernel";
import type { Strategy } from "#apiserver/registry";

const nameLabel = "kubernetes.io/metadata.name";

export const namespaceRules: Partial<Strategy> = {
  applyDefaults: (draft) => {
    if ((draft.metadata.name ?? "") !== "") labelWithName(draft);
  },
  prepareCreate: (draft) => {
    const { finalizers } = (draft.spec ?? {}) as { finalizers?: string[] };
    const others = (finalizers ?? []).filter((name) => name !== "kubernetes");
    draft.spec = { finalizers: [...others, "kubernetes"] };
    draft.status = { phase: "Active" };
    labelWithName(draft);
  },
  prepareUpdate: (draft, live) => {
    if (live.spec !== undefined) draft.spec = copyJson(live.spec as Json);
    labelWithName(draft);
  },
  prepareDelete: (draft) => {
    delete draft.metadata.deletionGracePeriodSeconds;
    draft.status = { ...(draft.status as object | undefined), phase: "Terminating" };
  },
};

function labelWithName(draft: Manifest): void {
  draft.metadata.labels = { ...draft.metadata.labels, [nameLabel]: draft.metadata.name };
}
