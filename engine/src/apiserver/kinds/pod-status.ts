// What a write of a pod's status keeps, and what it must not say (pkg/registry/core/pod and pkg/apis/core/validation, v1.36).

import {
  type FieldError,
  forbidden,
  invalid,
  labelErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { addressErrors, addressWarnings } from "#apiserver/validation";
import { asJson, equalJson, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { objectsIn, partOf } from "./members.ts";
import { annotationErrors } from "./pod-updates.ts";

/** Conditions that say nothing of the generation they were made at keep what they said. */
function withGenerations(next: Json | undefined, old: Json | undefined): Json | undefined {
  if (!Array.isArray(next)) return next;
  const known = new Map<string, Json[]>();
  for (const { type, observedGeneration } of objectsIn(old)) {
    const list = known.get(String(type as string)) ?? [];
    known.set(String(type as string), [...list, observedGeneration ?? 0]);
  }
  return next.map((condition) => {
    if (!isObject(condition)) return condition;
    const before = known.get(textOf(condition, "type"))?.shift() ?? 0;
    return condition.observedGeneration || !before ? condition : { ...condition, observedGeneration: before };
  });
}

const statusLists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];

/** What volumes were made of is a feature that is off. */
function withoutVolumes(statuses: Json): Json {
  if (!Array.isArray(statuses)) return statuses;
  return statuses.map((one) => {
    if (!isObject(one) || !Array.isArray(one.volumeMounts)) return one;
    const mounts = one.volumeMounts.map((mount) => {
      if (!isObject(mount) || mount.volumeStatus === undefined) return mount;
      const { volumeStatus: _, ...rest } = mount;
      return rest;
    });
    return { ...one, volumeMounts: mounts };
  });
}

/** The one address of a decoded pod and the list of them say the same: where they do not, the one is right. */
export function alignAddresses(pod: Manifest): void {
  const status = partOf(pod, "status");
  const [own, list] = [textOf(status, "podIP"), objectsIn(status.podIPs)];
  const first = list.length === 0 ? "" : textOf(list[0], "ip");
  if (own !== "" && (list.length === 0 || first !== own)) status.podIPs = [{ ip: own }];
  else if (own === "" && first !== "") status.podIP = first;
}

/** The class of a pod and what its kubelet has seen do not get lost; who owns it is not the kubelet's. */
export function keepPodStatus(draft: Manifest, live: Manifest): void {
  const old = partOf(live, "status");
  // Resources of devices by node are a feature that is off.
  const { nodeAllocatableResourceClaimStatuses: given, ...status } = partOf(draft, "status");
  if (given !== undefined && old.nodeAllocatableResourceClaimStatuses !== undefined)
    status.nodeAllocatableResourceClaimStatuses = given;
  for (const name of ["qosClass", "observedGeneration"])
    if (!status[name] && old[name] !== undefined) status[name] = old[name];
  for (const list of statusLists) if (status[list] !== undefined) status[list] = withoutVolumes(status[list]);
  const conditions = withGenerations(status.conditions, old.conditions);
  if (conditions !== undefined) status.conditions = conditions;
  asJson(draft).status = status;
  const { ownerReferences } = live.metadata;
  if (ownerReferences === undefined) delete draft.metadata.ownerReferences;
  else draft.metadata.ownerReferences = ownerReferences;
}

const systemConditions: ReadonlySet<string> = new Set(["PodScheduled", "Ready", "Initialized"]);

function conditionErrors(conditions: Json | undefined): FieldError[] {
  return objectsIn(conditions).flatMap((condition, index) => {
    const [type, field] = [textOf(condition, "type"), `status.conditions[${index}]`];
    const generation = condition.observedGeneration;
    const isNegative = typeof generation === "number" && generation < 0;
    return [
      ...(isNegative ? [invalid(`${field}.observedGeneration`, generation, "must be a non-negative integer")] : []),
      ...(systemConditions.has(type)
        ? []
        : qualifiedNameErrors(type).map((message) => invalid(`${field}.Type`, type, message))),
    ];
  });
}

function nominationErrors(draft: Manifest, live: Manifest): FieldError[] {
  const field = "status.nominatedNodeName";
  const [next, old] = [draft, live].map((pod) => textOf(partOf(pod, "status"), "nominatedNodeName"));
  if (next === undefined || next === "" || next === old) return [];
  const isBound = textOf(partOf(live, "spec"), "nodeName") !== "";
  return [
    ...subdomainErrors(next).map((message) => invalid(field, next, message)),
    ...(isBound ? [forbidden(field, "may not be set on pods that are already bound to a node")] : []),
  ];
}

/** True when a container that ended so is started again. */
function restarts(container: JsonObject, spec: JsonObject, exitCode: number): boolean {
  const policy = textOf(container, "restartPolicy");
  const rule = objectsIn(container.restartPolicyRules).find(({ exitCodes }) => {
    if (!isObject(exitCodes)) return false;
    const isListed = Array.isArray(exitCodes.values) && exitCodes.values.includes(exitCode);
    return exitCodes.operator === "In" ? isListed : exitCodes.operator === "NotIn" && !isListed;
  });
  if (policy !== "" && rule !== undefined) return true;
  const asked = policy === "" ? textOf(spec, "restartPolicy") : policy;
  return asked === "OnFailure" ? exitCode !== 0 : asked !== "Never";
}

function hasEnded(status: JsonObject): JsonObject | undefined {
  const ended = isObject(status.state) ? status.state.terminated : undefined;
  return isObject(ended) ? ended : undefined;
}

const startsAll = (container: JsonObject): boolean =>
  objectsIn(container.restartPolicyRules).some(({ action }) => action === "RestartAllContainers");

type Ended = { list: string; containers: string };

/** What has ended for good stays so. */
function endedErrors(draft: Manifest, live: Manifest, { list, containers }: Ended): FieldError[] {
  const spec = partOf(live, "spec");
  const isDebugging = containers === "ephemeralContainers";
  const all = [...objectsIn(spec.initContainers), ...objectsIn(spec.containers)];
  if (!isDebugging && all.some(startsAll)) return [];
  const next = objectsIn(partOf(draft, "status")[list]);
  return objectsIn(partOf(live, "status")[list]).flatMap((old, index) => {
    const ended = hasEnded(old);
    const found = next.find(({ name }) => name === old.name);
    if (ended === undefined || found === undefined || hasEnded(found) !== undefined) return [];
    const container = objectsIn(spec[containers]).find(({ name }) => name === old.name);
    const code = typeof ended.exitCode === "number" ? ended.exitCode : 0;
    if (!isDebugging && container !== undefined && restarts(container, spec, code)) return [];
    return [forbidden(`status.${list}[${index}].state`, "may not be transitioned to non-terminated state")];
  });
}

function claimErrors(draft: Manifest): FieldError[] {
  const claims = new Set(objectsIn(partOf(draft, "spec").resourceClaims).map(({ name }) => name));
  const seen = new Set<Json | undefined>();
  return objectsIn(partOf(draft, "status").resourceClaimStatuses).flatMap((status, index) => {
    const [name, field] = [textOf(status, "name"), `status.resourceClaimStatuses[${index}]`];
    const object = status.resourceClaimName;
    const isTwice = seen.has(name);
    seen.add(name);
    return [
      ...(claims.has(name)
        ? []
        : [invalid(`${field}.name`, name, "must match the name of an entry in `spec.resourceClaims`")]),
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${field}.name`, value: name, detail: "" }] : []),
      ...(typeof object === "string"
        ? subdomainErrors(object).map((message) => invalid(`${field}.resourceClaimName`, object, message))
        : []),
    ];
  });
}

const noRequest =
  "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests";
const noContainer = "must match the name of an entry in spec.initContainers.name or spec.containers.name";

function extendedErrors(draft: Manifest): FieldError[] {
  const status = partOf(draft, "status").extendedResourceClaimStatus;
  if (!isObject(status)) return [];
  const field = "status.extendedResourceClaimStatus";
  const spec = partOf(draft, "spec");
  const containers = [...objectsIn(spec.initContainers), ...objectsIn(spec.containers)];
  const claim = textOf(status, "resourceClaimName");
  const seen = new Set<string>();
  return [
    ...(objectsIn(status.requestMappings).length === 0
      ? [required(`${field}.requestMappings`, "at least one request mapping is required")]
      : []),
    ...objectsIn(status.requestMappings).flatMap((mapping, index) => {
      const [name, resource, request] = ["containerName", "resourceName", "requestName"].map((one) =>
        textOf(mapping, one),
      ) as [string, string, string];
      const at = `${field}.requestMappings[${index}]`;
      const container = containers.findLast((one) => one.name === name);
      const { resources } = container ?? {};
      const isAsked = isObject(resources) && isObject(resources.requests) && resources.requests[resource] !== undefined;
      const key = `${name}\n${resource}\n${request}`;
      const isTwice = seen.has(key);
      seen.add(key);
      const twice = (member: string, value: string): FieldError[] =>
        isTwice ? [{ type: "Duplicate", field: `${at}.${member}`, value, detail: "" }] : [];
      return [
        ...(container === undefined
          ? [invalid(`${at}.containerName`, name, noContainer)]
          : isAsked
            ? []
            : [invalid(`${at}.resourceName`, resource, noRequest)]),
        ...labelErrors(request).map((message) => invalid(`${field}.requestName`, request, message)),
        ...twice("containerName", name),
        ...twice("resourceName", resource),
        ...twice("requestName", request),
      ];
    }),
    ...(claim === ""
      ? [required(`${field}.resourceClaimName`)]
      : subdomainErrors(claim).map((message) => invalid(`${field}.resourceClaimName`, claim, message))),
  ];
}

function ipsOf(pod: Manifest, list: string): string[] {
  return objectsIn(partOf(pod, "status")[list]).map((one) => textOf(one, "ip"));
}

/** New addresses are some, and one of each family at most. */
function ipErrors(draft: Manifest, live: Manifest, list: string): FieldError[] {
  const ips = ipsOf(draft, list);
  const known = ipsOf(live, list);
  const errors = ips.flatMap((ip, index) => addressErrors(ip, `status.${list}[${index}]`, known));
  if (ips.length < 2) return errors;
  const families = new Set(ips.map((ip) => ip.includes(":")));
  const isPair = families.size === 2 && ips.length === 2;
  const strange = ips.findIndex((ip) => addressErrors(ip, "").length > 0);
  const whole = `failed to check for dual stack with error:invalid IP[${strange}]: ${ips[strange] ?? ""}`;
  const inside: FieldError[] = strange < 0 ? [] : [{ type: "Internal", field: `status.${list}`, detail: whole }];
  const shown = ips.map((ip) => ({ IP: ip }));
  return isPair
    ? errors
    : [...errors, ...inside, invalid(`status.${list}`, shown, "may specify no more than one IP for each IP family")];
}

function hostErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [first] = ipsOf(draft, "hostIPs");
  const own = textOf(partOf(draft, "status"), "hostIP");
  const isOther = first !== undefined && first !== own;
  return [
    ...(isOther ? [invalid("status.hostIPs[0].ip", first, "must be equal to `hostIP`")] : []),
    ...ipErrors(draft, live, "hostIPs"),
  ];
}

const idMost = 2 ** 31 - 1;

function idErrors(id: Json | undefined, field: string): FieldError[] {
  if (typeof id !== "number" || (id >= 0 && id <= idMost)) return [];
  return [invalid(field, id, `must be between 0 and ${idMost}, inclusive`)];
}

/** Who a container runs as. */
function userErrors(draft: Manifest, list: string): FieldError[] {
  const { os } = partOf(draft, "spec");
  const isWindows = isObject(os) && os.name === "windows";
  return objectsIn(partOf(draft, "status")[list]).flatMap(({ user }, index) => {
    const linux = isObject(user) ? user.linux : undefined;
    const field = `status.${list}[${index}].user.linux`;
    if (!isObject(linux)) return [];
    if (isWindows) return [forbidden(field, "cannot be set for a windows pod")];
    const groups = Array.isArray(linux.supplementalGroups) ? linux.supplementalGroups : [];
    return [
      ...idErrors(linux.uid, `${field}.uid`),
      ...idErrors(linux.gid, `${field}.gid`),
      ...groups.flatMap((group, place) => idErrors(group, `${field}.supplementalGroups[${place}]`)),
    ];
  });
}

const healths = ["Healthy", "Unhealthy", "Unknown"];
const noClaim =
  "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";

/** Names of what a container was given: resources, and claims as they are written here. */
function isGiven(container: JsonObject, name: string): boolean {
  const { resources } = container;
  const { claims, requests } = isObject(resources) ? resources : {};
  if (!name.startsWith("claim:")) return isObject(requests) && requests[name] !== undefined;
  return objectsIn(claims).some((claim) => {
    const request = textOf(claim, "request");
    return name === `claim:${textOf(claim, "name")}${request === "" ? "" : `/${request}`}`;
  });
}

function healthErrors(allocated: JsonObject, field: string): FieldError[] {
  const seen = new Set<string>();
  return objectsIn(allocated.resources).flatMap((one, index) => {
    const [health, id] = [textOf(one, "health"), textOf(one, "resourceID")];
    const at = `${field}.resources[${index}]`;
    const isTwice = seen.has(id);
    seen.add(id);
    return [
      ...(healths.includes(health) ? [] : [notSupported(`${at}.health`, health, healths)]),
      ...(one.message === "" ? [required(`${at}.message`, "must be non-empty if specified")] : []),
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${at}.resourceID`, value: id, detail: "" }] : []),
    ];
  });
}

