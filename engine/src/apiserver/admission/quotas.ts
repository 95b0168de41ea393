// ResourceQuotas: nothing is created beyond them, and their status says what is used. Usage is counted from the objects themselves, so
// it needs no bookkeeping but of those that were let through and are not yet stored.

import { asJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import {
  type Admission,
  editObject,
  forbidden,
  type Registry,
  type Served,
  serverCall,
  storageKey,
  storagePrefix,
  type WriteCall,
} from "#apiserver/registry";
import { type Amounts, amountsOf, containersOf, formatAmount, isBytes, nanosOf, podAmounts } from "./amounts.ts";
import { chargeHeldMs, quotaStatusAfterMs } from "./limits.ts";

const one = 1_000_000_000n;

export type Quotas = { admission: Admission; close: () => void };

/** `writesStatus`: the status of the quotas follows what is there. */
export function quotas(registry: Registry, failed: (error: unknown) => void, writesStatus: boolean): Quotas {
  const keeper = new Keeper(registry, failed);
  return {
    close: () => keeper.close(),
    admission: {
      mutate: () => undefined,
      validate: (draft, live, call) => {
        if (!call.served.resource.isNamespaced) return;
        const found = quotasIn(registry, call.namespace);
        if (found.length === 0) return;
        if (draft !== undefined && live === undefined && call.subresource === "") keeper.charge(found, draft, call);
        if (writesStatus && !call.isDryRun) keeper.touch(call.namespace);
      },
    },
  };
}

function served(registry: Registry, plural: string): Served | undefined {
  return registry.table.find("", "v1", plural);
}

function quotasIn(registry: Registry, namespace: string): Manifest[] {
  const kind = served(registry, "resourcequotas");
  if (kind === undefined) return [];
  const collection = registry.collection(kind.storage);
  return collection.size === 0
    ? []
    : [...collection.range(`core/resourcequotas/${namespace}/`)].map(({ object }) => object);
}

/** What one object takes of the resources a quota may name. */
function usageOf(kind: Served, object: Manifest): Amounts {
  const { group, plural } = kind.storage;
  const usage: Amounts = new Map([[`count/${plural}${group === "" ? "" : `.${group}`}`, one]]);
  if (group !== "") return usage;
  if (plural === "pods") return hasEnded(object) ? usage : podUsage(object, usage);
  usage.set(plural, one);
  if (plural === "persistentvolumeclaims") {
    usage.set("requests.storage", nanosOf(fieldOf(object, "spec", "resources", "requests", "storage")));
    const className = textOf(object, "spec", "storageClassName");
    if (className !== "") usage.set(`${className}.storageclass.storage.k8s.io/persistentvolumeclaims`, one);
  }
  if (plural === "services") {
    const type = textOf(object, "spec", "type");
    if (type === "LoadBalancer") usage.set("services.loadbalancers", one);
    const ports = fieldOf(object, "spec", "ports");
    if (type === "NodePort" || type === "LoadBalancer")
      usage.set("services.nodeports", one * BigInt(Array.isArray(ports) ? ports.length : 0));
  }
  return usage;
}

function hasEnded(pod: Manifest): boolean {
  const phase = textOf(pod, "status", "phase");
  return phase === "Succeeded" || phase === "Failed";
}

const plainNames: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

function podUsage(pod: Manifest, usage: Amounts): Amounts {
  usage.set("pods", one);
  for (const [name, amount] of podAmounts(pod, "requests")) {
    usage.set(`requests.${name}`, amount);
    if (plainNames.has(name)) usage.set(name, amount);
  }
  for (const [name, amount] of podAmounts(pod, "limits")) usage.set(`limits.${name}`, amount);
  return usage;
}

function hardOf(quota: Manifest): Amounts {
  return amountsOf(fieldOf(quota, "spec", "hard"));
}

/** True when a quota's scopes are about the object. */
function isInScope(quota: Manifest, kind: Served, object: Manifest): boolean {
  const scopes = fieldOf(quota, "spec", "scopes");
  if (!Array.isArray(scopes) || scopes.length === 0) return true;
  if (kind.storage.group !== "" || kind.storage.plural !== "pods") return false;
  const isBestEffort = textOf(object, "status", "qosClass") === "BestEffort" || isWithoutAmounts(object);
  const isTerminating = fieldOf(object, "spec", "activeDeadlineSeconds") !== undefined;
  return scopes.every((scope) => {
    if (scope === "BestEffort") return isBestEffort;
    if (scope === "NotBestEffort") return !isBestEffort;
    if (scope === "Terminating") return isTerminating;
    return scope !== "NotTerminating" || !isTerminating;
  });
}

function isWithoutAmounts(pod: Manifest): boolean {
  return podAmounts(pod, "requests").size === 0 && podAmounts(pod, "limits").size === 0;
}

function shown(amounts: Amounts, names: readonly string[]): string {
  return names.map((name) => `${name}=${formatAmount(amounts.get(name) ?? 0n, isBytes(name))}`).join(",");
}

class Keeper {
  readonly #registry: Registry;
  readonly #failed: (error: unknown) => void;
  /** Namespaces whose quotas' status is due. */
  readonly #due = new Map<string, () => void>();
  /** Let through lately, by place: counted until they stand in the store, or were not stored after all. */
  readonly #held = new Map<string, { kind: Served; object: Manifest; sinceMs: number }>();
  #isClosed = false;

  constructor(registry: Registry, failed: (error: unknown) => void) {
    this.#registry = registry;
    this.#failed = failed;
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#due.values()) cancel();
    this.#due.clear();
  }

  /** Refuses a new object that a quota has no room for. */
  charge(found: readonly Manifest[], draft: Manifest, call: WriteCall): void {
    const usage = usageOf(call.served, draft);
    const refuse = (why: string): Error => forbidden(call.served.resource, draft.metadata.name, why);
    for (const quota of found.filter((each) => isInScope(each, call.served, draft))) {
      const { name } = quota.metadata;
      const hard = hardOf(quota);
      const missing = call.served.storage.plural === "pods" ? unstated(draft, hard) : "";
      if (missing !== "") throw refuse(`failed quota: ${name}: must specify ${missing}`);
      const asked = [...hard.keys()].filter((each) => (usage.get(each) ?? 0n) > 0n).sort();
      if (asked.length === 0) continue;
      const used = this.#usedOf(quota, call.namespace);
      const beyond = asked.filter((each) => (used.get(each) ?? 0n) + (usage.get(each) ?? 0n) > (hard.get(each) ?? 0n));
      if (beyond.length > 0)
        throw refuse(
          `exceeded quota: ${name}, requested: ${shown(usage, beyond)}, used: ${shown(used, beyond)}, limited: ${shown(hard, beyond)}`,
        );
    }
    if (call.isDryRun) return;
    const key = storageKey(call.served.storage, call.namespace, draft.metadata.name);
    this.#held.set(key, { kind: call.served, object: draft, sinceMs: this.#registry.clock.now() });
  }

  /** What was let through and does not stand yet. */
  #pending(kind: Served, prefix: string): Manifest[] {
    const now = this.#registry.clock.now();
    const collection = this.#registry.collection(kind.storage);
    const pending: Manifest[] = [];
    for (const [key, held] of this.#held) {
      // However the clock was set: what never came to stand is not charged for ever.
      if (
        Math.abs(now - held.sinceMs) > chargeHeldMs ||
        this.#registry.collection(held.kind.storage).get(key) !== undefined
      )
        this.#held.delete(key);
      else if (key.startsWith(prefix) && collection.get(key) === undefined) pending.push(held.object);
    }
    return pending;
  }

  /** What the quota's resources come to now. */
  #usedOf(quota: Manifest, namespace: string): Amounts {
    const hard = hardOf(quota);
    const used: Amounts = new Map([...hard.keys()].map((name) => [name, 0n]));
    for (const kind of this.#registry.table.values()) {
      if (!kind.resource.isNamespaced || !concerns(kind, hard)) continue;
      const prefix = `${storagePrefix(kind.storage)}${namespace}/`;
      const stored = [...this.#registry.collection(kind.storage).range(prefix)].map(({ object }) => object);
      for (const object of [...stored, ...this.#pending(kind, prefix)]) {
        if (!isInScope(quota, kind, object)) continue;
        for (const [name, amount] of usageOf(kind, object))
          if (used.has(name)) used.set(name, (used.get(name) ?? 0n) + amount);
      }
    }
    return used;
  }

  /** Has the status of a namespace's quotas written, soon: one write for many changes. */
  touch(namespace: string): void {
    if (this.#isClosed || this.#due.has(namespace)) return;
    const cancel = this.#registry.clock.after(quotaStatusAfterMs, () => {
      this.#due.delete(namespace);
      this.#settle(namespace).catch((error: unknown) => {
        if (!this.#isClosed) this.#failed(error);
      });
    });
    this.#due.set(namespace, cancel);
  }

  async #settle(namespace: string): Promise<void> {
    const kind = served(this.#registry, "resourcequotas");
    if (kind === undefined) return;
    for (const quota of quotasIn(this.#registry, namespace)) {
      const used = this.#usedOf(quota, namespace);
      const hard = fieldOf(quota, "spec", "hard");
      const status = {
        hard: isObject(hard) ? hard : {},
        used: Object.fromEntries([...used].map(([name, amount]) => [name, formatAmount(amount, isBytes(name))])),
      };
      if (JSON.stringify(sortedStatus(asJson(quota).status)) === JSON.stringify(sortedStatus(status))) continue;
      await editObject(this.#registry, statusCall(kind, quota), (draft) => {
        draft.status = status;
      });
    }
  }
}

