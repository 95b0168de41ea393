// What main.ts hands to the command line: the rooms that it must not import itself. Each is loaded when first called.

import type { Cluster } from "#cluster";
import type { DecryptionOptions } from "#delivery";
import type { FluxOptions } from "#dialects/flux";
import type { MirrorMap } from "#sources/mirrors";
import type { ExitCode } from "./exit.ts";
import type { PhaseNote } from "./live/state.ts";

/** How the engine works, where that can be chosen. */
export type EngineTuning = {
  jitterPercent: number;
  /** Whether an object's own ServiceAccount may be a cloud identity. */
  hasObjectIdentity: boolean;
  flux: FluxOptions;
  decryption: Pick<DecryptionOptions, "ageSecret" | "vaultConfigMap">;
};

/** Who may use the console, and how people sign in there. */
export type ConsoleTuning = {
  /** Of this program. */
  version?: string;
  /** Why nothing may be changed through it; absent: it may. */
  readOnlyReason?: string;
  oidc?: {
    issuer: string;
    clientId: string;
    clientSecret?: string;
    /** The console's address as browsers see it, without a path. */
    address: string;
    scopes: readonly string[];
    userClaim: string;
    userPrefix: string;
    groupsClaim: string;
    groupsPrefix: string;
  };
};

export type HomeOptions = {
  /** Everything the home keeps. */
  dataFolder: string;
  /** Ports on loopback; 0: any free one. */
  apiPort: number;
  port: number;
  /** Where else the kubeconfig is written. */
  kubeconfigOut: string | undefined;
  /** The console's built files. */
  consoleFolder: string;
  /** URL prefixes that are fetched from elsewhere. */
  mirrors: MirrorMap;
  tuning?: EngineTuning;
  console?: ConsoleTuning;
  /** Told what is being done, in words. */
  step: (text: string) => void;
};

/** An engine that runs in this process. */
export type RunningEngine = {
  /** Tells each delivery's phase, now and whenever it changes. */
  phases: (listener: (note: PhaseNote) => void) => void;
  /** The console, with the token that opens it. */
  url: string;
  close(): Promise<void>;
};

export type EngineOptions = {
  cluster: Cluster;
  /** For mirrors and logs; nothing in it is missed. */
  dataFolder: string;
  port: number;
  consoleFolder: string;
  /** URL prefixes that are fetched from elsewhere. */
  mirrors: MirrorMap;
  tuning?: EngineTuning;
  console?: ConsoleTuning;
  /** The interface that the port listens on; loopback when absent. */
  host?: string | undefined;
  /** The name, with a port where it is not 80, under which others reach that port; loopback when absent. */
  advertised?: string | undefined;
  /** Takes the log's lines; a file in the data folder when absent. */
  logLine?: ((line: string) => void) | undefined;
};

export type Home = {
  /** The embedded control plane, as its administrator. */
  cluster: Cluster;
  kubeconfig: string;
  /** Addresses of the Kubernetes API and of the console; the latter with the token that opens it. */
  api: string;
  url: string;
  phases: RunningEngine["phases"];
  /** Stops everything; what was acknowledged is on disk. */
  close(): Promise<void>;
};

export type BackupRequest = { dataFolder: string; file: string; withKeys: boolean };
export type RestoreRequest = { dataFolder: string; file: string };

/** What was written or put back: the control plane's revision and how many objects; whether the folder's keys were with it. */
export type StoreReport = { revision: number; keys: number; hasKeys: boolean };

export type Ports = {
  /** Of the package: `0.1.0`. */
  version: string;
  /** Set where the caller holds the target already: no kubeconfig is looked for. */
  cluster?: Cluster;
  /** Starts the embedded home. */
  openHome?: (options: HomeOptions) => Promise<Home>;
  /** Writes the control plane's data to a file, and back. */
  backUp?: (request: BackupRequest) => Promise<StoreReport>;
  restore?: (request: RestoreRequest) => Promise<StoreReport>;
  /** Starts the engine against a cluster elsewhere. */
  openEngine?: (options: EngineOptions) => Promise<RunningEngine>;
  /** Runs the same command line in a thread with a long stack; undefined where this is such a thread. */
  runInLongStack?: () => Promise<ExitCode | undefined>;
  /** The console's built files, and the example fleet, as shipped. */
  consoleFolder?: string;
  exampleFolder?: string;
};