function allocationErrors(draft: Manifest, { list, containers }: Ended): FieldError[] {
  const known = objectsIn(partOf(draft, "spec")[containers]);
  return objectsIn(partOf(draft, "status")[list]).flatMap((status, index) => {
    const container = known.find(({ name }) => name === status.name);
    return objectsIn(status.allocatedResourcesStatus).flatMap((allocated, place) => {
      const name = textOf(allocated, "name");
      const field = `status.${list}[${index}].allocatedResourcesStatus[${place}]`;
      const detail = name.startsWith("claim:") ? noClaim : "must match one of the container's resource requests";
      const isKnown = container === undefined || isGiven(container, name);
      return [...(isKnown ? [] : [invalid(`${field}.name`, name, detail)]), ...healthErrors(allocated, field)];
    });
  });
}

function noAllocations(draft: Manifest): FieldError[] {
  const list = "ephemeralContainerStatuses";
  return objectsIn(partOf(draft, "status")[list]).flatMap(({ allocatedResourcesStatus }, index) =>
    objectsIn(allocatedResourcesStatus).length === 0
      ? []
      : [forbidden(`status.${list}[${index}].allocatedResourcesStatus`, "must not be specified in container status")],
  );
}

const running: Ended = { list: "containerStatuses", containers: "containers" };
const first: Ended = { list: "initContainerStatuses", containers: "initContainers" };
const added: Ended = { list: "ephemeralContainerStatuses", containers: "ephemeralContainers" };

