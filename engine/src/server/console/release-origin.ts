// Where the objects of a release are stated: the template in the chart, in Git where the chart is built from there; then the
// HelmRelease's own file with its values, and the values files that it names.

import type { Commit, Origin, Place } from "#api/console";
import { namedValuesFiles, type ReleaseLook, type StatedRelease, type TemplatePlace } from "#dialects/flux/releases";
import { asManifest, fieldOf, type Json, type Manifest, parseRevision, refKey, refOf, textOf } from "#kernel";
import type { Fleet } from "./fleet.ts";
import { idOf, ownerKeyOf } from "./object-entries.ts";
import { findPlaces } from "./origin.ts";
import type { ReleaseStates } from "./release-states.ts";

type Source = { kind: string; namespace: string; name: string };
type GitChart = { source: Source; revision: string; folder: string };
type Subject = { look: ReleaseLook; stated: StatedRelease };

/** The template that an object was rendered from. */
export function findTemplate(
  { templates }: StatedRelease,
  ref: { group: string; kind: string; namespace: string; name: string },
): TemplatePlace | undefined {
  return templates.get(refKey(ref));
}

/** Which folder of which repository a chart is built from; undefined: it comes packed. */
function gitChartOf({ chartSource }: ReleaseLook): GitChart | undefined {
  const chart = chartSource?.object;
  if (chart?.kind !== "HelmChart" || textOf(chart, "spec", "sourceRef", "kind") !== "GitRepository") return undefined;
  const namespace = chart.metadata.namespace ?? "";
  const source = { kind: "GitRepository", namespace, name: textOf(chart, "spec", "sourceRef", "name") };
  const revision = textOf(chart, "status", "observedSourceArtifactRevision");
  const folder = textOf(chart, "spec", "chart")
    .replace(/^\.?\/+/, "")
    .replace(/\/+$/, "");
  return { source, revision, folder };
}

type Templated = Subject & { template: TemplatePlace | undefined };

/** The place of a template, as people find it. */
export function templateFor(fleet: Fleet, { look, stated, template }: Templated): Place | undefined {
  if (template === undefined) return undefined;
  const git = gitChartOf(look);
  if (git === undefined) return { ...template, note: `a template of the chart ${stated.title}` };
  const path = pathInGit(git, template);
  const url = fleet.history?.addressOf(git.source, git.revision, { path, line: template.line });
  const place = { path, line: template.line, note: "a template" };
  return url === undefined ? place : { ...place, url };
}

function pathInGit({ folder }: GitChart, { path }: TemplatePlace): string {
  const below = path.slice(path.indexOf("/") + 1);
  return folder === "" ? below : `${folder}/${below}`;
}

/** The origin of one object of a release; undefined where its template cannot be told. */
export async function releaseOrigin(
  fleet: Fleet,
  { look, stated }: Subject,
  ref: { group: string; kind: string; namespace: string; name: string },
): Promise<Origin | undefined> {
  const template = findTemplate(stated, ref);
  const place = templateFor(fleet, { look, stated, template });
  if (place === undefined || template === undefined) return undefined;
  const git = gitChartOf(look);
  const own = await ownPlaces(fleet, look);
  const changed = git && (await lastChange(fleet, { source: git.source, revision: git.revision, path: place.path }));
  return {
    repository: repositoryOf(fleet, look, git),
    revision: git?.revision ?? stated.title,
    place,
    also: [...own.places, ...valuesPlaces(fleet, look)],
    ...newest(changed, own.commit),
  };
}

function newest(...commits: readonly (Commit | undefined)[]): { commit?: Commit } {
  const [first] = commits.flatMap((commit) => commit ?? []).sort((a, b) => b.atMs - a.atMs);
  return first === undefined ? {} : { commit: first };
}

async function lastChange(
  { history }: Fleet,
  { source, revision, path }: { source: Source; revision: string; path: string },
): Promise<Commit | undefined> {
  return history?.lastChange(source, revision, [path]).catch(() => undefined);
}

/** The address that the chart comes from. */
function repositoryOf(fleet: Fleet, { chartSource }: ReleaseLook, git: GitChart | undefined): string {
  if (git !== undefined) return urlOf(fleet, git.source);
  const chart = chartSource?.object;
  if (chart === undefined) return "";
  if (chart.kind !== "HelmChart") return urlOf(fleet, linkOf(chart));
  const [kind, name] = [textOf(chart, "spec", "sourceRef", "kind"), textOf(chart, "spec", "sourceRef", "name")];
  return urlOf(fleet, { kind, namespace: chart.metadata.namespace ?? "", name });
}

function linkOf({ kind, metadata }: Manifest): Source {
  return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

function urlOf(fleet: Fleet, { kind, namespace, name }: Source): string {
  return fleet.card(`${kind}/${namespace}/${name}`)?.url ?? "";
}

/** The HelmRelease's own lines in Git, and the commit that last changed them. */
async function ownPlaces(
  fleet: Fleet,
  { object }: ReleaseLook,
): Promise<{ places: readonly Place[]; commit: Commit | undefined }> {
  const manifest = asManifest(object as unknown as Json);
  const owner = ownerKeyOf(manifest);
  const found = owner === "" ? undefined : await findPlaces(fleet, { owner, manifest });
  const place = found?.located.place;
  if (found === undefined || place === undefined) return { places: [], commit: undefined };
  const { source, read } = found.known;
  const values = fieldOf(manifest, "spec", "values") === undefined ? undefined : found.field(["spec", "values"]);
  const places = [
    { ...fleet.places.placeOf(found.known, place), note: "the HelmRelease" },
    ...found.located.also.map((each) => fleet.places.placeOf(found.known, each)),
    ...(values === undefined ? [] : [{ ...values, note: "its values" }]),
  ];
  return { places, commit: await lastChange(fleet, { source, revision: read.revision, path: place.path }) };
}

function valuesPlaces(fleet: Fleet, { object }: ReleaseLook): Place[] {
  return namedValuesFiles(object).map(({ source, path }) => {
    const revision = fleet.card(`${source.kind}/${source.namespace}/${source.name}`)?.revision ?? "";
    const url =
      parseRevision(revision).digest === "" ? undefined : fleet.history?.addressOf(source, revision, { path, line: 1 });
    const place = { path, line: 1, note: `values out of ${source.kind} ${source.namespace}/${source.name}` };
    return url === undefined ? place : { ...place, url };
  });
}

/** Finds the templates of all objects of a release; `Places.line` then tells them. */
export async function noteTemplates(fleet: Fleet, key: string, states: ReleaseStates): Promise<void> {
  const [look, stated] = [await states.look(key), await states.stated(key).catch(() => undefined)];
  if (look === undefined || stated === undefined) return;
  const places = stated.manifests.map((manifest): [string, Place | undefined] => {
    const ref = refOf(manifest);
    const { group, kind, namespace, name } = ref;
    return [
      idOf({ group, kind, namespace, name }),
      templateFor(fleet, { look, stated, template: findTemplate(stated, ref) }),
    ];
  });
  fleet.places.note(key, `v${stated.version}`, new Map(places));
}
