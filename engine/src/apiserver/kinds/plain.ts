// Small kinds, and what is done with them on writes: fields of gates that are off, references that are cut down to names. Groups that other servers serve: available at once where there is none. Certificate requests: who asks is noted.

import { asJson, copyJson, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import type { Strategy } from "#apiserver/registry";
import { withoutReturnedDevices } from "#apiserver/validation";
import { keepCertificateStatus } from "./certificate-status.ts";
import { partOf } from "./members.ts";
import { endpointSliceWarnings } from "./warnings.ts";

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
  prepareStatus: keepCertificateStatus,
};

/** Who may mount a secret is told its name alone. */
function cleanSecrets(draft: Manifest): void {
  const { secrets } = asJson(draft);
  if (!Array.isArray(secrets)) return;
  asJson(draft).secrets = secrets.map((secret) => {
    const name = isObject(secret) ? secret.name : undefined;
    return name === undefined ? {} : { name };
  });
}

const mountableAnnotation = "kubernetes.io/enforce-mountable-secrets";

export const accountRules: Partial<Strategy> = {
  prepareCreate: cleanSecrets,
  prepareUpdate: cleanSecrets,
  warnings: (draft, live) => {
    const isStated = (object: Manifest | undefined): boolean =>
      Object.hasOwn(object?.metadata.annotations ?? {}, mountableAnnotation);
    if (!isStated(draft) || isStated(live)) return [];
    const text = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    return [`metadata.annotations[${mountableAnnotation}]: ${text}`];
  },
};

/** Elections that a server coordinates are behind a gate. */
function dropElection(draft: Manifest): void {
  const spec = partOf(draft, "spec");
  delete spec.strategy;
  delete spec.preferredHolder;
}

export const leaseRules: Partial<Strategy> = { prepareCreate: dropElection, prepareUpdate: dropElection };

/** Kubelets are no longer configured through their Nodes. */
export const nodeRules: Partial<Strategy> = {
  prepareCreate: (draft) => {
    delete partOf(draft, "spec").configSource;
    delete partOf(draft, "status").config;
  },
  prepareUpdate: (draft, live) => {
    if (partOf(live, "spec").configSource === undefined) delete partOf(draft, "spec").configSource;
  },
  prepareStatus: (draft, live) => {
    if (partOf(live, "status").config === undefined) delete partOf(draft, "status").config;
  },
  warnings: (draft) =>
    typeof partOf(draft, "spec").externalID === "string"
      ? ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]
      : [],
};

/** Labels of an endpoint's place are what an older version had: of this one they are dropped where endpoints change. */
function dropTopology(draft: Manifest, live?: Manifest): void {
  const { endpoints } = asJson(draft);
  if (!Array.isArray(endpoints) || (live !== undefined && equalJson(endpoints, asJson(live).endpoints ?? null))) return;
  for (const endpoint of endpoints) if (isObject(endpoint)) delete endpoint.deprecatedTopology;
}

export const sliceRules: Partial<Strategy> = {
  countsDropped: true,
  prepareCreate: (draft) => dropTopology(draft),
  prepareUpdate: (draft, live) => dropTopology(draft, live),
  warnings: endpointSliceWarnings,
};

const listsOfValues = ["bools", "ints", "strings", "versions"];

/** Attributes of many values, and what of a node a device takes, are behind gates. */
function dropDeviceParts(draft: Manifest): void {
  const { devices } = partOf(draft, "spec");
  if (!Array.isArray(devices)) return;
  for (const device of devices.filter(isObject)) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(isObject(device.attributes) ? device.attributes : {}))
      if (isObject(attribute)) for (const name of listsOfValues) delete attribute[name];
  }
}

/** An amount that nobody stated is none. */
function fillAmounts(draft: Manifest): void {
  const { devices } = partOf(draft, "spec");
  for (const device of Array.isArray(devices) ? devices.filter(isObject) : [])
    for (const capacity of Object.values(isObject(device.capacity) ? device.capacity : {}))
      if (isObject(capacity)) capacity.value ??= "0";
}

export const deviceSliceRules: Partial<Strategy> = {
  countsDropped: true,
  applyDefaults: fillAmounts,
  prepareCreate: dropDeviceParts,
  prepareUpdate: dropDeviceParts,
};

/** What drivers told of devices goes with them. */
export const deviceClaimRules: Partial<Strategy> = {
  prepareStatus: (draft, live) => {
    draft.status = withoutReturnedDevices(partOf(draft, "status"), partOf(live, "status"));
  },
};
