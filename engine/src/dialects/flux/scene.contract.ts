// One script against a home: a source and a Kustomization of its own, so that scripts do not meet. Everything goes through the
// Kubernetes API, so that it works on any engine.

import { fieldOf, type JsonObject, type Manifest } from "#kernel";
import { kustomize } from "./samples.contract.ts";
import { kustomization, type World } from "./world.contract.ts";

export type Home = { world: World; close(): Promise<void> };

const group = kustomize;

/** One script's own source and Kustomization. */
export class Scene {
  readonly world: World;
  readonly name: string;

  readonly #metadata: JsonObject;

  /** `metadata`: what every Kustomization of the home carries. */
  constructor(world: World, name: string, metadata: JsonObject = {}) {
    this.world = world;
    this.name = name;
    this.#metadata = metadata;
  }

  spec(more: JsonObject = {}): JsonObject {
    return { sourceRef: { kind: "GitRepository", name: this.name }, retryInterval: "1s", path: "./", ...more };
  }

  commit(...texts: string[]): string {
    return this.world.commit({ "all.yaml": texts.join("\n---\n") }, this.name);
  }

  apply(spec: JsonObject = {}, metadata: JsonObject = {}): Promise<void> {
    return this.world.apply(kustomization(this.name, this.spec(spec), { ...this.#metadata, ...metadata }));
  }

  /** Commits, delivers, and waits until that is done. */
  async deliver(texts: string[], spec: JsonObject = {}, metadata: JsonObject = {}): Promise<string> {
    const revision = this.commit(...texts);
    await this.apply(spec, metadata);
    await this.world.untilReady(this.name, revision);
    return revision;
  }

  async next(...texts: string[]): Promise<string> {
    const revision = this.commit(...texts);
    await this.world.untilReady(this.name, revision);
    return revision;
  }

  failed(text: string): Promise<{ reason: string; message: string }> {
    return this.world.untilFailed(this.name, text);
  }

  status(): Promise<{ [field: string]: unknown }> {
    return this.world.kustomization(this.name);
  }

  async inventory(): Promise<string[]> {
    const { entries = [] } = ((await this.status())["inventory"] ?? {}) as { entries?: { id: string; v: string }[] };
    return entries.map(({ id, v }) => `${id} ${v}`).sort();
  }

  map(name: string): Promise<Manifest | undefined> {
    return this.world.get("", "ConfigMap", name);
  }

  target(): ReturnType<World["target"]> {
    return this.world.target(group, "Kustomization", this.name, "flux-system");
  }

  /** Waits until the spec as it stands was acted on: a commit may otherwise be delivered by the spec before it. */
  async observed(): Promise<void> {
    await this.world.until("the spec to be observed", async () => {
      const object = await this.world.get(group, "Kustomization", this.name, "flux-system");
      const generation = fieldOf(object ?? {}, "metadata", "generation");
      return generation !== undefined && fieldOf(object ?? {}, "status", "observedGeneration") === generation;
    });
  }

  async remove(): Promise<void> {
    await this.world.remove(await this.target());
  }

  async gone(): Promise<void> {
    await this.world.until(`${this.name} to be gone`, async () => {
      return (await this.world.get(group, "Kustomization", this.name, "flux-system")) === undefined;
    });
  }

  /** Asks for a look and waits until it was had. */
  async look(): Promise<void> {
    const token = await this.world.ask(this.name);
    await this.world.until("the look", async () => {
      const status = await this.status();
      const conditions = (status["conditions"] ?? []) as { type: string; status: string }[];
      const isBusy = conditions.some(({ type, status: is }) => type === "Ready" && is === "Unknown");
      return status["lastHandledReconcileAt"] === token && !isBusy;
    });
  }
}

/** A switch of Flux on an object. */
export const mark = (name: string, value: string): JsonObject => ({ [`${group}/${name}`]: value });
