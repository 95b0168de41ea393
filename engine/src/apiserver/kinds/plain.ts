// Groups that other servers serve: available at once where there is none. Certificate requests: who asks is noted.

import { asJson, copyJson, type Json, type JsonObject } from "#kernel";
import type { Strategy } from "#apiserver/registry";

/** A group without a service of its own is served by this server, and so always there. */
export const serviceEntryRules: Partial<Strategy> = {
  prepareCreate: (draft, { now }) => {
    if ((asJson(draft).spec as JsonObject | undefined)?.service !== undefined) return;
    const message = "Local APIServices are always available";
    const condition = { type: "Available", status: "True", lastTransitionTime: now, reason: "Local", message };
    draft.status = { conditions: [condition] };
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
  // Approval says what was decided, the status holds the certificate: neither touches the other.
  prepareStatus: (draft, live, { subresource, now }) => {
    const [next, old] = [draft, live].map((object) => (asJson(object).status ?? {}) as JsonObject) as [
      JsonObject,
      JsonObject,
    ];
    if (subresource === "status") {
      draft.status = { ...next, ...(old.conditions === undefined ? {} : { conditions: copyJson(old.conditions) }) };
      return;
    }
    const conditions = Array.isArray(next.conditions) ? (next.conditions as JsonObject[]) : [];
    const stamped = conditions.map((one) => ({
      ...one,
      lastUpdateTime: one.lastUpdateTime ?? now,
      lastTransitionTime: one.lastTransitionTime ?? now,
    }));
    draft.status = { ...copyJson(old), ...(stamped.length === 0 ? {} : { conditions: stamped }) };
  },
};
