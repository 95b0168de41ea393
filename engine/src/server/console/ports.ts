// What the console's server is given by the rooms below, where they run in this process. Without them it shows what the
// cluster says, and says what it cannot show.

import type { Engine } from "#delivery";

export type { CommitRequest, PastCommit, SourceHistory } from "#artifacts";

/** The engine, as far as the console looks at it. */
export type EngineView = Pick<Engine, "snapshot" | "subscribe" | "objects" | "looking">;
