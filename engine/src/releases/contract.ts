// What the rooms above use of Helm releases: the record as Helm stores it, its storage, and the actions. Types only.
// A record holds exactly what Helm 4.3 writes (release.v1), by the names of its JSON, so that either side reads the other.
// https://helm.sh/docs/topics/advanced/#storage-backends

import type { Cluster } from "#cluster";
import type { GoMap } from "#formats/gotemplate";
import type { HealthExpressions } from "#health";
import type { Clock, Fault, FileTree, JsonObject, Manifest, VersionedRef } from "#kernel";
import type { FunctionEnvironment, HookEvent, PostRender, PostRenderStrategy, UserValues } from "#render/helm";
import type { ChartRenderer, LookupAnswer, RenderedChart } from "./chart-renderer.ts";

/** Every status Helm knows. `pending-*`: an action is under way, or was killed. */
export type ReleaseStatus =
  | "unknown"
  | "deployed"
  | "uninstalled"
  | "superseded"
  | "failed"
  | "uninstalling"
  | "pending-install"
  | "pending-upgrade"
  | "pending-rollback";

/** How far a hook came when it last ran; "" before it ever ran. */
export type HookPhase = "" | "Unknown" | "Running" | "Succeeded" | "Failed";

/** A hook of a release. Absent members are Go's zero values. */
export type ReleaseHook = {
  name: string;
  kind: string;
  path: string;
  manifest: string;
  events: HookEvent[];
  /** RFC 3339 times, as Go writes them. */
  last_run: { started_at?: string; completed_at?: string; phase: HookPhase };
  weight?: number;
  delete_policies?: string[];
  output_log_policies?: string[];
};

/** RFC 3339 times, as Go writes them; absent where Helm has none. */
export type ReleaseInfo = {
  first_deployed?: string;
  last_deployed?: string;
  deleted?: string;
  description?: string;
  status: ReleaseStatus;
  rollback_revision?: number;
  notes?: string;
};

/** A file of a stored chart; `data` is base64. */
export type StoredFile = { name: string; data: string; modtime?: string };

/** The chart as a release keeps it: without its subcharts, with the defaults that were in force. */
export type StoredChart = {
  /** Chart.yaml as JSON: name, version, appVersion, … */
  metadata: JsonObject & { name?: string; version?: string; appVersion?: string };
  lock: JsonObject | null;
  templates: StoredFile[] | null;
  values: JsonObject | null;
  /** values.schema.json, base64. */
  schema: string | null;
  files: StoredFile[] | null;
  [field: string]: unknown;
};

/** One revision of a release. Members unknown here are kept when it is written again. */
export type Release = {
  name: string;
  namespace: string;
  /** The revision, from 1. */
  version: number;
  info: ReleaseInfo;
  chart: StoredChart;
  /** The values that the user gave. */
  config?: JsonObject | null;
  /** The objects without the hooks: what `helm get manifest` prints. */
  manifest: string;
  hooks?: ReleaseHook[] | null;
  /** Server-side (`ssa`) or client-side (`csa`) apply; absent means client-side: Helm 3 wrote it. */
  apply_method?: "ssa" | "csa" | "";
  /** How far an action came that is under way; gone once it has ended. Helm passes over it. */
  keelson?: ReleaseProgress;
  /** The user's labels. Not in the JSON: labels of the Secret or ConfigMap, without Helm's own. */
  labels: { [key: string]: string };
};

/** Keyed by event and place in its order (`pre-install#0`): what a process that takes over must know to run no hook twice. */
export type ReleaseProgress = {
  action: ReleaseAction;
  hooks: { [key: string]: HookProgress };
  /** Of `test`: the hooks that were asked for, in their order. */
  tests?: string[];
};

export type ReleaseAction = "install" | "upgrade" | "rollback" | "uninstall" | "test";

/** `before` and `uid`: of the object of the hook's name that stood there before, and of the hook's own. */
export type HookProgress = { state: "started" | "created" | "done"; before: string; uid?: string };

export type StorageDriver = "Secret" | "ConfigMap";

/**
 * The records of one namespace of one cluster, in Secrets (`sh.helm.release.v1.NAME.vN`, type `helm.sh/release.v1`) or
 * ConfigMaps. What cannot be decoded is left out of lists, as Helm does. What the server refuses is thrown as a Fault
 * `release-storage-failed`.
 */
export interface ReleaseStorage {
  readonly driver: StorageDriver;
  /** "" reads those of all namespaces; nothing can be written then. */
  readonly namespace: string;
  /** All revisions of all releases, by name and then by revision. */
  list(): Promise<Release[]>;
  /** The revisions of a release, oldest first; empty when there are none. */
  history(name: string): Promise<Release[]>;
  get(name: string, revision: number): Promise<Release | undefined>;
  /** The newest revision, whatever its status. */
  last(name: string): Promise<Release | undefined>;
  /** The newest revision whose status is `deployed`. */
  deployed(name: string): Promise<Release | undefined>;
  /**
   * Stores a new revision. `maxHistory` > 0 first removes the oldest ones, never the deployed one, until the new one fits.
   * A revision that is there already is a Fault `release-exists`: it is the lock between two that act at once.
   */
  create(release: Release, maxHistory?: number): Promise<void>;
  /** Writes a revision again; a Fault where it is gone. */
  update(release: Release): Promise<void>;
  /** Removes a revision; what is gone already is no fault. */
  delete(name: string, revision: number): Promise<void>;
}

