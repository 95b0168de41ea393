// Looks into the loop over HelmReleases for those who show it: what a release consists of by its records, what the next one
// would, and how either differs from what runs. Nothing is written, and nobody is asked but the cluster.

import type { HelmRelease } from "#api/flux";
import type { ArtifactView, SourceName } from "#artifacts";
import type { Cluster, Identity } from "#cluster";
import type { Decryptions, Masker, Reach, Targets } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import { encodeUtf8, type JsonObject, type Manifest, refKey, refOf } from "#kernel";
import { compareObjects, type Step } from "#plan";
import { type Release, type ReleaseContext, releaseActions, type ReleaseStorage, releaseStorage } from "#releases";
import type { Charts } from "./charts.ts";
import { whyNotReady } from "./charts.ts";
import { configDigest } from "./digests.ts";
import { normalised } from "./drift.ts";
import { ReleaseKindFault } from "./faults.ts";
import { comparedAtOnce } from "./limits.ts";
import { type FindResource, objectsOf } from "./manifest-objects.ts";
import { chartSourceOf, helmManager, releaseNameOf, releaseNamespaceOf, storageNamespaceOf } from "./names.ts";
import { nextRelease } from "./preview.ts";
import type { ReleaseSettings } from "./options.ts";
import { actingAs } from "./acting.ts";
import { targetOf } from "./targets.ts";
import { type TemplatePlace, templatesOf } from "./template-places.ts";
import { openValues } from "./values-files.ts";
import { readValues } from "./values-reader.ts";

/** Some state of a release: that of a record, or the next one. */
export type StatedRelease = {
  /** Of the record; the next one's is what it would be. */
  version: number;
  release: Release;
  /** `podinfo@6.5.0` */
  title: string;
  manifests: readonly Manifest[];
  /** Where the chart states each object, by refKey. */
  templates: ReadonlyMap<string, TemplatePlace>;
};

export type ReleaseLook = {
  object: HelmRelease;
  name: string;
  namespace: string;
  storageNamespace: string;
  /** What has the chart, and what that is made from. */
  chartSource: { name: SourceName; object: Manifest | undefined } | undefined;
  /** Keeps values out of Secrets and decrypted ones out of a text. */
  mask: (text: string) => string;
};

export interface ReleaseLooking {
  /** A release by its label, `HelmRelease/shop/podinfo`; undefined: it is not run here. */
  look(label: string): Promise<ReleaseLook | undefined>;
  /** Another text whenever the object or its chart is another; "" where it is not run here. */
  version(label: string): string;
  /** Its records, newest first. */
  records(label: string): Promise<readonly Release[]>;
  /** What a record states; without a version, what runs. undefined: there is no such record. */
  stated(label: string, version?: number): Promise<StatedRelease | undefined>;
  /** What installing or upgrading it now would make. Throws a Fault where that cannot be rendered. */
  next(label: string): Promise<StatedRelease>;
  /** What would become of the cluster with some state of it: each object dry-run, what it leaves behind pruned. */
  steps(label: string, wanted: StatedRelease): Promise<readonly Step[]>;
  /** The same for one object. */
  step(label: string, manifest: Manifest): Promise<Step>;
}

export type ReleaseLookingOptions = {
  find: (key: string) => { object: Manifest; masker: Masker } | undefined;
  source: (name: SourceName) => Manifest | undefined;
  charts: Charts;
  settings: ReleaseSettings;
  targets: Targets;
  identities: { clusterFor: (identity: Identity | undefined, cluster: Cluster) => Cluster };
  home: Reach;
  decryptions: Decryptions;
  artifacts: ArtifactView;
  /** Where charts are rendered. */
  renderer: ReleaseContext["charts"];
  clock: ReleaseContext["clock"];
  signal: AbortSignal;
};

type Found = { key: string; object: HelmRelease; masker: Masker };
type Where = { cluster: Cluster; find: FindResource };

export class EngineReleaseLooking implements ReleaseLooking {
  readonly #options: ReleaseLookingOptions;

  constructor(options: ReleaseLookingOptions) {
    this.#options = options;
  }

