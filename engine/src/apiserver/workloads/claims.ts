// PersistentVolumeClaims: bound to a volume that fits, or to a simulated one made for them. Reclaimed when they are gone.

import { matchesSelector } from "#apiserver/life";
import { WorkQueue } from "#controller";
import { retryBackOff } from "./limits.ts";
import { quantity } from "./quantity.ts";
import type { Claim, Pod, StorageClass, Volume } from "./types.ts";
import { keyOf, type WatchedKind } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const defaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";
const boundByController = "pv.kubernetes.io/bound-by-controller";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
export const simulatedProvisioner = "simulated.keelson.dev";

export class Claims {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { claims, volumes, pods, storageClasses } = this.#world;
    const lookAtPending = (): void => {
      for (const claim of claims.values()) if (claim.status?.phase !== "Bound") this.queue.add(keyOf(claim), "drift");
    };
    claims.subscribe((current, previous) => {
      if (current !== undefined) return this.queue.add(keyOf(current), "spec");
      const volume = previous?.spec.volumeName;
      if (volume !== undefined) this.queue.add(`/${volume}`, "spec");
    });
    volumes.subscribe((current) => {
      if (current === undefined) return;
      this.queue.add(`/${current.metadata.name}`, "spec");
      if (current.spec.claimRef === undefined) lookAtPending();
    });
    storageClasses.subscribe(lookAtPending);
    // A claim of a class that waits for its first consumer: the pod that names it.
    pods.subscribe((current, previous) => {
      const pod = current ?? previous;
      const isSteady = current !== undefined && previous !== undefined && hasEnded(current) === hasEnded(previous);
      if (pod === undefined || isSteady) return;
      for (const name of claimNames(pod)) this.queue.add(`${pod.metadata.namespace ?? ""}/${name}`, "drift");
    });
  }

  /** `/name` is a volume, `namespace/name` a claim. */
  async reconcile(key: string): Promise<void> {
    if (key.startsWith("/")) return this.#settle(key);
    const claim = this.#world.claims.byKey(key);
    if (claim === undefined) return;
    if (claim.metadata.deletionTimestamp !== undefined) return this.#letGo(claim);
    if (claim.status?.phase === "Bound") return;
    const volume = this.#find(claim) ?? (await this.#provision(claim));
    if (volume === undefined) return this.#markPending(claim);
    await this.#bind(claim, volume);
  }

  /** A volume whose claim is gone is released, and deleted where its policy says so. */
  async #settle(key: string): Promise<void> {
    const { volumes, claims } = this.#world;
    const volume = volumes.byKey(key);
    if (volume === undefined) return;
    if (volume.metadata.deletionTimestamp !== undefined) {
      if (volume.status?.phase !== "Bound" || !this.#hasClaim(volume)) await release(volumes, volume, volumeFinalizer);
      return;
    }
    const { claimRef } = volume.spec;
    if (claimRef === undefined) return this.#mark(volume, "Available");
    const claim = claims.get(claimRef.namespace ?? "", claimRef.name ?? "");
    if (claim !== undefined && (claimRef.uid === undefined || claim.metadata.uid === claimRef.uid)) return;
    if (claimRef.uid === undefined) return this.#mark(volume, "Available");
    if (volume.spec.persistentVolumeReclaimPolicy === "Delete") return volumes.delete(volume);
    return this.#mark(volume, "Released");
  }

  #hasClaim({ spec: { claimRef } }: Volume): boolean {
    return this.#world.claims.get(claimRef?.namespace ?? "", claimRef?.name ?? "") !== undefined;
  }

  /** A deleted claim stays until no pod uses it any longer. */
  async #letGo(claim: Claim): Promise<void> {
    const pods = this.#world.pods.inNamespace(claim.metadata.namespace ?? "");
    const isUsed = pods.some((pod) => !hasEnded(pod) && claimNames(pod).includes(claim.metadata.name));
    if (!isUsed) await release(this.#world.claims, claim, claimFinalizer);
  }

  async #mark(volume: Volume, phase: string): Promise<void> {
    if (volume.status?.phase !== phase)
      await this.#world.volumes.updateStatus(volume, { ...volume.status, phase }, controllerManager);
  }

  /** The volume reserved for the claim, or the smallest that fits. */
  #find(claim: Claim): Volume | undefined {
    const all = [...this.#world.volumes.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const isReserved = ({ spec }: Volume): boolean =>
      spec.claimRef?.name === claim.metadata.name &&
      spec.claimRef.namespace === claim.metadata.namespace &&
      (spec.claimRef.uid === undefined || spec.claimRef.uid === claim.metadata.uid);
    if (claim.spec.volumeName !== undefined) return all.find(({ metadata }) => metadata.name === claim.spec.volumeName);
    return (
      all.find(isReserved) ??
      all
        .filter((volume) => volume.spec.claimRef === undefined && fits(volume, claim))
        .sort((a, b) => quantity(a.spec.capacity?.storage) - quantity(b.spec.capacity?.storage))[0]
    );
  }

  /** A simulated volume of the claim's class; undefined when the class waits, or the claim wants none made. */
  async #provision(claim: Claim): Promise<Volume | undefined> {
    const { volumes, storageClasses } = this.#world;
    if (claim.spec.storageClassName === "" || claim.spec.volumeName !== undefined || claim.spec.selector !== undefined)
      return undefined;
    const all = [...storageClasses.values()];
    const storageClass =
      claim.spec.storageClassName === undefined
        ? all.find(isDefault)
        : storageClasses.get("", claim.spec.storageClassName);
    // Its volumes are made by people.
    if (storageClass?.provisioner === "kubernetes.io/no-provisioner") return undefined;
    if (storageClass?.volumeBindingMode === "WaitForFirstConsumer" && !this.#hasConsumer(claim)) return undefined;
    const draft = simulatedVolume(claim, storageClass);
    return (await volumes.create(draft, controllerManager)) ?? volumes.get("", draft.metadata.name);
  }

  #hasConsumer(claim: Claim): boolean {
    return this.#world.pods
      .inNamespace(claim.metadata.namespace ?? "")
      .some((pod) => claimNames(pod).includes(claim.metadata.name));
  }

  async #bind(claim: Claim, volume: Volume): Promise<void> {
    const { claims, volumes } = this.#world;
    const { name, namespace = "", uid = "" } = claim.metadata;
    let bound = volume;
    if (bound.spec.claimRef?.uid !== uid) {
      const { resourceVersion = "" } = claim.metadata;
      const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion };
      // One that was kept for the claim was not chosen by the controller.
      const isChosen = bound.spec.claimRef === undefined;
      const annotations = { ...bound.metadata.annotations, ...(isChosen ? { [boundByController]: "yes" } : {}) };
      const metadata = isChosen ? { ...bound.metadata, annotations } : bound.metadata;
      bound = await volumes.update({ ...bound, metadata, spec: { ...bound.spec, claimRef } }, controllerManager);
    }
    await this.#mark(bound, "Bound");
    let fresh = claim;
    if (fresh.spec.volumeName !== bound.metadata.name) {
      const annotations = { "pv.kubernetes.io/bind-completed": "yes", [boundByController]: "yes" };
      const patch = { metadata: { uid, annotations }, spec: { volumeName: bound.metadata.name } };
      fresh = await claims.mergePatch(fresh, patch, controllerManager);
    }
    const { accessModes = [], capacity = {} } = bound.spec;
    await claims.updateStatus(fresh, { ...fresh.status, phase: "Bound", accessModes, capacity }, controllerManager);
  }

  async #markPending(claim: Claim): Promise<void> {
    if (claim.status?.phase === "Pending") return;
    await this.#world.claims.updateStatus(claim, { ...claim.status, phase: "Pending" }, controllerManager);
  }
}

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";

