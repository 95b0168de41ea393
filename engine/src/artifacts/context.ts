// What every loop over source objects works with.

import type { Cluster } from "#cluster";
import type { WorkQueue } from "#controller";
import type { Clock, Manifest } from "#kernel";
import type { Environment, GitMirrors } from "#sources/git";
import type { HttpClient } from "#sources/http";
import type { LoginCache } from "#sources/identity";
import type { MirrorMap } from "#sources/mirrors";
import type { PublicTrustRoot, Registry } from "#sources/oci";
import type { Archives } from "./archives.ts";
import type { Held } from "./bucket.ts";
import type { ChartIndexes } from "./chart-indexes.ts";
import { intervalJitter, intervalLeastMs } from "./limits.ts";
import type { MirrorUse } from "./mirror-use.ts";
import type { Objects } from "./objects.ts";
import type { Records } from "./records.ts";
import type { Snapshots } from "./snapshots.ts";
import type { ArtifactStore, SourceName } from "./store.ts";

export type Context = {
  cluster: Cluster;
  clock: Clock;
  random: () => number;
  store: ArtifactStore;
  archives: Archives;
  mirrors: GitMirrors;
  /** URL prefixes that are fetched from elsewhere: asked with `mirroredUrl` before each connection. */
  mirrorMap: MirrorMap;
  /** One HTTP client for all that is no Git. */
  http: HttpClient;
  registry: Registry;
  /** Whom keyless signatures are trusted of where an object names no root of its own. */
  publicTrust: PublicTrustRoot;
  /** Trees of sources that are no Git repositories. */
  snapshots: Snapshots;
  indexes: ChartIndexes;
  /** What buckets held when they were last fetched, by namespace and name. */
  heldObjects: Map<string, { repository: string; objects: ReadonlyMap<string, Held> }>;
  /** Notes that something here reads the source, which may be looked after elsewhere. */
  want: (source: SourceName) => void;
  /** A source object as it was last seen, if it is looked after here. */
  find: (source: SourceName) => Manifest | undefined;
  /** Whether an object is looked after here. */
  isOwn: (object: Manifest) => boolean;
  /** All objects of a source kind that are looked after here. */
  all: (kind: string) => readonly Manifest[];
  objects: Objects;
  queue: WorkQueue;
  /** Which commits and composed trees may still be read. */
  mirrorUse: MirrorUse;
  /** What each GitRepository's signatures were last found good for. */
  verified: Map<string, string>;
  /** Short-lived credentials of identities. */
  logins: LoginCache;
  /** Whether an object's own ServiceAccount may be used as a cloud identity; Flux's gate ObjectLevelWorkloadIdentity. */
  hasObjectIdentity: boolean;
  /** By which share of it an interval is longer or shorter. */
  jitter: number;
  /** Whether an object may name sources in other namespaces. */
  isCrossNamespaceAllowed: boolean;
  /** What was offered last, for after a restart. */
  records: Records;
  /** A folder for repositories of composed trees. */
  composed: string;
  environment: Environment;
  /** Where artifacts are served, without a trailing slash: `http://127.0.0.1:7440`. */
  address: string;
};

/** The interval, a little longer or shorter. */
export function withJitter(intervalMs: number, random: () => number, share: number = intervalJitter): number {
  return Math.max(intervalLeastMs, intervalMs) * (1 + share * (random() * 2 - 1));
}
