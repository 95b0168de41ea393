// What would become of a release's objects with another chart or other values: rendered and compared by dry run, or beside the
// rendering of another chart. Nothing is changed, and no secret value is in what comes back.

import type { HelmRelease } from "#api/flux";
import type { Cluster } from "#cluster";
import { type DecryptionOptions, Decryptions, Kinds, Masker, noServices } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import {
  asJson,
  type Clock,
  type FileTree,
  isObject,
  type Json,
  type Manifest,
  refKey,
  refOf,
  type VersionedRef,
} from "#kernel";
import { type Release, type ReleaseActions, releaseActions, releaseStorage } from "#releases";
import { installOptions, upgradeOptions } from "./action-options.ts";
import { compareObject } from "./drift.ts";
import { ReleaseKindFault } from "./faults.ts";
import { difference, type Operation } from "./json-difference.ts";
import { type FindResource, objectsOf } from "./manifest-objects.ts";
import { helmManager, releaseNameOf, releaseNamespaceOf, storageNamespaceOf } from "./names.ts";
import { openValues } from "./values-files.ts";
import { readValues } from "./values-reader.ts";

export type PreviewOptions = {
  object: HelmRelease;
  chart: FileTree | Uint8Array;
  /** Another chart to compare with, in the place of what runs. */
  against?: FileTree | Uint8Array;
  /** Whoever looks needs the rights to read what the release reads, and to apply by dry run. */
  cluster: Cluster;
  clock: Clock;
  decryption?: DecryptionOptions;
  signal: AbortSignal;
};

/** `from` and `to` are short JSON; undefined where there is nothing. */
export type FieldChange = { path: string; from?: string; to?: string };

export type ObjectChange = {
  ref: VersionedRef;
  is: "created" | "changed" | "deleted" | "kept" | "refused";
  changes: readonly FieldChange[];
  reason?: string;
};

export type ReleasePreview = { action: "install" | "upgrade"; objects: number; changes: readonly ObjectChange[] };

/** Throws a Fault where the chart cannot be rendered or its values cannot be read. */
export async function previewRelease(options: PreviewOptions): Promise<ReleasePreview> {
  const { object, cluster, clock, against } = options;
  const kinds = new Kinds(cluster);
  const find: FindResource = (ref) => kinds.find(ref);
  const masker = new Masker();
  const values = await valuesOf(options, kinds, masker);
  const storage = releaseStorage({ cluster, namespace: storageNamespaceOf(object), clock, fieldManager: helmManager });
  const last = await storage.last(releaseNameOf(object));
  const action = last === undefined || last.info.status === "uninstalled" ? "install" : "upgrade";
  const helm = releaseActions({ cluster, storage, clock, fieldManager: helmManager });
  const make = (chart: FileTree | Uint8Array): Promise<Release> =>
    nextRelease(helm, { ...options, chart }, { action, values, last });
  const next = await objectsOf(await make(options.chart), find);
  const before = against === undefined ? last : await make(against);
  const former = before === undefined || before.info.status === "uninstalled" ? [] : await objectsOf(before, find);
  const said = sayer(masker);
  const changes =
    against === undefined
      ? [...(await besideLive(next, { cluster, find, said })), ...(await leaving(former, next, { cluster, find }))]
      : besideOther(former, next, said);
  return { action, objects: next.length, changes };
}

async function valuesOf(
  { object, cluster, clock, decryption }: PreviewOptions,
  kinds: Kinds,
  masker: Masker,
): Promise<GoMap> {
  const home = { cluster, kinds };
  // Sources are the engine's to read.
  const sources = {
    get: () => undefined,
    whyNot: () => Promise.resolve("values files of sources are not read here"),
  };
  const decryptions = new Decryptions(decryption ?? noServices(clock), home);
  return readValues(object, home, await openValues(object, { key: "preview", decryptions, cluster, masker, sources }));
}

