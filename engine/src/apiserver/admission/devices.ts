// Devices: administrators' access to them is for namespaces that are labelled for it, and who writes the status of a claim is asked for
// rights to the parts that change (pkg/registry/resource/utils.go, v1.36).

import { type FieldError, forbidden } from "#api/crd";
import { type Admission, forbidden as refusal, type WriteCall } from "#apiserver/registry";
import { equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import type { Sources } from "./expressions.ts";

const group = "resource.k8s.io";
const label = "resource.kubernetes.io/admin-access";
const labelText = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
const nodeNameKey = "authentication.kubernetes.io/node-name";

export function devices(sources: Sources): Admission {
  const { registry } = sources;
  const ofAdministrators = (field: string | undefined, { namespace }: WriteCall): FieldError[] => {
    if (field === undefined) return [];
    const labels = registry.lookup("", "namespaces", "", namespace)?.metadata.labels;
    return labels?.[label] === "true" ? [] : [forbidden(field, labelText)];
  };
  return {
    mutate: () => undefined,
    check: (draft, live, call) => {
      const { group: ownGroup, kind } = call.served.resource;
      if (ownGroup !== group || (kind !== "ResourceClaim" && kind !== "ResourceClaimTemplate")) return [];
      if (live === undefined) return ofAdministrators(requestOfAdministrators(draft, kind), call);
      if (call.subresource !== "status") return [];
      const wasGranted = resultOfAdministrators(live) !== undefined;
      return [
        ...(wasGranted ? [] : ofAdministrators(resultOfAdministrators(draft), call)),
        ...bindingErrors(sources, draft, live, call),
        ...driverErrors(sources, draft, live, call),
      ];
    },
    validate: () => undefined,
  };
}

/** The first of a list that fits, as a field. */
function firstOf(list: Json | undefined, isMeant: (item: Json) => boolean, field: string): string | undefined {
  const index = Array.isArray(list) ? list.findIndex(isMeant) : -1;
  return index < 0 ? undefined : `${field}[${index}].adminAccess`;
}

function requestOfAdministrators(draft: Manifest, kind: string): string | undefined {
  const requests = fieldOf(draft, ...(kind === "ResourceClaim" ? [] : ["spec"]), "spec", "devices", "requests");
  return firstOf(requests, (one) => fieldOf(one, "exactly", "adminAccess") === true, "spec.devices.requests");
}

function resultOfAdministrators(claim: Manifest): string | undefined {
  const results = fieldOf(claim, "status", "allocation", "devices", "results");
  return firstOf(results, (one) => fieldOf(one, "adminAccess") === true, "status.allocation.devices.results");
}

type Right = { verb: string; subresource: string; namespace: string; name: string };

/** Why whoever writes has no such right; undefined: there is one. */
function missing({ authorizer }: Sources, { identity }: WriteCall, right: Right): string | undefined {
  const { isAllowed, reason } = authorizer.decide(identity, { group, resource: "resourceclaims", ...right });
  return isAllowed ? undefined : refusal({ group, plural: "resourceclaims" }, right.name, reason).message;
}

function verbOf({ isPatch }: WriteCall): string {
  return isPatch === true ? "patch" : "update";
}

/** Who binds claims may do so everywhere. */
// oxlint-disable-next-line max-params -- what decides, an object before and after, and who asks
function bindingErrors(sources: Sources, draft: Manifest, live: Manifest, call: WriteCall): FieldError[] {
  const isSame = (name: string): boolean =>
    equalJson(fieldOf(draft, "status", name) ?? null, fieldOf(live, "status", name) ?? null);
  if (isSame("allocation") && isSame("reservedFor")) return [];
  const verb = verbOf(call);
  const why = missing(sources, call, { verb, subresource: "binding", namespace: "", name: "" });
  const detail = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${why}`;
  return why === undefined ? [] : [forbidden("status.allocation", detail)];
}

/** What is told of devices is for their drivers to tell, on the node of the claim or on any. */
// oxlint-disable-next-line max-params -- what decides, an object before and after, and who asks
function driverErrors(sources: Sources, draft: Manifest, live: Manifest, call: WriteCall): FieldError[] {
  if (fieldOf(draft, "status", "allocation") === undefined) return [];
  const nodes = call.identity.extra?.[nodeNameKey] ?? [];
  const isNear =
    call.identity.user.startsWith("system:serviceaccount:") && nodes.length === 1 && nodes[0] === nodeOf(draft);
  const verbs = [...(isNear ? ["associated-node:"] : []), "arbitrary-node:"].map((prefix) => prefix + verbOf(call));
  return changedDrivers(devicesOf(draft), devicesOf(live)).flatMap((name) => {
    const place = { subresource: "driver", namespace: call.namespace, name };
    const refusals = verbs.map((verb) => missing(sources, call, { verb, ...place }));
    if (refusals.includes(undefined)) return [];
    const detail = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(" ")}]" permission: ${refusals[0]}`;
    return [forbidden("status.devices", detail)];
  });
}

function devicesOf(claim: Manifest): JsonObject[] {
  const found = fieldOf(claim, "status", "devices");
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function changedDrivers(next: readonly JsonObject[], old: readonly JsonObject[]): string[] {
  const keyOf = (device: JsonObject): string =>
    ["driver", "pool", "device", "shareID"].map((name) => textOf(device, name)).join("\0");
  const before = new Map(old.map((device) => [keyOf(device), device]));
  const drivers = new Set<string>();
  for (const device of next) {
    const known = before.get(keyOf(device));
    before.delete(keyOf(device));
    if (known === undefined || !equalJson(known, device)) drivers.add(textOf(device, "driver"));
  }
  for (const device of before.values()) drivers.add(textOf(device, "driver"));
  return [...drivers].sort();
}

/** The one node that an allocation is for; undefined: not just one. */
function nodeOf(claim: Manifest): string | undefined {
  const terms = fieldOf(claim, "status", "allocation", "nodeSelector", "nodeSelectorTerms");
  if (!Array.isArray(terms) || terms.length !== 1 || !isObject(terms[0])) return undefined;
  const { matchExpressions = [], matchFields } = terms[0];
  const isPlain = Array.isArray(matchExpressions) && matchExpressions.length === 0;
  if (!isPlain || !Array.isArray(matchFields) || matchFields.length !== 1 || !isObject(matchFields[0]))
    return undefined;
  const { key, operator, values } = matchFields[0];
  const isName = key === "metadata.name" && operator === "In" && Array.isArray(values) && values.length === 1;
  return isName ? (values[0] as string) : undefined;
}
