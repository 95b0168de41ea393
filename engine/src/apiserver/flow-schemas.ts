// Priority levels and flow schemas as kube-apiserver keeps them: its own are there, the mandatory ones as they must be, and each flow
// schema's status says whether the level it leads to exists. Nothing here makes a request wait.

import {
  autoUpdateAnnotation,
  flowControlGroup,
  mandatoryFlowControl,
  suggestedFlowControl,
  decodeBuiltin,
  schemaFor,
} from "#api/kubernetes";
import { editObject, Refusal, type Registry, type Served, serverCall, storagePrefix } from "#apiserver/registry";
import { parseBoolText } from "#formats/go-numbers";
import { asJson, asManifest, equalJson, type Json, type Manifest } from "#kernel";
import { ensure } from "./bootstrap.ts";
import { flowControlEveryMs, publishAfterMs } from "./limits.ts";
import { applyObject } from "./patching.ts";

const producer = "api-priority-and-fairness-config-producer-v1";
const consumer = "api-priority-and-fairness-config-consumer-v1";

/** Makes what is missing, then follows every change until it is stopped. */
export async function keepFlowControl(registry: Registry, failed: (error: unknown) => void): Promise<() => void> {
  const keeper = new FlowControl(registry, failed);
  await keeper.restore();
  await keeper.tellStatus();
  keeper.follow();
  return () => keeper.stop();
}

class FlowControl {
  readonly #registry: Registry;
  readonly #failed: (error: unknown) => void;
  readonly #stops: (() => void)[] = [];
  #isStopped = false;
  #cancelStatus: (() => void) | undefined;
  #cancelRestore: () => void = () => undefined;

  constructor(registry: Registry, failed: (error: unknown) => void) {
    this.#registry = registry;
    this.#failed = failed;
  }

  follow(): void {
    for (const kind of ["FlowSchema", "PriorityLevelConfiguration"]) {
      const { storage } = this.#served(kind);
      const changed = (): void => {
        this.#cancelStatus ??= this.#registry.clock.after(publishAfterMs, () => {
          this.#cancelStatus = undefined;
          this.#quietly(this.tellStatus());
        });
      };
      this.#stops.push(this.#registry.collection(storage).watch(this.#registry.store.revision, changed).stop);
    }
    this.#restoreLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelStatus?.();
    this.#cancelRestore();
    for (const stop of this.#stops) stop();
  }

  #restoreLater(): void {
    this.#cancelRestore = this.#registry.clock.after(flowControlEveryMs, () => {
      this.#quietly(this.restore());
      this.#restoreLater();
    });
  }

  #quietly(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isStopped) this.#failed(error);
    });
  }

  #served(kind: string): Served {
    return this.#registry.table.findKind(flowControlGroup, "v1", kind) as Served;
  }

  /** The server's own objects: made where they are missing, and set right where they may not be otherwise. */
  async restore(): Promise<void> {
    await Promise.all(suggestedFlowControl.map((object) => this.#restoreOne(object, false)));
    await Promise.all(mandatoryFlowControl.map((object) => this.#restoreOne(object, true)));
  }

  async #restoreOne(wanted: Manifest, isMandatory: boolean): Promise<void> {
    const served = this.#served(wanted.kind);
    const { name } = wanted.metadata;
    const live = this.#registry.lookup(flowControlGroup, served.resource.plural, "", name);
    if (live === undefined) return ensure(this.#registry, wanted, producer);
    const follows = isMandatory || isFollowing(live);
    const spec = asJson(decoded(wanted)).spec as Json;
    const isRight = !follows || equalJson(spec, asJson(live).spec ?? null);
    if (isRight && live.metadata.annotations?.[autoUpdateAnnotation] === String(follows)) return;
    const edited = editObject(this.#registry, serverCall({ served, name, fieldManager: producer }), (draft) => {
      if (follows) draft.spec = spec;
      draft.metadata.annotations = { ...draft.metadata.annotations, [autoUpdateAnnotation]: String(follows) };
    });
    await this.#unlessGone(edited);
  }

  /** Says of each flow schema whether its level is there. */
  async tellStatus(): Promise<void> {
    const served = this.#served("FlowSchema");
    const collection = this.#registry.collection(served.storage);
    const schemas = [...collection.range(storagePrefix(served.storage))].map(({ object }) => object);
    await Promise.all(schemas.map((schema) => this.#tellOne(served, schema)));
  }

  async #tellOne(served: Served, { apiVersion, kind, metadata: { name }, ...rest }: Manifest): Promise<void> {
    const condition = this.#condition(rest);
    if (condition === undefined) return;
    const body = { apiVersion, kind, metadata: { name }, status: { conditions: [condition] } };
    const call = serverCall({ served, name, subresource: "status", fieldManager: consumer });
    await this.#unlessGone(applyObject(this.#registry, call, body, true));
  }

  /** The condition as it should be; undefined: it is so. */
  #condition(schema: { spec?: unknown; status?: unknown }): Readonly<Record<string, string>> | undefined {
    const {
      priorityLevelConfiguration: { name },
    } = schema.spec as { priorityLevelConfiguration: { name: string } };
    const isThere = this.#registry.lookup(flowControlGroup, "prioritylevelconfigurations", "", name) !== undefined;
    const start = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
    const status = isThere ? "False" : "True";
    const reason = isThere ? "Found" : "NotFound";
    const message = `${start} ${isThere ? "and it exists" : "but there is no such object"}`;
    const { conditions = [] } = (schema.status ?? {}) as { conditions?: Readonly<Record<string, string>>[] };
    const found = conditions.find(({ type }) => type === "Dangling");
    if (found?.["status"] === status && found["reason"] === reason && found["message"] === message) return undefined;
    return { type: "Dangling", status, lastTransitionTime: this.#registry.now(), reason, message };
  }

  /** Somebody deleted it, or changed it, meanwhile: the next look sees what is to be done. */
  async #unlessGone(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof Refusal) || ![404, 409].includes(error.status.code)) throw error;
    }
  }
}

/** True where nobody has said or shown that the spec is theirs. */
function isFollowing({ metadata }: Manifest): boolean {
  return parseBoolText(metadata.annotations?.[autoUpdateAnnotation] ?? "") ?? metadata.generation === 1;
}

/** With its defaults. */
function decoded(object: Manifest): Manifest {
  const root = schemaFor(flowControlGroup, "v1", object.kind);
  return root === undefined ? object : asManifest(decodeBuiltin(asJson(object), root).object);
}