function sortedStatus(status: Json | undefined): unknown {
  return ["hard", "used"].map((name) => {
    const part = isObject(status) ? status[name] : undefined;
    return Object.entries(isObject(part) ? part : {}).sort(([a], [b]) => (a < b ? -1 : 1));
  });
}

function statusCall(served: Served, { metadata: { name, namespace = "" } }: Manifest): WriteCall {
  return serverCall({ served, namespace, name, subresource: "status", fieldManager: "kube-controller-manager" });
}

/** True when a quota names something that objects of the kind take. */
function concerns({ storage: { group, plural }, resource }: Served, hard: Amounts): boolean {
  if (resource.group !== group) return false;
  if (hard.has(`count/${plural}${group === "" ? "" : `.${group}`}`)) return true;
  if (group !== "") return false;
  const names = [...hard.keys()];
  if (plural === "pods")
    return names.some((name) => name === "pods" || plainNames.has(name) || /^(requests|limits)\./.test(name));
  if (plural === "persistentvolumeclaims")
    return names.some((name) => /persistentvolumeclaims|requests\.storage/.test(name));
  return names.some((name) => name === plural || name.startsWith(`${plural}.`));
}

/** Amounts that a quota on them makes every container state. */
function unstated(pod: Manifest, hard: Amounts): string {
  const byName = new Map<string, string[]>();
  const containers: JsonObject[] = [];
  for (const list of ["initContainers", "containers"] as const)
    for (const each of containersOf(pod, list)) {
      containers.push(each.container);
      for (const name of hard.keys()) {
        const [part, resource = ""] = plainNames.has(name) ? ["requests", name] : name.split(/\.(.*)/s);
        if ((part !== "requests" && part !== "limits") || !plainNames.has(resource)) continue;
        if (!each[part].has(resource)) byName.set(name, [...(byName.get(name) ?? []), each.name]);
      }
    }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, who]) => `${name} for: ${who.join(",")}`)
    .join("; ");
}