/** The release as an install or upgrade would store it. Throws a Fault where it cannot be rendered. */
export async function nextRelease(
  helm: ReleaseActions,
  { object, chart, signal }: Pick<PreviewOptions, "object" | "chart" | "signal">,
  { action, values, last }: { action: "install" | "upgrade"; values: GoMap; last: Release | undefined },
): Promise<Release> {
  const wish = { object, chart, values, signal };
  const quiet = { isDryRun: true, wait: "hookOnly" } as const;
  const result =
    action === "install"
      ? await helm.install({ ...installOptions(wish), ...quiet })
      : await helm.upgrade({ ...upgradeOptions(wish, last), ...quiet });
  if (!result.ok) throw result.fault;
  return { ...result.release, namespace: releaseNamespaceOf(object) };
}

type Said = (object: Manifest, path: string, value: Json | undefined) => string | undefined;
type Reach = { cluster: Cluster; find: FindResource };

async function besideLive(
  objects: readonly Manifest[],
  { cluster, find, said }: Reach & { said: Said },
): Promise<ObjectChange[]> {
  const changes: ObjectChange[] = [];
  for (const object of objects) {
    const ref = refOf(object);
    const drift = await compareObject(object, { cluster, resourceOf: (one) => find(refOf(one)), ignore: [] });
    if (drift instanceof ReleaseKindFault) changes.push({ ref, is: "refused", changes: [], reason: drift.message });
    else if (drift.is === "removed") changes.push({ ref, is: "created", changes: [] });
    else if (drift.is === "changed")
      changes.push({ ref, is: "changed", changes: fieldChanges(drift.live, drift.operations, said) });
  }
  return changes;
}

/** What the release leaves behind: deleted, but for what its policy keeps. */
async function leaving(
  former: readonly Manifest[],
  next: readonly Manifest[],
  { cluster, find }: Reach,
): Promise<ObjectChange[]> {
  const staying = new Set(next.map((object) => refKey(refOf(object))));
  const changes: ObjectChange[] = [];
  for (const object of former.filter((one) => !staying.has(refKey(refOf(one))))) {
    const ref = refOf(object);
    const resource = await find(ref);
    if (resource === undefined) continue;
    const namespace = resource.isNamespaced ? ref.namespace : "";
    const live = await cluster.get({ resource, namespace, name: ref.name });
    if (!live.ok) continue;
    const isKept = object.metadata.annotations?.["helm.sh/resource-policy"] === "keep";
    changes.push({ ref, is: isKept ? "kept" : "deleted", changes: [] });
  }
  return changes;
}

/** Two renderings; what the server would add is in neither. */
function besideOther(former: readonly Manifest[], next: readonly Manifest[], said: Said): ObjectChange[] {
  const before = new Map(former.map((object) => [refKey(refOf(object)), object]));
  const changes = next.flatMap((object): ObjectChange[] => {
    const ref = refOf(object);
    const old = before.get(refKey(ref));
    before.delete(refKey(ref));
    if (old === undefined) return [{ ref, is: "created", changes: [] }];
    const operations = difference(asJson(old), asJson(object));
    return operations.length === 0 ? [] : [{ ref, is: "changed", changes: fieldChanges(old, operations, said) }];
  });
  return [
    ...changes,
    ...[...before.values()].map((old): ObjectChange => ({ ref: refOf(old), is: "deleted", changes: [] })),
  ];
}

function fieldChanges(before: Manifest, operations: readonly Operation[], said: Said): FieldChange[] {
  return operations.map((operation) => {
    const { path } = operation;
    const from = said(before, path, at(asJson(before), path));
    const to = operation.op === "remove" ? undefined : said(before, path, operation.value);
    return { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  });
}

/** What a JSON pointer leads to. */
function at(value: Json, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const part of path.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isObject(found) ? found[key] : undefined;
  }
  return found;
}

function sayer(masker: Masker): Said {
  return (object, path, value) => {
    if (value === undefined) return undefined;
    if (object.kind === "Secret" && /^\/(data|stringData|metadata\/annotations)?(\/|$)/.test(path)) return "(hidden)";
    return masker.mask(
      typeof value === "bigint"
        ? String(value)
        : JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? Number(one) : one)),
    );
  };
}
