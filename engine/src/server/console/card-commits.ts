// Which commit a card speaks of: that of the revision at hand; of a release that of its chart, where this is built from a Git
// repository, else that of the Kustomization which states it. Commits are asked for once, and told when they are known.

import { type Card, type Commit, type Link, linkKey } from "#api/console";
import { type Manifest, textOf } from "#kernel";
import { commitsKeptMost } from "./limits.ts";
import { ownerKeyOf } from "./object-entries.ts";
import type { SourceHistory } from "./ports.ts";

/** What a delivery or a source says of where it comes from. */
export type Stated = {
  base: Card;
  /** Of a release: the keys of the Kustomization that states it and of the HelmChart it is made from; "" where there is none. */
  owner: string;
  chart: string;
  /** Of a HelmChart: the revision of its source that it is built from. */
  builtFrom: string;
};

/** The parts beside the card. */
export function statedBy(object: Manifest): Omit<Stated, "base"> {
  return {
    owner: object.kind === "HelmRelease" ? ownerKeyOf(object) : "",
    chart: object.kind === "HelmRelease" ? chartKeyOf(object) : "",
    builtFrom: textOf(object, "status", "observedSourceArtifactRevision"),
  };
}

function chartKeyOf(object: Manifest): string {
  const made = textOf(object, "status", "helmChart");
  if (made !== "") return `HelmChart/${made}`;
  if (textOf(object, "spec", "chartRef", "kind") !== "HelmChart") return "";
  const namespace = textOf(object, "spec", "chartRef", "namespace") || (object.metadata.namespace ?? "");
  return linkKey({ kind: "HelmChart", namespace, name: textOf(object, "spec", "chartRef", "name") });
}

type Find = (key: string) => Stated | undefined;

/** The source and the revision whose commit a card speaks of. */
export function standsAt({ base, owner, chart }: Stated, find: Find): { source: Link; revision: string } | undefined {
  if (base.role === "source") return { source: base, revision: base.revision };
  if (base.kind !== "HelmRelease") return base.source && { source: base.source, revision: base.revision };
  const made = find(chart);
  // A newer chart may have been built that is not released yet.
  const isOfGit = made?.base.source?.kind === "GitRepository" && base.revision.endsWith(`@${made.base.revision}`);
  if (isOfGit && made.base.source !== undefined) return { source: made.base.source, revision: made.builtFrom };
  const stating = find(owner);
  return stating?.base.kind === "Kustomization" ? standsAt(stating, find) : undefined;
}

export class CardCommits {
  /** undefined: asked for, or unknown. */
  readonly #commits = new Map<string, Commit | undefined>();
  /** The cards that wait for a commit. */
  readonly #asking = new Map<string, Set<string>>();
  /** The releases that stand or fall with another card. */
  readonly #releases = new Map<string, Set<string>>();
  readonly #touch: (key: string) => void;

  /** `touch`: told of cards whose commit is another now. */
  constructor(touch: (key: string) => void) {
    this.#touch = touch;
  }

  /** A card as it is now, and was; those that speak of the same commit are touched. */
  note(stated: Stated | undefined, before: Stated | undefined): void {
    for (const [one, isThere] of [
      [before, false],
      [stated, true],
    ] as const) {
      for (const on of [one?.owner, one?.chart]) this.#link(on, one?.base.key, isThere);
    }
    const key = stated?.base.key ?? before?.base.key ?? "";
    const isSame = stated?.base.revision === before?.base.revision && stated?.builtFrom === before?.builtFrom;
    if (!isSame) for (const release of this.#releases.get(key) ?? []) this.#touch(release);
  }

  #link(on: string | undefined, release: string | undefined, isThere: boolean): void {
    if (on === undefined || on === "" || release === undefined) return;
    const releases = this.#releases.get(on) ?? new Set();
    if (isThere) releases.add(release);
    else releases.delete(release);
    if (releases.size > 0) this.#releases.set(on, releases);
    else this.#releases.delete(on);
  }

  /** The commit for a card; undefined while it is not known, or where there is none. */
  of(stated: Stated, { find, history }: { find: Find; history: SourceHistory | undefined }): Commit | undefined {
    const at = standsAt(stated, find);
    if (history === undefined || at === undefined || at.revision === "") return undefined;
    const name = `${linkKey(at.source)} ${at.revision}`;
    const asking = this.#asking.get(name);
    if (asking !== undefined || this.#commits.has(name)) {
      asking?.add(stated.base.key);
      return this.#commits.get(name);
    }
    this.#asking.set(name, new Set([stated.base.key]));
    const { kind, namespace, name: called } = at.source;
    history.commit({ kind, namespace, name: called }, at.revision).then(
      (commit) => this.#answered(name, commit),
      () => this.#answered(name, undefined),
    );
    return undefined;
  }

  #answered(name: string, commit: Commit | undefined): void {
    this.#commits.set(name, commit);
    for (const oldest of this.#commits.keys()) {
      if (this.#commits.size <= commitsKeptMost) break;
      this.#commits.delete(oldest);
    }
    const asking = this.#asking.get(name) ?? [];
    this.#asking.delete(name);
    if (commit !== undefined) for (const key of asking) this.#touch(key);
  }
}
