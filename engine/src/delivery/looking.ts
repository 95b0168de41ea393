// Looks into the engine for those who show it: what a delivery is and states, and what applying it now would do. Nothing is
// written, and encrypted values stay masked.

import type { Cluster } from "#cluster";
import { decodeUtf8, type Manifest, refKey, type VersionedRef } from "#kernel";
import type { Step } from "#plan";
import { fileLengthMost, filesMost } from "#render/locate";
import { DeliveryFault } from "./faults.ts";
import type { Identities } from "./identities.ts";
import { outcomesMost } from "./limits.ts";
import type { Masker } from "./masker.ts";
import type { Delivery, Dialect, Outcome } from "./model.ts";
import type { SourceArtifact } from "./pass.ts";
import type { ArtifactView } from "./ports.ts";
import { wantedArtifact, wantedRevision } from "./pins.ts";
import { filesIn, type PreviewRendering, previewRendering, previewSteps } from "./preview.ts";
import type { RemoteBases } from "./remote-bases.ts";
import { type RenderPool, type SourceTree, withNeeds } from "./render-desk.ts";
import type { DeliveryState } from "./state.ts";
import type { Targets } from "./targets.ts";

/** What the last attempt at something new did. */
export type LastRun = { revision: string; atMs: number; outcomes: readonly Outcome[] };

export type DeliveryLook = {
  delivery: Delivery;
  /** The revision that it is to have: where it is pinned that one, else what its source offers. */
  offered: string | undefined;
  /** The revision and files of the last rendering in this process. */
  rendered: { revision: string; reads: readonly string[] } | undefined;
  /** Absent until something new was tried in this process. */
  last: LastRun | undefined;
  /** Keeps what was decrypted for this delivery out of a text. */
  mask: (text: string) => string;
};

/** Files by path, at a revision. */
export type ReadFiles = { revision: string; files: ReadonlyMap<string, string> };

export interface Looking {
  /** A delivery by its label, `Kustomization/flux-system/apps`. */
  look(label: string): DeliveryLook | undefined;
  /** What it states with some content; without, with what its source offers. Throws DeliveryFault. */
  manifests(label: string, source?: SourceTree): Promise<readonly Manifest[]>;
  /** The same, with the files that it was made of. */
  rendering(label: string, source?: SourceTree): Promise<PreviewRendering>;
  /** The content that it is to have; undefined where its source offers none. */
  content(label: string): Promise<SourceArtifact | undefined>;
  /** What applying that now would do, dry-run as whoever applies it. Throws DeliveryFault. */
  preview(label: string, source?: SourceTree): Promise<{ manifests: readonly Manifest[]; steps: readonly Step[] }>;
  /** What applying one of its manifests now would do to that object. Throws DeliveryFault. */
  step(label: string, manifest: Manifest): Promise<Step | undefined>;
  /** The texts of the files that its last rendering in this process has read, as far as their source still has them. */
  files(label: string): Promise<ReadFiles | undefined>;
  /** The cluster its objects are in, as the engine itself reaches it; undefined while that does not answer. */
  clusterOf(label: string): Cluster | undefined;
}

export type LookingOptions = {
  /** By deliveryKey. */
  states: ReadonlyMap<string, DeliveryState>;
  dialects: readonly Pick<Dialect, "kinds">[];
  artifacts: ArtifactView;
  pool: RenderPool;
  remotes?: RemoteBases;
  home: Cluster;
};

/** Looks into a running engine. */
export class EngineLooking implements Looking {
  readonly #options: LookingOptions;
  readonly #targets: Targets;
  readonly #identities: Identities;

  constructor(options: LookingOptions, { targets, identities }: { targets: Targets; identities: Identities }) {
    this.#options = options;
    this.#targets = targets;
    this.#identities = identities;
  }

