// Feeds the live state from a cluster: sources, deliveries and their Events, by watches alone.

import { helmGroup, kustomizeGroup, sourceGroup } from "#api/flux";
import { type Cluster, Informer } from "#cluster";
import type { Clock, Manifest } from "#kernel";
import { discover } from "../answers.ts";
import { textOf } from "../flux-objects.ts";
import type { LiveState } from "./state.ts";

const watched = [
  { group: kustomizeGroup, kind: "Kustomization" },
  { group: helmGroup, kind: "HelmRelease" },
  { group: sourceGroup, kind: "GitRepository" },
  { group: sourceGroup, kind: "OCIRepository" },
  { group: sourceGroup, kind: "HelmRepository" },
  { group: sourceGroup, kind: "Bucket" },
  { group: sourceGroup, kind: "ExternalArtifact" },
];

const names = new Set(watched.map(({ kind }) => kind));

export type FeedOptions = {
  cluster: Cluster;
  clock: Clock;
  state: LiveState;
  /** Told after each change of the state. */
  changed: () => void;
  signal: AbortSignal;
};

/** Starts the watches; resolves when the present state is in, or when the signal aborts before. */
export async function feedLiveState({ cluster, clock, state, changed, signal }: FeedOptions): Promise<void> {
  const discovery = await discover(cluster);
  const started = clock.now();
  const synced: Promise<void>[] = [];
  const start = (
    kind: { group: string; kind: string },
    listener: { changed(o: Manifest): void; deleted(o: Manifest): void },
  ): void => {
    const resource = discovery.byKind(kind.group, kind.kind, kind.group === "" ? "v1" : undefined);
    if (resource === undefined) return;
    const informer = new Informer<Manifest>({ cluster, resource, clock, keep: (object) => object });
    informer.subscribe(listener);
    synced.push(Promise.race([informer.synced, informer.run(signal)]));
  };
  const rows = {
    changed: (object: Manifest) => (state.put(object), changed()),
    deleted: (object: Manifest) => (state.remove(object), changed()),
  };
  for (const kind of watched) start(kind, rows);
  start(
    { group: "", kind: "Event" },
    {
      changed(event) {
        if (!names.has(textOf(event, "involvedObject", "kind"))) return;
        // What happened before this start is history: `keelson events` shows it.
        const seen = Date.parse(textOf(event, "lastTimestamp") || (event.metadata.creationTimestamp ?? ""));
        state.happened(event, seen >= started - 1000);
        changed();
      },
      deleted: () => undefined,
    },
  );
  await Promise.all(synced);
}