export function podStatusErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [partOf(draft, "status"), partOf(live, "status")];
  const generation = next.observedGeneration;
  const isNegative = typeof generation === "number" && generation < 0;
  return [
    ...annotationErrors(draft, live),
    ...conditionErrors(next.conditions),
    ...nominationErrors(draft, live),
    ...(isNegative ? [invalid("status.observedGeneration", generation, "must be a non-negative integer")] : []),
    ...(equalJson(next.qosClass ?? null, old.qosClass ?? null)
      ? []
      : [invalid("status.qosClass", next.qosClass ?? "", "field is immutable")]),
    ...[running, first, added].flatMap((ended) => endedErrors(draft, live, ended)),
    ...claimErrors(draft),
    ...extendedErrors(draft),
    ...ipErrors(draft, live, "podIPs"),
    ...hostErrors(draft, live),
    ...[running, first, added].flatMap(({ list }) => userErrors(draft, list)),
    ...allocationErrors(draft, running),
    ...allocationErrors(draft, first),
    ...noAllocations(draft),
  ];
}

/** Of addresses that are not written as they should be. */
export function podStatusWarnings(draft: Manifest): string[] {
  return ["podIPs", "hostIPs"].flatMap((list) =>
    ipsOf(draft, list).flatMap((ip, index) => addressWarnings(ip, `status.${list}[${index}].ip`)),
  );
}