type Held = Claim | Volume;

/** Takes away the finalizer that held what is deleted. */
async function release<T extends Held>(kind: WatchedKind<T>, object: T, finalizer: string): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return;
  const left = finalizers.filter((one) => one !== finalizer);
  await kind.mergePatch(object, { metadata: { finalizers: left.length === 0 ? null : left } }, controllerManager);
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

function claimNames(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}

function isDefault(storageClass: StorageClass): boolean {
  return storageClass.metadata.annotations?.[defaultClassAnnotation] === "true";
}

function fits(volume: Volume, claim: Claim): boolean {
  const { accessModes = [], volumeMode = "Filesystem", storageClassName = "", selector } = claim.spec;
  return (
    (volume.spec.storageClassName ?? "") === storageClassName &&
    (volume.spec.volumeMode ?? "Filesystem") === volumeMode &&
    accessModes.every((mode) => volume.spec.accessModes?.includes(mode) === true) &&
    quantity(volume.spec.capacity?.storage) >= quantity(claim.spec.resources?.requests?.storage) &&
    (selector === undefined || matchesSelector(selector, volume.metadata.labels))
  );
}

function simulatedVolume(claim: Claim, storageClass: StorageClass | undefined): Volume {
  const { name, namespace = "", uid = "" } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pvc-${uid}`, annotations: { [provisionedBy]: simulatedProvisioner } },
    spec: {
      accessModes: claim.spec.accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: claim.spec.resources?.requests?.storage ?? "1Gi" },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      csi: { driver: simulatedProvisioner, volumeHandle: `pvc-${uid}` },
      persistentVolumeReclaimPolicy: storageClass?.reclaimPolicy ?? "Delete",
      ...(claim.spec.storageClassName === undefined ? {} : { storageClassName: claim.spec.storageClassName }),
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
    },
  };
}
