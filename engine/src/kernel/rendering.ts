// What every renderer returns, whatever it renders.

import type { Manifest } from "./manifest.ts";
import type { Input, Read } from "./reads.ts";

/** Something worth saying that did not stop the work. Position is 1-based. */
export type Issue = {
  severity: "warning" | "error";
  message: string;
  path?: string;
  line?: number;
  column?: number;
  hint?: string;
};

export type Rendering = {
  /** In apply-independent order, as the renderer's own tool prints them; deep-frozen. */
  manifests: readonly Manifest[];
  reads: readonly Read[];
  inputs: readonly Input[];
  warnings: readonly Issue[];
  /** True when the text depends on clock or randomness: kept as long as its inputs are, so that nothing flaps. */
  isVolatile: boolean;
};
