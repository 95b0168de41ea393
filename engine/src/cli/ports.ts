// What main.ts hands to the command line: the rooms that it must not import itself. Each is loaded when first called.

import type { Cluster } from "#cluster";

export type Ports = {
  /** Of the package: `0.1.0`. */
  version: string;
  /** Set where the caller holds the target already: no kubeconfig is looked for. */
  cluster?: Cluster;
};
