// Claims and volumes: pending until somebody binds them.

import type { Strategy } from "#apiserver/registry";

export const claimRules: Partial<Strategy> = {
  prepareCreate: (draft) => {
    draft.status = { phase: "Pending" };
  },
};

export const volumeRules: Partial<Strategy> = {
  prepareCreate: (draft) => {
    draft.status = { phase: "Pending" };
  },
};