/**
 * `watcher`: kstatus of every object, by watches (Helm 4's `--wait`, Flux's `poller`). `legacy`: Helm 3's readiness
 * rules. `hookOnly`: hooks alone are waited for (no `--wait`, Flux's `disableWait`).
 */
export type WaitStrategy = "watcher" | "legacy" | "hookOnly";

/** What happens to the definitions in a chart's crds/: Flux's `crds`. Helm itself: Create in an install, Skip in an upgrade. */
export type CrdsPolicy = "Skip" | "Create" | "CreateReplace";

/**
 * What an action does with a last revision that is `pending-*`.
 * `refuse`: Helm's answer, "another operation (install/upgrade/rollback) is in progress".
 * `resume`: for those who know that nobody else is at work. The same work goes on where it was cut off, and a hook that
 * has run does not run again; other work marks the revision failed first, and its objects are not forgotten.
 * `fail`: marks it failed and starts anew, as Flux's unlock.
 */
export type PendingPolicy = "refuse" | "resume" | "fail";

/** Where actions work, and what they tell while they do. */
export type ReleaseContext = {
  /** Holds the objects; its identity is the one that acts. */
  cluster: Cluster;
  storage: ReleaseStorage;
  clock: Clock;
  /** The manager of fields and the user agent's short name: `helm`, or `helm-controller` for Flux. */
  fieldManager: string;
  /** Time and randomness for templates that are rendered in this thread. */
  environment?: FunctionEnvironment;
  /** Where charts are rendered; absent: in this thread. */
  charts?: ChartRenderer;
  /** True: what charts look up is noted on their records, so that `renderAgain` can tell when it has changed. */
  notesLookups?: boolean;
  /** What a container has written; without it output log policies do nothing. */
  readLogs?: (pod: { namespace: string; name: string; container: string }) => Promise<string>;
  /** Hears of each step as it happens; must not throw. */
  onEvent?: (event: ReleaseEvent) => void;
};

/** Steps as they happen. No text of theirs holds a secret value; a record may, and is for no log. */
export type ReleaseEvent =
  /** A record was written: created first, then updated. `release` is as it was written, and changes with the next step. */
  | { type: "recorded"; release: Release; isNew: boolean; revision: number; status: ReleaseStatus; description: string }
  | { type: "object"; outcome: ObjectOutcome }
  | { type: "hook"; event: HookEvent; hook: string; kind: string; phase: HookPhase; message?: string }
  /** Text that a hook's container wrote, where its output log policy asks for it. */
  | { type: "hookLog"; pod: string; container: string; text: string }
  /** What is waited for; sent when it changes. */
  | { type: "waiting"; ref: VersionedRef; status: string; message: string }
  | { type: "warning"; message: string };

/** What was done with one object. `kept`: by its resource policy, or because it belongs to somebody else. */
export type ObjectAction = "created" | "configured" | "unchanged" | "replaced" | "deleted" | "kept" | "failed";

export type ObjectOutcome = { ref: VersionedRef; action: ObjectAction; message?: string };

export type ActionResult =
  | { ok: true; release: Release; outcomes: readonly ObjectOutcome[]; warnings: readonly string[]; kept?: string }
  /** `release`: the revision as recorded, where one was; its status says what became of it. */
  | {
      ok: false;
      fault: Fault;
      release?: Release;
      outcomes: readonly ObjectOutcome[];
      warnings: readonly string[];
      /** What `rollbackOnFailure` did, after the failure. */
      undone?: ActionResult;
    };

/** Of all actions. Times default to Helm's: 5 minutes. */
export type CommonOptions = {
  name: string;
  /** Where the objects go that name no namespace; `Release.Namespace`. */
  namespace: string;
  timeoutMs?: number;
  /** Ends the action between two requests: the record says failed, as when Helm is interrupted. */
  signal?: AbortSignal;
  disableHooks?: boolean;
  /** Default `hookOnly`, as Helm. */
  wait?: WaitStrategy;
  waitForJobs?: boolean;
  /** Flux's `healthCheckExprs`: asked instead of kstatus' rules by `watcher`. */
  expressions?: readonly HealthExpressions[];
  description?: string;
  onPending?: PendingPolicy;
};

/** The chart and its values, or a rendering made by `render` for this very action. */
export type ChartInput =
  | {
      chart: FileTree | Uint8Array;
      /** The chart's folder in the tree. */
      path?: string;
      /** Values as data; `given` counts above them. */
      values?: GoMap;
      given?: UserValues;
    }
  | { rendered: RenderedRelease };

/** A rendering, with what it was made for. */
export type RenderedRelease = RenderedChart & {
  revision: number;
  isUpgrade: boolean;
  lookups: readonly LookupAnswer[];
  /** Stands on the record; "" where nothing was looked up or nobody follows it. */
  lookedUp: string;
};

