// Subresources that act on another object: a pod bound to its node, an eviction, a pod's log, a namespace's finalizers.

import { asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  asOwn,
  badRequest,
  type Call,
  changeObject,
  conflict,
  getObject,
  notFound,
  plainError,
  type Registry,
  type WriteCall,
} from "#apiserver/registry";
import { evictPod } from "./eviction.ts";
import type { Special, Specials } from "./dispatch.ts";

/** Gives the log of one container; set by whoever simulates the workloads. */
export type PodLog = (pod: Manifest, container: string) => string;

export function podParts(registry: Registry, podLog: PodLog): Specials {
  const bind: Special = async (call, body) => {
    const name = call.name === "" ? (body?.metadata.name ?? "") : call.name;
    await bindPod(registry, { ...call, name }, body);
    return success(201);
  };
  return {
    "/pods/binding create": bind,
    "/bindings/ create": bind,
    "/pods/eviction create": async (call, body) => {
      await evictPod(registry, { ...writeCall(podCall(registry, call)), fieldManager: "kube-apiserver" }, body);
      return success(201);
    },
    "/pods/log get": (call, _body, query) => Promise.resolve(readLog(registry, call, query, podLog)),
  };
}

function success(code: number): { code: number; body: Json } {
  return { code, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code } };
}

function podCall(registry: Registry, call: Call): Call {
  const served = registry.table.find("", "v1", "pods") ?? call.served;
  return { ...call, served, subresource: "" };
}

function writeCall(call: Call): WriteCall {
  return { ...call, fieldManager: "kube-scheduler", isDryRun: false, fieldValidation: "Ignore", warn: () => undefined };
}

/** Sets the node of a pod that has none. */
async function bindPod(registry: Registry, call: Call, body: Manifest | undefined): Promise<void> {
  if (call.subresource !== "" && (body?.metadata?.name ?? "") !== call.name)
    throw badRequest("name in URL does not match name in Binding object");
  const target = body === undefined ? undefined : asJson(body).target;
  const node = isObject(target) && typeof target.name === "string" ? target.name : "";
  if (node === "") throw plainError("target.name: Required value");
  await changeObject(registry, writeCall({ ...podCall(registry, call), subresource: "binding" }), {
    make: (live) => bound(live, node, call, registry.now()),
    retries: true,
    hasOwnership: true,
  });
}

// oxlint-disable-next-line max-params -- a pod, its node, who asked and when
function bound(live: Manifest, node: string, call: Call, now: string): Manifest {
  const draft = asOwn(live);
  const spec = (draft.spec ??= {}) as { nodeName?: string };
  const pods = { group: "", plural: "pods/binding" };
  if (live.metadata.deletionTimestamp !== undefined)
    throw conflict(pods, call.name, `pod ${call.name} is being deleted, cannot be assigned to a host`);
  if ((spec.nodeName ?? "") !== "")
    throw conflict(pods, call.name, `pod ${call.name} is already assigned to node "${spec.nodeName}"`);
  spec.nodeName = node;
  const status = (draft.status ??= {}) as { conditions?: Json[] };
  const scheduled = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  const others = (status.conditions ?? []).filter((one) => !isObject(one) || one.type !== "PodScheduled");
  status.conditions = [...others, scheduled];
  return draft;
}

type Named = { name: string };

function readLog(
  registry: Registry,
  call: Call,
  query: URLSearchParams,
  podLog: PodLog,
): { code: number; body: string } {
  const pod = getObject(registry, podCall(registry, call));
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as {
    containers?: Named[];
    initContainers?: Named[];
  };
  const asked = query.get("container") ?? "";
  if (asked === "" && containers.length !== 1) {
    const names = containers.map((one) => one.name).join(" ");
    throw badRequest(`a container name must be specified for pod ${call.name}, choose one of: [${names}]`);
  }
  const container = asked === "" ? (containers[0]?.name ?? "") : asked;
  if (![...containers, ...initContainers].some((one) => one.name === container))
    throw badRequest(`container ${container} is not valid for pod ${call.name}`);
  const lines = podLog(pod, container).split("\n");
  const tail = query.get("tailLines");
  const isWhole = tail === null || !/^\d+$/.test(tail);
  const kept = isWhole ? lines : lines.filter((line) => line !== "").slice(-Number(tail));
  const text = kept.join("\n");
  return { code: 200, body: text === "" || text.endsWith("\n") ? text : `${text}\n` };
}

/** PUT namespaces/NAME/finalize: the finalizers of the spec, and nothing else, are written. */
export async function finalizeNamespace(registry: Registry, call: WriteCall, body: Manifest): Promise<Manifest> {
  if (registry.lookup("", "namespaces", "", call.name) === undefined) throw notFound(call.served.resource, call.name);
  const wanted = asJson(body).spec;
  const finalizers = isObject(wanted) && Array.isArray(wanted.finalizers) ? wanted.finalizers : [];
  const uid = body.metadata?.uid;
  return changeObject(registry, call, {
    make: (live) => {
      const draft = asOwn(live);
      const spec: JsonObject = { ...(asJson(draft).spec as JsonObject | undefined) };
      if (finalizers.length === 0) delete spec.finalizers;
      else spec.finalizers = finalizers;
      draft.spec = spec;
      if (uid !== undefined && uid !== "") draft.metadata.uid = uid;
      return draft;
    },
    retries: true,
  });
}
