// What admission gives every pod: its service account with a token to reach the API, its priority, the tolerations of short
// outages (plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds} of Kubernetes 1.36).

import { isStatedEmpty } from "#api/kubernetes";
import { asJson, equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { type Admission, forbidden, type Registry, type WriteCall } from "#apiserver/registry";
import { accountPollMs, accountWaitMs, tolerationSecondsDefault } from "./limits.ts";

const tokenMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const mirrorAnnotation = "kubernetes.io/config.mirror";
/** An hour and the seven seconds by which the server knows tokens that it made itself. */
const tokenSeconds = 3607;

function isPodWrite(call: WriteCall): boolean {
  const { group, plural } = call.served.resource;
  return group === "" && plural === "pods" && call.subresource === "";
}

function specOf(pod: Manifest): JsonObject {
  const object = asJson(pod);
  const spec = object.spec;
  if (isObject(spec)) return spec;
  const made: JsonObject = {};
  object.spec = made;
  return made;
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function refuse(call: WriteCall, pod: Manifest, why: string): Error {
  return forbidden(call.served.resource, pod.metadata.name ?? "", why);
}

/** Every pod runs as a service account that exists, and gets its token unless somebody says no. */
export function podAccounts(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      if (live !== undefined || !isPodWrite(call)) return undefined;
      if (draft.metadata.annotations?.[mirrorAnnotation] !== undefined) return undefined;
      const spec = specOf(draft);
      if (textOf(spec, "serviceAccountName") === "") spec.serviceAccountName = "default";
      const name = textOf(spec, "serviceAccountName");
      const account = registry.lookup("", "serviceaccounts", call.namespace, name);
      if (account !== undefined) return useAccount(registry, draft, account);
      return accountSoon(registry, call, name).then((found) => {
        if (found !== undefined) return useAccount(registry, draft, found);
        const why = `error looking up service account ${call.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
        throw refuse(call, draft, why);
      });
    },
    validate: () => undefined,
  };
}

/** The account `default` is made by a controller, soon after its namespace. */
async function accountSoon(registry: Registry, call: WriteCall, name: string): Promise<Manifest | undefined> {
  if (name !== "default") return undefined;
  for (let waitedMs = 0; waitedMs < accountWaitMs; waitedMs += accountPollMs) {
    await new Promise<void>((resolve) => registry.clock.after(accountPollMs, resolve));
    const found = registry.lookup("", "serviceaccounts", call.namespace, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function useAccount(registry: Registry, pod: Manifest, account: Manifest): void {
  const spec = specOf(pod);
  // The older name of the same member follows it.
  spec.serviceAccount = spec.serviceAccountName as Json;
  const wanted = spec.automountServiceAccountToken ?? asJson(account).automountServiceAccountToken ?? true;
  if (wanted === true) mountToken(registry, spec);
  const secrets = asJson(account).imagePullSecrets;
  if (objects(spec.imagePullSecrets).length === 0 && objects(secrets).length > 0)
    spec.imagePullSecrets = objects(secrets).map((one) => ({ name: textOf(one, "name") }));
}

function mountToken(registry: Registry, spec: JsonObject): void {
  const known = objects(spec.volumes).find((volume) => textOf(volume, "name").startsWith("kube-api-access-"));
  const name = known === undefined ? `kube-api-access-${registry.newSuffix()}` : textOf(known, "name");
  let isNeeded = false;
  for (const list of ["initContainers", "containers"])
    for (const container of objects(spec[list])) {
      const mounts = objects(container.volumeMounts);
      if (mounts.some((mount) => mount.mountPath === tokenMountPath)) continue;
      container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: tokenMountPath }];
      isNeeded = true;
    }
  if (isNeeded && known === undefined) spec.volumes = [...objects(spec.volumes), tokenVolume(name)];
}

function tokenVolume(name: string): JsonObject {
  const authority = { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] };
  const namespace = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
        { configMap: authority },
        { downwardAPI: { items: [namespace] } },
      ],
      defaultMode: 420,
    },
  };
}

/** A pod's priority is that of its class, or of the default class. */
export function podPriorities(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      if (!isPodWrite(call)) return undefined;
      if (live === undefined) return givePriority(registry, draft, call);
      const [spec, before] = [specOf(draft), asJson(live).spec];
      for (const name of ["priority", "preemptionPolicy"])
        if (spec[name] === undefined && isObject(before) && before[name] !== undefined) spec[name] = before[name];
      return undefined;
    },
    validate: (draft, live, call) => {
      const { group, plural } = call.served.resource;
      if (group !== "scheduling.k8s.io" || plural !== "priorityclasses" || draft === undefined) return;
      if (draft.globalDefault !== true) return;
      const other = defaultClass(registry);
      if (other !== undefined && (live === undefined || other.metadata.name !== draft.metadata.name))
        throw refuse(
          call,
          draft,
          `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
        );
    },
  };
}

function priorityClasses(registry: Registry): Manifest[] {
  const served = registry.table.find("scheduling.k8s.io", "v1", "priorityclasses");
  if (served === undefined) return [];
  return [...registry.collection(served.storage).range("scheduling.k8s.io/priorityclasses/")].map(
    ({ object }) => object,
  );
}

function defaultClass(registry: Registry): Manifest | undefined {
  const candidates = priorityClasses(registry).filter((one) => one.globalDefault === true);
  return candidates.sort((a, b) => Number(a.value) - Number(b.value))[0];
}

function givePriority(registry: Registry, pod: Manifest, call: WriteCall): void {
  const spec = specOf(pod);
  const named = textOf(spec, "priorityClassName");
  const found =
    named === "" ? defaultClass(registry) : registry.lookup("scheduling.k8s.io", "priorityclasses", "", named);
  if (named !== "" && found === undefined) throw refuse(call, pod, `no PriorityClass with name ${named} was found`);
  const priority = found === undefined ? 0 : Number(found.value ?? 0);
  const policy = found === undefined ? "PreemptLowerPriority" : textOf(found, "preemptionPolicy");
  if (found !== undefined) spec.priorityClassName = found.metadata.name;
  if (spec.priority !== undefined && spec.priority !== priority)
    throw refuse(
      call,
      pod,
      `the integer value of priority (${String(spec.priority as number)}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  if (spec.preemptionPolicy !== undefined && policy !== "" && spec.preemptionPolicy !== policy)
    throw refuse(
      call,
      pod,
      `the string value of PreemptionPolicy (${textOf(spec, "preemptionPolicy")}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  spec.priority = priority;
  if (policy !== "") spec.preemptionPolicy = policy;
}

const outages = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** A pod survives short outages of its node, unless it says for itself how long it stays. */
export function podTolerations(): Admission {
  return {
    mutate: (draft, _live, call) => {
      if (!isPodWrite(call)) return;
      const spec = specOf(draft);
      const given = objects(spec.tolerations);
      const added = outages
        .filter((key) => !given.some((one) => toleratesEviction(one, key)))
        .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: tolerationSecondsDefault }));
      if (added.length > 0) spec.tolerations = [...given, ...added];
    },
    validate: () => undefined,
  };
}

