// Columns of kinds that are seldom listed, as kube-apiserver's printers fill them. Name and age need no rule.

import { fieldOf, formatAge, isObject, type Json, type Manifest, textOf } from "#kernel";
import type { Column } from "./columns.ts";

type Cell = (object: Manifest) => Json;

function column(name: string, cell: Cell): Column {
  return { name, type: "string", priority: 0, cell };
}

function text(path: string, absent = ""): Cell {
  return (object) => textOf(object, ...path.split(".")) || absent;
}

function value(path: string, absent: Json): Cell {
  return (object) => fieldOf(object, ...path.split(".")) ?? absent;
}

function list(object: unknown, path: string): Json[] {
  const found = fieldOf(object, ...path.split("."));
  return Array.isArray(found) ? found : [];
}

function count(path: string): Cell {
  return (object) => list(object, path).length;
}

/** A kind and name, the kind with its group. */
function controllerOf(object: Manifest): string {
  const owner = (object.metadata.ownerReferences ?? []).find((one) => one.controller === true);
  if (owner === undefined) return "<none>";
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : `.${owner.apiVersion.slice(0, slash)}`;
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

function subjects(kind: string): Cell {
  return (object) =>
    list(object, "subjects")
      .filter((one) => isObject(one) && one.kind === kind)
      .map((one) =>
        kind === "ServiceAccount" ? `${textOf(one, "namespace")}/${textOf(one, "name")}` : textOf(one, "name"),
      )
      .join(", ");
}

function quota(isLimit: boolean): Cell {
  return (object) => {
    const hard = fieldOf(object, "status", "hard");
    if (!isObject(hard)) return "";
    return Object.keys(hard)
      .sort()
      .filter((name) => name.startsWith("limits.") === isLimit)
      .map((name) => `${name}: ${textOf(object, "status", "used", name) || "0"}/${textOf(hard, name)}`)
      .join(", ");
  };
}

function paramKind(object: Manifest): string {
  const kind = fieldOf(object, "spec", "paramKind");
  return isObject(kind) ? `${textOf(kind, "apiVersion")}/${textOf(kind, "kind")}` : "<unset>";
}

function paramRef(object: Manifest): string {
  const name = textOf(object, "spec", "paramRef", "name");
  return name === "" ? "<unset>" : `${textOf(object, "spec", "paramRef", "namespace") || "*"}/${name}`;
}

function ingressParameters(object: Manifest): string {
  const parameters = fieldOf(object, "spec", "parameters");
  if (!isObject(parameters)) return "<none>";
  const group = textOf(parameters, "apiGroup");
  return `${textOf(parameters, "kind")}${group === "" ? "" : `.${group}`}/${textOf(parameters, "name")}`;
}

function requestState(object: Manifest): string {
  const conditions = list(object, "status.conditions");
  const states = ["Approved", "Denied", "Failed"].filter((type) =>
    conditions.some((one) => textOf(one, "type") === type),
  );
  if (states.length === 0) return "Pending";
  const isIssued = textOf(object, "status", "certificate") !== "";
  return [...states, ...(isIssued ? ["Issued"] : [])].join(",");
}

function shortened(items: readonly string[]): string {
  if (items.length === 0) return "<unset>";
  return items.length > 3 ? `${items.slice(0, 3).join(",")} + ${items.length - 3} more...` : items.join(",");
}

function seconds(object: Manifest): string {
  const found = fieldOf(object, "spec", "expirationSeconds");
  return typeof found === "number" ? formatAge(found * 1000) : "<none>";
}

const bindingColumns = [
  column("Users", subjects("User")),
  column("Groups", subjects("Group")),
  column("ServiceAccounts", subjects("ServiceAccount")),
];
function claimState(object: Manifest): string {
  const isGoing = (object.metadata.deletionTimestamp ?? "") !== "";
  const isAllocated = fieldOf(object, "status", "allocation") !== undefined;
  const reserved = isAllocated && list(object, "status.reservedFor").length > 0 ? ["reserved"] : [];
  const state = isAllocated ? ["allocated"] : isGoing ? [] : ["pending"];
  return [...(isGoing ? ["deleted"] : []), ...state, ...reserved].join(",");
}

const policyBinding = [column("PolicyName", text("spec.policyName")), column("ParamRef", paramRef)];
const webhooks = [column("Webhooks", count("webhooks"))];

/** A name that says that it is the default one. */
export function defaultMarked(object: Manifest, annotation: string): string {
  const isDefault = object.metadata.annotations?.[annotation] === "true";
  // A bookmark has no name.
  const { name = "" } = object.metadata as Partial<Manifest["metadata"]>;
  return isDefault ? `${name} (default)` : name;
}

/** What an address is for. */
function parentOf(object: Manifest): string {
  const { parentRef } = (object.spec ?? {}) as { parentRef?: Readonly<Record<string, string | undefined>> };
  if (parentRef === undefined) return "<none>";
  const { group = "", resource = "", namespace = "", name = "" } = parentRef;
  const kind = (group === "" ? resource : `${resource}.${group}`).toLowerCase();
  return namespace === "" ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

export const rareColumns: Readonly<Record<string, readonly Column[]>> = {
  RoleBinding: bindingColumns,
  ClusterRoleBinding: bindingColumns,
  ResourceQuota: [column("Request", quota(false)), column("Limit", quota(true))],
  ControllerRevision: [column("Controller", controllerOf), column("Revision", value("revision", 0))],
  PodTemplate: [
    column("Containers", (object) =>
      list(object, "template.spec.containers")
        .map((one) => textOf(one, "name"))
        .join(","),
    ),
    column("Images", (object) =>
      list(object, "template.spec.containers")
        .map((one) => textOf(one, "image"))
        .join(","),
    ),
    column("Pod Labels", (object) => {
      const labels = fieldOf(object, "template", "metadata", "labels");
      const pairs = isObject(labels) ? Object.keys(labels).sort() : [];
      return pairs.map((key) => `${key}=${textOf(labels, key)}`).join(",") || "<none>";
    }),
  ],
  IngressClass: [
    column("Name", (object) => defaultMarked(object, "ingressclass.kubernetes.io/is-default-class")),
    column("Controller", text("spec.controller")),
    column("Parameters", ingressParameters),
  ],
  CSIDriver: [
    column("AttachRequired", value("spec.attachRequired", true)),
    column("PodInfoOnMount", value("spec.podInfoOnMount", false)),
    column("StorageCapacity", value("spec.storageCapacity", false)),
    column("TokenRequests", (object) =>
      fieldOf(object, "spec", "tokenRequests") === undefined
        ? "<unset>"
        : list(object, "spec.tokenRequests")
            .map((one) => textOf(one, "audience"))
            .join(","),
    ),
    column("RequiresRepublish", value("spec.requiresRepublish", false)),
    column("Modes", (object) => list(object, "spec.volumeLifecycleModes").map(String).join(",") || "<none>"),
  ],
  ResourceClaim: [column("State", claimState)],
  ResourceSlice: [
    column("Node", text("spec.nodeName")),
    column("Driver", text("spec.driver")),
    column("Pool", text("spec.pool.name")),
  ],
  CSINode: [column("Drivers", count("spec.drivers"))],
  RuntimeClass: [column("Handler", text("handler"))],
  VolumeAttributesClass: [column("DriverName", text("driverName"))],
  VolumeAttachment: [
    column("Attacher", text("spec.attacher")),
    column("PV", text("spec.source.persistentVolumeName")),
    column("Node", text("spec.nodeName")),
    column("Attached", value("status.attached", false)),
  ],
  CertificateSigningRequest: [
    column("SignerName", text("spec.signerName", "<none>")),
    column("Requestor", text("spec.username")),
    column("RequestedDuration", seconds),
    column("Condition", requestState),
  ],
  EndpointSlice: [
    column("AddressType", text("addressType")),
    column("Ports", (object) => shortened(list(object, "ports").map((one) => textOf(one, "port") || "*"))),
    column("Endpoints", (object) =>
      shortened(list(object, "endpoints").flatMap((one) => list(one, "addresses").map(String))),
    ),
  ],
  IPAddress: [column("ParentRef", parentOf)],
  ServiceCIDR: [column("CIDRs", (object) => list(object, "spec.cidrs").map(String).join(","))],
  MutatingWebhookConfiguration: webhooks,
  ValidatingWebhookConfiguration: webhooks,
  ValidatingAdmissionPolicy: [column("Validations", count("spec.validations")), column("ParamKind", paramKind)],
  MutatingAdmissionPolicy: [column("Mutations", count("spec.mutations")), column("ParamKind", paramKind)],
  ValidatingAdmissionPolicyBinding: policyBinding,
  MutatingAdmissionPolicyBinding: policyBinding,
  FlowSchema: [
    column("PriorityLevel", text("spec.priorityLevelConfiguration.name")),
    column("MatchingPrecedence", value("spec.matchingPrecedence", 0)),
    column("DistinguisherMethod", text("spec.distinguisherMethod.type", "<none>")),
    column("MissingPL", (object) => {
      const dangling = list(object, "status.conditions").find((one) => textOf(one, "type") === "Dangling");
      return dangling === undefined ? "?" : textOf(dangling, "status");
    }),
  ],
  PriorityLevelConfiguration: [
    column("Type", text("spec.type")),
    column("NominalConcurrencyShares", value("spec.limited.nominalConcurrencyShares", "<none>")),
    column("Queues", value("spec.limited.limitResponse.queuing.queues", "<none>")),
    column("HandSize", value("spec.limited.limitResponse.queuing.handSize", "<none>")),
    column("QueueLengthLimit", value("spec.limited.limitResponse.queuing.queueLengthLimit", "<none>")),
  ],
};
