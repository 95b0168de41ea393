// From a chart and values to the revision that an action stores: which of the former values stay, what is rendered, and the
// record in its first state.

import { copyJson, type JsonObject } from "#kernel";
import { bytesOf, type GoMap } from "#formats/gotemplate";
import { type Chart, coalesceValues, copyMap, mergeTables, userValues } from "#render/helm";
import { chartsInThisThread } from "./chart-renderer.ts";
import { ClusterView } from "./cluster-view.ts";
import type {
  ChartInput,
  CommonOptions,
  Release,
  ReleaseContext,
  ReleaseHook,
  RenderedRelease,
  RenderFlags,
  ValuesPolicy,
} from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { lookedUpLabel, lookedUpMark } from "./lookups.ts";

export type RenderRequest = CommonOptions & ChartInput & RenderFlags & { valuesPolicy?: ValuesPolicy };

/** Renders for `revision`; `current` is the revision whose values may stay. */
export async function renderRelease(
  context: ReleaseContext,
  request: RenderRequest,
  { revision, current, isUpgrade }: { revision: number; current?: Release; isUpgrade: boolean },
): Promise<RenderedRelease> {
  if ("rendered" in request) {
    const { rendered } = request;
    if (rendered.revision === revision && rendered.isUpgrade === isUpgrade) return rendered;
    throw releaseFault(
      "release-render-failed",
      `rendered for revision ${rendered.revision}, but ${revision} is next: the release has changed meanwhile`,
      { disposition: "retry" },
    );
  }
  const { values, defaults } = valuesFor(request, current);
  const { postRender, postRenderStrategy, skipSchemaValidation, subNotes, path } = request;
  const charts = context.charts ?? chartsInThisThread(context.clock, context.environment);
  const view = new ClusterView(context.cluster);
  const rendered = await view.renderRelease(charts, request.chart, {
    releaseName: request.name,
    namespace: current?.namespace ?? request.namespace,
    values,
    isUpgrade,
    revision,
    ...(defaults === undefined ? {} : { defaults }),
    ...(path === undefined ? {} : { path }),
    ...(postRender === undefined ? {} : { postRender }),
    ...(postRenderStrategy === undefined ? {} : { postRenderStrategy }),
    ...(skipSchemaValidation === undefined ? {} : { skipSchemaValidation }),
    ...(subNotes === undefined ? {} : { subNotes }),
  });
  const { lookups } = view;
  const owner = { name: request.name, namespace: current?.namespace ?? request.namespace };
  const lookedUp = context.notesLookups === true ? lookedUpMark(rendered.rendering, { lookups, owner }) : "";
  return { ...rendered, revision, isUpgrade, lookups, lookedUp };
}

/** Which values count: the given ones, and by policy those of the revision before (pkg/action/upgrade.go, reuseValues). */
function valuesFor(
  request: Exclude<RenderRequest, { rendered: RenderedRelease }>,
  current: Release | undefined,
): { values: GoMap; defaults?: GoMap } {
  const given: GoMap = { ...copyMap(request.values ?? {}), ...userValues(request.given ?? {}) };
  const before = current?.config ?? undefined;
  const policy = request.valuesPolicy ?? "default";
  if (current === undefined || policy === "reset") return { values: given };
  const old = copyJson((before ?? {}) as JsonObject) as GoMap;
  const ignore = (): void => {};
  const merged = (): GoMap => mergeTables(given, old, { prefix: "", isMerge: false, warn: ignore });
  if (policy === "reuse") {
    // First: the merge below takes members out of what it merges.
    const defaults = coalesceValues(chartOf(current), old, ignore);
    return { values: merged(), defaults };
  }
  if (policy === "reset-then-reuse") return { values: merged() };
  return { values: Object.keys(given).length === 0 ? old : given };
}

/** As much of a stored chart as its values need. */
export function chartOf({ chart }: Release): Chart {
  return {
    metadata: { name: chart.metadata.name ?? "" },
    values: chart.values ?? {},
    dependencies: [],
  } as unknown as Chart;
}

/** The record of a new revision. */
export function newRelease(
  rendered: RenderedRelease,
  fields: Pick<Release, "name" | "namespace" | "info" | "labels"> & { serverSide: boolean },
): Release {
  const { serverSide, ...own } = fields;
  const { rendering, chart, config, revision, lookedUp } = rendered;
  // Labels are handed down from revision to revision; this one tells of its own rendering alone.
  const { [lookedUpLabel]: _former, ...labels } = own.labels;
  const { notes } = rendering;
  return {
    ...own,
    labels: lookedUp === "" ? labels : { ...labels, [lookedUpLabel]: lookedUp },
    info: notes === "" ? own.info : { ...own.info, notes },
    chart,
    ...(Object.keys(config).length === 0 ? {} : { config }),
    manifest: Buffer.from(bytesOf(rendering.text)).toString("utf8"),
    ...(rendering.hooks.length === 0 ? {} : { hooks: rendering.hooks.map(hookOf) }),
    version: revision,
    apply_method: serverSide ? "ssa" : "csa",
  };
}

function hookOf(hook: RenderedRelease["rendering"]["hooks"][number]): ReleaseHook {
  const { name, kind, path, content, events, weight, deletePolicies, outputLogPolicies } = hook;
  return {
    name,
    kind,
    path,
    manifest: content,
    events: [...events],
    last_run: { phase: "" },
    ...(weight === 0 ? {} : { weight }),
    ...(deletePolicies.length === 0 ? {} : { delete_policies: [...deletePolicies] }),
    ...(outputLogPolicies.length === 0 ? {} : { output_log_policies: [...outputLogPolicies] }),
  };
}