function toleratesEviction(toleration: JsonObject, key: string): boolean {
  const effect = textOf(toleration, "effect");
  const named = textOf(toleration, "key");
  return (named === key || named === "") && (effect === "NoExecute" || effect === "");
}

/** A pod of a runtime class has the overhead and the places of that class. */
export function podRuntimes(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      if (live !== undefined || !isPodWrite(call)) return;
      const spec = specOf(draft);
      const name = textOf(spec, "runtimeClassName");
      if (name === "") return;
      const found = registry.lookup("node.k8s.io", "runtimeclasses", "", name);
      if (found === undefined)
        throw refuse(call, draft, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
      const { overhead, scheduling } = asJson(found);
      if (isObject(overhead) && isObject(overhead.podFixed)) {
        if (isObject(spec.overhead) && !equalJson(spec.overhead, overhead.podFixed))
          throw refuse(call, draft, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        spec.overhead = { ...overhead.podFixed };
      }
      if (!isObject(scheduling)) return;
      if (isObject(scheduling.nodeSelector))
        spec.nodeSelector = { ...(isObject(spec.nodeSelector) ? spec.nodeSelector : {}), ...scheduling.nodeSelector };
      const more = objects(scheduling.tolerations);
      if (more.length > 0) spec.tolerations = [...objects(spec.tolerations), ...more.map((one) => ({ ...one }))];
    },
    // Only a runtime costs more than the containers do.
    validate: (draft, live, call) => {
      if (draft === undefined || live !== undefined || !isPodWrite(call)) return;
      const spec = specOf(draft);
      if (spec.overhead === undefined && !isStatedEmpty(spec, "overhead")) return;
      const found = registry.lookup("node.k8s.io", "runtimeclasses", "", textOf(spec, "runtimeClassName"));
      if (fieldOf(found, "overhead") !== undefined) return;
      throw refuse(call, draft, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    },
  };
}
