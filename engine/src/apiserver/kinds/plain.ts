// Small kinds: Secrets, claims, volumes, PriorityClasses.

import type { Strategy } from "#apiserver/registry";
import { isObject, type JsonObject } from "#kernel";

export const secretRules: Partial<Strategy> = {
  // Part of the conversion from the wire, so that ownership sees the data.
  applyDefaults: (draft) => {
    const { stringData } = draft;
    draft.type ??= "Opaque";
    if (!isObject(stringData)) return;
    const data: JsonObject = isObject(draft.data) ? { ...draft.data } : {};
    for (const [key, value] of Object.entries(stringData))
      if (typeof value === "string") data[key] = Buffer.from(value, "utf8").toString("base64");
    draft.data = data;
    delete draft.stringData;
  },
};

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
