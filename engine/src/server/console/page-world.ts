// What every page is read from.

import type { Cluster } from "#cluster";
import type { Fleet } from "./fleet.ts";
import type { Rights } from "./rights.ts";

/** `readOnlyReason`: why nothing may be changed here; "" when it may. */
export type PageWorld = { cluster: Cluster; fleet: Fleet; rights: Rights; readOnlyReason: string };
