// What the console's server is given by the rooms below, where they run in this process. Without them it shows what the
// cluster says, and says what it cannot show.

import type { Engine } from "#delivery";
import type { Releases } from "#dialects/flux/releases";

export type { CommitRequest, PastCommit, SourceHistory } from "#artifacts";

/** The engine, as far as the console looks at it. */
export type EngineView = Pick<Engine, "snapshot" | "subscribe" | "objects" | "looking">;

/** The loop over HelmReleases, likewise. */
export type ReleasesView = Pick<Releases, "snapshot" | "subscribe" | "looking">;