/** What the last revision would be if it were rendered now; `lookedUp` as in RenderedRelease. */
export type RenderedAgain = {
  lookups: readonly LookupAnswer[];
  lookedUp: string;
  /** The answers to lookups are others, and so is what was rendered with them. */
  isOther: boolean;
};

/** Of what renders. */
export type RenderFlags = {
  postRender?: PostRender;
  postRenderStrategy?: PostRenderStrategy;
  skipSchemaValidation?: boolean;
  subNotes?: boolean;
};

export type RenderAgainOptions = CommonOptions &
  ChartInput &
  RenderFlags & { valuesPolicy?: ValuesPolicy; since?: string };

/** Of what writes objects. `forceReplace` (client-side only) replaces instead of patching; `forceConflicts` takes fields of others. */
export type ApplyFlags = {
  forceReplace?: boolean;
  forceConflicts?: boolean;
  /** Do not check that objects fit their schema. */
  disableOpenApiValidation?: boolean;
  /** Objects that exist become the release's, whoever made them. */
  takeOwnership?: boolean;
  crds?: CrdsPolicy;
  /** Put on the definitions of the chart's crds/. */
  crdLabels?: { readonly [key: string]: string };
  labels?: { [key: string]: string };
  maxHistory?: number;
  /** Renders, checks and asks the cluster; changes nothing. The release that comes back is not stored. */
  isDryRun?: boolean;
};

export type InstallOptions = CommonOptions &
  ChartInput &
  RenderFlags &
  ApplyFlags & {
    createNamespace?: boolean;
    /** Default true. */
    serverSide?: boolean;
    /** Use a name again whose last revision is uninstalled or failed. */
    replace?: boolean;
    /** Uninstalls what failed: Helm's `--rollback-on-failure`. */
    rollbackOnFailure?: boolean;
  };

/** Which of the user's former values stay. `default`: all when none are given now, else none. */
export type ValuesPolicy = "default" | "reset" | "reuse" | "reset-then-reuse";

/** `auto`: as the last revision was applied. */
export type ServerSide = boolean | "auto";

export type UpgradeOptions = CommonOptions &
  ChartInput &
  RenderFlags &
  ApplyFlags & {
    /** Default `auto`. */
    serverSide?: ServerSide;
    valuesPolicy?: ValuesPolicy;
    /** Removes objects that a failed upgrade created. */
    cleanupOnFail?: boolean;
    /** Goes back to the last good revision: Helm's `--rollback-on-failure`. */
    rollbackOnFailure?: boolean;
  };

export type RollbackOptions = CommonOptions & {
  /** Absent or 0: the one before the last. */
  revision?: number;
  serverSide?: ServerSide;
  forceReplace?: boolean;
  forceConflicts?: boolean;
  cleanupOnFail?: boolean;
  maxHistory?: number;
  isDryRun?: boolean;
};

export type UninstallOptions = CommonOptions & {
  keepHistory?: boolean;
  /** Default `background`. */
  propagation?: "background" | "foreground" | "orphan";
  /** A release that is not there is no fault; the result then has no outcomes and the release is empty. */
  ignoreNotFound?: boolean;
  isDryRun?: boolean;
};

/** `onPending: "resume"` goes on with a run of the same tests that was cut off; otherwise they begin anew. */
export type TestOptions = CommonOptions & {
  /** Names of tests: only these, or all but these. */
  filters?: { only?: readonly string[]; except?: readonly string[] };
  /** Called when all have run and before their objects are removed by policy, so that logs can be read. */
  beforeRemoval?: (release: Release) => Promise<void>;
};

/**
 * The actions. Each records every step before and after it takes it, so that a process may be killed at any moment and the
 * next one goes on. Nothing is thrown but bugs, an aborted render and faults of storage before anything was done.
 */
export interface ReleaseActions {
  /** Renders for the next install (no release) or upgrade; lookups are asked from the cluster, and are its inputs. */
  render(options: CommonOptions & ChartInput & RenderFlags & { valuesPolicy?: ValuesPolicy }): Promise<RenderedRelease>;
  /**
   * Renders the last revision once more, with what the cluster answers now. `since` stands for the mark of a record that has none:
   * without either nothing is found to be other.
   */
  renderAgain(last: Release, options: RenderAgainOptions): Promise<RenderedAgain>;
  install(options: InstallOptions): Promise<ActionResult>;
  upgrade(options: UpgradeOptions): Promise<ActionResult>;
  rollback(options: RollbackOptions): Promise<ActionResult>;
  uninstall(options: UninstallOptions): Promise<ActionResult>;
  /** Runs the tests; `ok` only when all have succeeded. Their phases are in the hooks of the release. */
  test(options: TestOptions): Promise<ActionResult>;
  /** Marks a last revision that is `pending-*` failed, with this description; undefined when it was not pending. */
  unlock(name: string, description?: string): Promise<Release | undefined>;
}

/** The release's objects as they are applied: with namespace, Helm's label and its two annotations. Hooks are left out. */
export type ReleaseObjects = (release: Release, cluster: Cluster) => Promise<Manifest[]>;
