// Scripts written by hand for what random ones do not reach.

import type { Script } from "./steps.ts";

export const handScripts: readonly Script[] = [];
