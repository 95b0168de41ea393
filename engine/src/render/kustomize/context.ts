// What one build shares among its kustomizations.

import type { FileTree, Issue, Json } from "#kernel";
import type { HelmChart, HelmGlobals } from "./kustomization.ts";
import type { Schema } from "./schema.ts";

/** A chart to render: `folder` is that of the kustomization, in `tree`; charts lie in its `chartHome`. */
export type HelmRequest = {
  chart: HelmChart;
  globals: HelmGlobals;
  tree: FileTree;
  folder: string;
  /** Content of a values file named relative to the folder, checked as kustomize checks it. */
  load: (path: string) => Uint8Array;
  /** Data of YAML text with kustomize's own words and numbers. */
  parse: (text: string) => Json;
};

/** Renders a chart as `helm template` prints it. */
export type HelmPort = (request: HelmRequest) => string;

export type BuildContext = {
  schema: Schema;
  helm: HelmPort | undefined;
  isHelmEnabled: boolean;
  warn: (issue: Issue) => void;
  /** Counts kustomizations visited; throws when there are too many. */
  countVisit: () => void;
};
