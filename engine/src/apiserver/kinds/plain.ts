// Claims and volumes: pending until somebody binds them, and held while they are used. Certificate requests: who asks is noted.

import { asJson, copyJson, type Json, type JsonObject } from "#kernel";
import type { Strategy } from "#apiserver/registry";

export const claimRules: Partial<Strategy> = {
  prepareCreate: (draft) => {
    draft.status = { phase: "Pending" };
  },
};

export const volumeRules: Partial<Strategy> = {
  prepareCreate: (draft, { now }) => {
    draft.status = { phase: "Pending", lastPhaseTransitionTime: now };
  },
};

export const certificateRules: Partial<Strategy> = {
  prepareCreate: (draft, { identity }) => {
    const spec = { ...(asJson(draft).spec as JsonObject | undefined) };
    for (const name of ["username", "uid", "groups", "extra"]) delete spec[name];
    spec.username = identity.user;
    if (identity.uid !== undefined) spec.uid = identity.uid;
    if (identity.groups.length > 0) spec.groups = [...identity.groups];
    if (identity.extra !== undefined && Object.keys(identity.extra).length > 0)
      spec.extra = identity.extra as unknown as Json;
    draft.spec = spec;
  },
  prepareUpdate: (draft, live) => {
    draft.spec = copyJson(live.spec as Json);
  },
};
