// The page of one delivery or source.

import type { Card, LogLine, TreeNode } from "./fleet.ts";
import type { Rights } from "./actions.ts";
import type { Place } from "./object.ts";
import type { Commit, Happening, ObjectLink } from "./words.ts";

/** `GET /api/deliveries/KIND/NAMESPACE/NAME`; sources have the same page without the delivery's parts. */
export type DeliveryPage = {
  card: Card;
  conditions: readonly ConditionView[];
  /** Itself first, then all that it waits for, however far; of a source, the deliveries that read it. */
  chain: readonly ChainLink[];
  events: readonly Happening[];
  history: readonly HistoryEntry[];
  /** The last lines, oldest first; empty where no engine runs in this process. */
  log: readonly LogLine[];
  rights: Rights;
  /** What is not shown and why, in words: lists that the reader may not read, kinds that are not served. */
  limits: readonly string[];
};

export type ConditionView = {
  type: string;
  status: string;
  reason: string;
  message: string;
  sinceMs: number;
  /** What it means and what to do, in plain words; "" where nothing need be done. */
  advice: string;
};

/** One that is waited for, with why it is not there yet. */
export type ChainLink = {
  key: string;
  /** ready, waiting, failed, suspended, held, absent, cyclic. */
  state: "ready" | "waiting" | "failed" | "suspended" | "held" | "absent" | "cyclic";
  /** In words: `it waits for infra, which fails: …`. */
  because: string;
  dependsOn: readonly string[];
};

/** One attempt to bring a revision about, newest first. */
export type HistoryEntry = {
  revision: string;
  /** What `plan?revision=` and a roll-back take: of a Kustomization the revision, of a HelmRelease `v3`. */
  to: string;
  /** Of a HelmRelease, as far as Helm's records are kept. */
  release?: ReleaseEntry;
  commit?: Commit;
  atMs: number;
  /** 0: not recorded. */
  tookMs: number;
  /** ReconciliationSucceeded, BuildFailed, … */
  result: string;
  message: string;
  /** When everything was healthy after it; absent: not known, or never. */
  healthyMs?: number;
  times: number;
  canRollBack: boolean;
  /** Why one cannot go back to it; "" when one can. */
  whyNot: string;
};

/** One revision of a release, as Helm's record has it. */
export type ReleaseEntry = {
  version: number;
  chart: string;
  chartVersion: string;
  appVersion: string;
  /** deployed, superseded, failed, uninstalled, pending-upgrade, … */
  status: string;
  /** install, upgrade, rollback; "" where nobody noted it. */
  action: string;
  /** "" where there are none, or they have not run. */
  tests: "" | "passed" | "failed";
};

/** `GET …/objects`: the graph as flat nodes, the delivery itself first; the same list is the table. */
export type Tree = {
  nodes: readonly TreeNode[];
  /** Objects beyond the bound, and those the reader may not read. */
  unlisted: number;
  limits: readonly string[];
};

/** `GET …/plan?which=pending|last&revision=`: what would be done, or what was. */
export type PlanView = {
  revision: string;
  commit?: Commit;
  /** What is applied now. */
  from: string;
  atMs: number;
  which: "pending" | "last";
  steps: readonly PlanStep[];
  counts: Readonly<Partial<Record<PlanStep["action"], number>>>;
  warnings: readonly string[];
  /** Why there is no plan: it cannot be rendered, the source offers nothing, …; "" when there is one. */
  problem: string;
};

export type PlanStep = {
  action: "create" | "configure" | "recreate" | "prune" | "unchanged" | "skip" | "refused";
  object: ObjectLink;
  reason: string;
  changes: readonly FieldDiff[];
  isDrift: boolean;
};

/** One differing field. `from` is live, `to` is desired; absent: not there. */
export type FieldDiff = {
  /** `spec.template.spec.containers[name=web].image` */
  path: string;
  from?: string;
  to?: string;
  managers: readonly string[];
  /** Where Git states it, as far as that can be told. */
  statedAt?: Place;
};