  look(label: string): DeliveryLook | undefined {
    const state = this.#find(label);
    if (state === undefined) return undefined;
    const { delivery, desired, masker, last } = state;
    const reads = filesIn(desired?.rendering.reads ?? []);
    return {
      delivery,
      offered: wantedRevision(delivery, this.#options.artifacts),
      rendered: desired === undefined ? undefined : { revision: desired.revision, reads },
      last,
      mask: (text) => maskedText(text, masker),
    };
  }

  async manifests(label: string, source?: SourceTree): Promise<readonly Manifest[]> {
    return (await this.rendering(label, source)).manifests;
  }

  async rendering(label: string, source?: SourceTree): Promise<PreviewRendering> {
    const { pool, remotes, home } = this.#options;
    const { delivery } = this.#require(label);
    const content = source ?? (await wantedArtifact(delivery, this.#options.artifacts))?.source;
    if (content === undefined) throw await this.#sourceless(delivery);
    const options = { delivery, source: content, pool, cluster: home };
    return previewRendering(remotes === undefined ? options : { ...options, remotes });
  }

  async content(label: string): Promise<SourceArtifact | undefined> {
    return wantedArtifact(this.#require(label).delivery, this.#options.artifacts);
  }

  async preview(label: string, source?: SourceTree): ReturnType<Looking["preview"]> {
    const { delivery, inventory } = this.#require(label);
    const manifests = await this.manifests(label, source);
    return { manifests, steps: await this.#steps(delivery, manifests, inventory) };
  }

  async step(label: string, manifest: Manifest): ReturnType<Looking["step"]> {
    const { delivery } = this.#require(label);
    return (await this.#steps(delivery, [manifest], []))[0];
  }

  /** `inventory`: what was applied, of which the rest is to be pruned. */
  #steps(
    delivery: Delivery,
    manifests: readonly Manifest[],
    inventory: readonly VersionedRef[],
  ): Promise<readonly Step[]> {
    const present = { ...delivery, remembered: { ...delivery.remembered, inventory } };
    return this.#targets.with(delivery, (reach) =>
      previewSteps(present, manifests, this.#identities.clusterFor(delivery.identity, reach.cluster)),
    );
  }

  async files(label: string): Promise<ReadFiles | undefined> {
    const look = this.look(label);
    const artifact = look === undefined ? undefined : await wantedArtifact(look.delivery, this.#options.artifacts);
    if (look?.rendered === undefined || artifact === undefined) return undefined;
    const open = await artifact.source.open();
    const files = new Map<string, string>();
    for (const path of look.rendered.reads.slice(0, filesMost)) {
      const bytes = await withNeeds(open, (tree) => (tree.entry(path)?.type === "file" ? tree.read(path) : undefined));
      if (bytes !== undefined && bytes.length <= fileLengthMost) files.set(path, decodeUtf8(bytes));
    }
    return { revision: artifact.revision, files };
  }

  clusterOf(label: string): Cluster | undefined {
    const state = this.#find(label);
    return state === undefined ? undefined : this.#targets.known(state.delivery)?.cluster;
  }

  #find(label: string): DeliveryState | undefined {
    const kinds = this.#options.dialects.flatMap((dialect) => dialect.kinds);
    const group = kinds.find(({ kind }) => label.startsWith(`${kind}/`))?.group;
    return group === undefined ? undefined : this.#options.states.get(`${group}/${label}`);
  }

  #require(label: string): DeliveryState {
    const state = this.#find(label);
    if (state !== undefined) return state;
    throw new DeliveryFault({
      code: "spec-invalid",
      disposition: "wait",
      at: label,
      message: "the engine in this process does not run this delivery",
      hint: "is its spec valid, and is it in this shard?",
    });
  }

  async #sourceless({ source }: Delivery): Promise<DeliveryFault> {
    return new DeliveryFault({
      code: "source-not-ready",
      disposition: "wait",
      message: await this.#options.artifacts.whyNot(source),
      hint: "there is a plan as soon as the source has an artifact",
    });
  }
}

function maskedText(text: string, masker: Masker | undefined): string {
  return masker === undefined ? text : masker.mask(text);
}

/** What the last attempt did, with what a pass has done since; heals are no part of it. */
export function lastRunAfter(
  { last, attemptedRevision = "" }: Pick<DeliveryState, "last" | "attemptedRevision">,
  outcomes: readonly Outcome[],
  nowMs: number,
): LastRun | undefined {
  const notable = outcomes.filter(({ word, isDrift }) => word !== "unchanged" && !isDrift).slice(0, outcomesMost);
  const isSame = last?.revision === attemptedRevision;
  if (notable.length === 0 && (isSame || outcomes.length === 0)) return last;
  const byKey = new Map((isSame ? last.outcomes : []).map((outcome) => [refKey(outcome.ref), outcome]));
  for (const outcome of notable) byKey.set(refKey(outcome.ref), outcome);
  return { revision: attemptedRevision, atMs: nowMs, outcomes: [...byKey.values()].slice(-outcomesMost) };
}