  async look(label: string): Promise<ReleaseLook | undefined> {
    const found = this.#find(label);
    if (found === undefined) return undefined;
    const { object, masker } = found;
    // Secrets must be known before anything that may hold them is shown.
    await this.#values(found).catch(() => undefined);
    const chart = chartSourceOf(object);
    return {
      object,
      name: releaseNameOf(object),
      namespace: releaseNamespaceOf(object),
      storageNamespace: storageNamespaceOf(object),
      chartSource: chart === undefined ? undefined : { name: chart, object: this.#options.source(chart) },
      mask: (text) => masker.mask(text),
    };
  }

  version(label: string): string {
    const object = this.#find(label)?.object;
    const chart = object && chartSourceOf(object);
    if (object === undefined) return "";
    const offered = chart && this.#options.source(chart);
    return `${object.metadata.resourceVersion ?? ""} ${offered?.metadata.resourceVersion ?? ""}`;
  }

  async records(label: string): Promise<readonly Release[]> {
    const { object } = this.#require(label);
    const list = await this.#on(object, ({ cluster }) => this.#storage(object, cluster).history(releaseNameOf(object)));
    return [...list].reverse();
  }

  async stated(label: string, version?: number): Promise<StatedRelease | undefined> {
    const { object } = this.#require(label);
    return this.#on(object, async ({ cluster, find }) => {
      const storage = this.#storage(object, cluster);
      const name = releaseNameOf(object);
      const running = async (): Promise<Release | undefined> =>
        (await storage.deployed(name)) ?? (await storage.last(name));
      const release = version === undefined ? await running() : await storage.get(name, version);
      return release && statedBy(release, find);
    });
  }

  async next(label: string): Promise<StatedRelease> {
    const found = this.#require(label);
    const { object } = found;
    const { charts, source, clock, signal } = this.#options;
    const name = chartSourceOf(object);
    const chartObject = name && source(name);
    const why = chartObject === undefined ? "its chart's source is not there" : whyNotReady(chartObject);
    if (chartObject === undefined || why !== undefined) throw notNow(label, why ?? "");
    const chart = await charts.load(object, chartObject);
    const values = await this.#values(found);
    return this.#on(object, async ({ cluster, find }) => {
      const storage = this.#storage(object, cluster);
      const runs = await storage.deployed(releaseNameOf(object));
      // What asks for nothing new is not rendered again: what a chart makes at random would look like a change.
      if (runs !== undefined && isInForce(object, runs, { version: chart.version, values }))
        return statedBy(runs, find);
      const { renderer } = this.#options;
      const helm = releaseActions({
        cluster,
        storage,
        clock,
        fieldManager: helmManager,
        ...(renderer === undefined ? {} : { charts: renderer }),
      });
      const last = await storage.last(releaseNameOf(object));
      const action = last === undefined || last.info.status === "uninstalled" ? "install" : "upgrade";
      const release = await nextRelease(helm, { object, chart: chart.bytes, signal }, { action, values, last });
      return statedBy(release, find);
    });
  }

  async steps(label: string, wanted: StatedRelease): Promise<readonly Step[]> {
    const { object } = this.#require(label);
    const before = await this.stated(label);
    return this.#on(object, async (where) => {
      const steps: Step[] = [];
      for (let at = 0; at < wanted.manifests.length; at += comparedAtOnce) {
        const part = wanted.manifests.slice(at, at + comparedAtOnce);
        steps.push(...(await Promise.all(part.map((manifest) => stepOf(manifest, where)))));
      }
      const staying = new Set(wanted.manifests.map((manifest) => refKey(refOf(manifest))));
      const leaving = (before?.manifests ?? []).filter((manifest) => !staying.has(refKey(refOf(manifest))));
      for (const manifest of leaving) steps.push(...(await leavingStep(manifest, where)));
      return steps;
    });
  }

  step(label: string, manifest: Manifest): Promise<Step> {
    return this.#on(this.#require(label).object, (where) => stepOf(manifest, where));
  }

  #find(label: string): Found | undefined {
    const [kind, ...rest] = label.split("/");
    const key = rest.join("/");
    const state = kind === "HelmRelease" ? this.#options.find(key) : undefined;
    return state && { key, object: state.object as unknown as HelmRelease, masker: state.masker };
  }

  #require(label: string): Found {
    const found = this.#find(label);
    if (found !== undefined) return found;
    throw notNow(label, "the engine in this process does not run this release");
  }

  /** Where a release goes, as whoever acts there. */
  #on<T>(object: HelmRelease, run: (where: Where) => Promise<T>): Promise<T> {
    const { targets, identities, settings } = this.#options;
    return targets.with({ target: targetOf(object, settings) }, ({ cluster, kinds }) =>
      run({ cluster: identities.clusterFor(actingAs(object, settings), cluster), find: (ref) => kinds.find(ref) }),
    );
  }

  #storage(object: HelmRelease, cluster: Cluster): ReleaseStorage {
    const { clock } = this.#options;
    return releaseStorage({ cluster, namespace: storageNamespaceOf(object), clock, fieldManager: helmManager });
  }

  /** All values; those out of Secrets are kept out of what is shown from then on. */
  async #values({ key, object, masker }: Found): ReturnType<typeof readValues> {
    const { decryptions, home, artifacts } = this.#options;
    const how = { key, decryptions, cluster: home.cluster, masker, sources: artifacts };
    const { files, plain } = await openValues(object, how);
    return readValues(object, home, {
      files,
      async plain(text, from) {
        const opened = await plain(text, from);
        if (from.startsWith("Secret/")) masker.add(encodeUtf8(opened));
        return opened;
      },
    });
  }
}

