// What the engine over HelmReleases is given, and what stands for what is not given.

import type { ArtifactView } from "#artifacts";
import type { Cluster } from "#cluster";
import type { DecryptionOptions, EventInput, Journal } from "#delivery";
import type { Clock } from "#kernel";
import type { ChartRenderer } from "#releases";
import { dependencyRetryMs } from "../limits.ts";

/** What flags of Flux's helm-controller say. */
export type ReleaseSettings = {
  /** False: sources and dependencies in another namespace are refused. */
  isCrossNamespaceAllowed: boolean;
  /** The ServiceAccount that acts where a HelmRelease names none. */
  defaultServiceAccount: string | undefined;
  defaultKubeConfigServiceAccount: string | undefined;
  /** Which HelmReleases are looked at, by label. */
  watchSelector: string | undefined;
  isReadyExpressionAdditive: boolean;
  dependencyRetryMs: number;
  /** True: what names no strategy is tried again, and nothing is undone. */
  retriesByDefault: boolean;
};

export type ReleasesOptions = {
  cluster: Cluster;
  artifacts: ArtifactView;
  clock: Clock;
  signal: AbortSignal;
  random: () => number;
  jitterPercent?: number;
  settings?: Partial<ReleaseSettings>;
  /** How keys of encrypted values and other clusters are reached. */
  decryption?: DecryptionOptions;
  journal?: Journal;
  /** Where charts are rendered; absent: in this thread, with nothing random. */
  renderer?: ChartRenderer;
  /** Told of what went wrong behind the scenes, without secrets. */
  logged?: (message: string) => void;
  /** Told of every Event. */
  told?: (event: EventInput) => void;
  /** Told of every pass over a release, `namespace/name`. */
  passed?: (key: string, tookMs: number) => void;
};

export function settingsOf(given: Partial<ReleaseSettings> = {}): ReleaseSettings {
  return {
    isCrossNamespaceAllowed: true,
    defaultServiceAccount: undefined,
    defaultKubeConfigServiceAccount: undefined,
    watchSelector: undefined,
    isReadyExpressionAdditive: false,
    dependencyRetryMs,
    retriesByDefault: false,
    ...given,
  };
}
