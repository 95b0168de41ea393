// What a pass over one HelmRelease is given, and how it may end.

import type { GoMap } from "#formats/gotemplate";
import type { Cluster } from "#cluster";
import type { Reach } from "#delivery";
import type { Clock, Manifest } from "#kernel";
import type { ChartRenderer, LookupAnswer, Release, ReleaseEvent } from "#releases";
import type { Attempt } from "./attempt.ts";
import type { Charts } from "./charts.ts";
import type { ReleaseSettings } from "./options.ts";

/** How a pass ended: when the next one is due. */
export type PassEnd =
  | { next: "interval" | "again" | "never" }
  /** What is asked for waits for a person, or for this time. */
  | { next: "held"; untilMs: number | undefined }
  | { next: "later"; afterMs: number }
  | { next: "back-off"; message: string };

export type PassContext = {
  attempt: Attempt;
  settings: ReleaseSettings;
  clock: Clock;
  charts: Charts;
  /** Where charts are rendered. */
  renderer: ChartRenderer | undefined;
  /** Aborts what only waits, and at the end of the engine everything. */
  signal: AbortSignal;
  /** Makes the HelmChart as the template says. */
  makeChart: () => Promise<void>;
  whyWaiting: () => Promise<string | undefined>;
  source: (name: { kind: string; namespace: string; name: string }) => Manifest | undefined;
  values: () => Promise<GoMap>;
  /** Runs with the cluster that the release goes to, as the identity that acts. */
  target: <T>(run: (reach: Reach & { acting: Cluster }) => Promise<T>) => Promise<T>;
  /** Hears of each step. */
  onEvent: (event: ReleaseEvent) => void;
  /** True once nothing may be written any more. */
  isStopping: () => boolean;
  lookups: ReleaseLookups;
  /** Told of the objects that the release in sync consists of; undefined: nobody compared them. */
  settled: (objects: readonly Manifest[] | undefined, reach: Reach) => Promise<void>;
};

/** What is known of the lookups of the release at hand. */
export type ReleaseLookups = {
  /** The answers with which a revision without a mark was first seen. */
  markOf: (version: number) => string | undefined;
  mayUpgrade: () => boolean;
  /** What was rendered for a wish when it was looked at last, in this process. */
  tried: (wish: string) => Release | undefined;
  noteTried: (tried: { wish: string; release: Release } | undefined) => void;
  /** Told of all that was looked up; of nothing where the chart asks for nothing. */
  follow: (
    seen: { version: number; mark: string; lookups: readonly LookupAnswer[] } | undefined,
    reach: Reach,
  ) => Promise<void>;
};