/** True where a release is what the object asks for. */
function isInForce(
  { metadata, status }: HelmRelease,
  { chart, config }: Release,
  { version, values }: { version: string; values: GoMap },
): boolean {
  if (status?.observedGeneration !== metadata.generation || chart.metadata.version !== version) return false;
  return configDigest(config) === configDigest(values);
}

async function statedBy(release: Release, find: FindResource): Promise<StatedRelease> {
  const manifests = await objectsOf(release, find);
  return { version: release.version, release, title: titleOf(release), manifests, templates: templatesOf(release) };
}

/** `podinfo@6.5.0` */
export function titleOf({ chart }: Release): string {
  return `${chart.metadata.name ?? ""}@${chart.metadata.version ?? ""}`;
}

async function stepOf(manifest: Manifest, { cluster, find }: Where): Promise<Step> {
  const ref = refOf(manifest);
  const step = { ref, changes: [], isDrift: false, needsTakeOver: false };
  const resource = await find(ref);
  if (resource === undefined) return { ...step, action: "create", reason: "its kind is not served yet" };
  const target = { resource, namespace: resource.isNamespaced ? ref.namespace : "", name: ref.name };
  const live = await cluster.get(target);
  if (!live.ok && live.status.code !== 404) return { ...step, action: "fail", reason: live.status.message };
  const options = { fieldManager: helmManager, isForced: true, isDryRun: true };
  const next = await cluster.apply(target, normalised(manifest), options);
  // A new namespace does not exist during a dry run, and what goes into it cannot be tried.
  if (!live.ok && (next.ok || next.status.code === 404)) return { ...step, action: "create", reason: "is new" };
  if (!next.ok) return { ...step, action: "fail", reason: refusalOf(manifest, next.status.message) };
  const changes = live.ok ? compareObjects(live.value, next.value) : [];
  if (changes.length === 0) return { ...step, action: "unchanged", reason: "is as the release states it" };
  return { ...step, action: "configure", reason: "differs from the release", changes };
}

/** A refusal may repeat a Secret's value. */
function refusalOf({ kind }: Manifest, message: string): string {
  return kind === "Secret" ? "the server does not take it" : message;
}

/** What the release leaves behind is deleted, but for what its policy keeps. */
async function leavingStep(manifest: Manifest, { cluster, find }: Where): Promise<Step[]> {
  const ref = refOf(manifest);
  const resource = await find(ref);
  if (resource === undefined) return [];
  const namespace = resource.isNamespaced ? ref.namespace : "";
  if (!(await cluster.get({ resource, namespace, name: ref.name })).ok) return [];
  const isKept = manifest.metadata.annotations?.["helm.sh/resource-policy"] === "keep";
  const [action, reason] = isKept
    ? (["skip", "is left behind: its resource policy is keep"] as const)
    : (["prune", "is no part of the release any more"] as const);
  return [{ ref, action, reason, changes: [], isDrift: false, needsTakeOver: false }];
}

/** What one state of a release changed of another; what the server adds is in neither. */
export function stepsBetween(before: StatedRelease | undefined, after: StatedRelease): Step[] {
  const old = new Map((before?.manifests ?? []).map((manifest) => [refKey(refOf(manifest)), manifest]));
  const steps = after.manifests.map((manifest): Step => {
    const ref = refOf(manifest);
    const former = old.get(refKey(ref));
    old.delete(refKey(ref));
    const step = { ref, isDrift: false, needsTakeOver: false };
    if (former === undefined) return { ...step, action: "create", reason: "was new", changes: [] };
    const changes = compareObjects(former, manifest);
    return changes.length === 0
      ? { ...step, action: "unchanged", reason: "stayed as it was", changes }
      : { ...step, action: "configure", reason: "was stated otherwise before", changes };
  });
  const gone = [...old.values()].map((manifest): Step => {
    const [ref, reason] = [refOf(manifest), "was no part of the release any more"];
    return { ref, action: "prune", reason, changes: [], isDrift: false, needsTakeOver: false };
  });
  return [...steps, ...gone];
}

/** The values that were given for a release. */
export function givenValues({ release }: StatedRelease): JsonObject {
  return release.config ?? {};
}

function notNow(at: string, message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "release-source",
    disposition: "wait",
    at,
    message,
    hint: "look at the conditions of the release and of its chart's source",
  });
}
