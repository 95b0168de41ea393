// The HelmChart that is made for a HelmRelease's `spec.chart`, kept as the template says, and removed when nothing wants it
// any more (helm-controller 1.6, internal/reconcile/helmchart_template.go).

import { formatDuration, type HelmRelease, parseDuration, sourceGroup } from "#api/flux";
import type { Cluster, Resource } from "#cluster";
import { type Kinds, withNewestStatus } from "#delivery";
import { asManifest, equalJson, isObject, type JsonObject, type Manifest } from "#kernel";
import type { Attempt } from "./attempt.ts";
import { ReleaseKindFault } from "./faults.ts";
import { chartObjectOf, helmManager } from "./names.ts";
import { originLabels } from "./post-render.ts";

export type MadeChartsOptions = {
  cluster: Cluster;
  kinds: Kinds;
  /** A HelmChart as it was last seen. */
  seen: (name: { kind: "HelmChart"; namespace: string; name: string }) => Manifest | undefined;
  /** Told of one that was just written. */
  written: (chart: Manifest) => void;
};

/** Makes the HelmCharts of releases and removes them. */
export class MadeCharts {
  readonly #options: MadeChartsOptions;

  constructor(options: MadeChartsOptions) {
    this.#options = options;
  }

  /** Brings it about as the template says; the one that the release had elsewhere goes. */
  async make(attempt: Attempt): Promise<void> {
    const { object, status } = attempt;
    const { cluster, seen, written } = this.#options;
    const place = chartObjectOf(object);
    const label = place === undefined ? undefined : `${place.namespace}/${place.name}`;
    if (status.helmChart !== undefined && status.helmChart !== "" && status.helmChart !== label)
      await this.remove(attempt);
    const wanted = wantedChart(object);
    if (wanted === undefined || place === undefined || label === undefined) return;
    const live = seen({ kind: "HelmChart", ...place });
    const { object: made, word } = await applyChart(cluster, await this.#resourceFor(label), { wanted, live });
    if (word !== "unchanged") {
      written(withNewestStatus(made, live));
      const { kind, name } = object.spec.chart?.spec.sourceRef ?? { kind: "", name: "" };
      const [reason, verb] =
        word === "created" ? ["HelmChartCreated", "Created"] : ["HelmChartConfigured", "Configured"];
      attempt.tell({
        reason,
        message: `${verb} HelmChart/${label} with SourceRef '${kind}/${place.namespace}/${name}'`,
      });
    }
    attempt.status.helmChart = label;
  }

  /** Removes the one that status names. What is suspended keeps it. */
  async remove(attempt: Attempt): Promise<void> {
    const { helmChart = "" } = attempt.status;
    if (helmChart === "" || attempt.object.spec.suspend === true) return;
    if (await removeChart(this.#options.cluster, await this.#resourceFor(helmChart), helmChart))
      attempt.tell({ reason: "HelmChartDeleted", message: `deleted HelmChart '${helmChart}'` });
    delete attempt.status.helmChart;
  }

  async #resourceFor(label: string): Promise<Resource> {
    const [namespace = "", name = ""] = label.split("/");
    const ref = { group: sourceGroup, version: "v1", kind: "HelmChart", namespace, name };
    return (await this.#options.kinds.target(ref)).resource;
  }
}

/** The HelmChart as it should be; undefined for a release that names a chart made by others. */
function wantedChart(object: HelmRelease): Manifest | undefined {
  const place = chartObjectOf(object);
  const template = object.spec.chart;
  if (place === undefined || template === undefined) return undefined;
  const { sourceRef, interval = object.spec.interval, verify, ...rest } = template.spec;
  const spec = {
    ...rest,
    interval: asGoWrites(interval),
    sourceRef: { kind: sourceRef.kind, name: sourceRef.name },
    ...(verify === undefined ? {} : { verify }),
  };
  const { labels = {}, annotations } = template.metadata ?? {};
  return asManifest({
    apiVersion: `${sourceGroup}/v1`,
    kind: "HelmChart",
    metadata: {
      ...place,
      labels: { ...labels, ...originLabels(object) },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: spec as unknown as JsonObject,
  });
}

/** `7m0s`. */
function asGoWrites(duration: string): string {
  const ms = parseDuration(duration);
  return ms === undefined ? duration : formatDuration(ms);
}

/** Defaults of its definition, which no template needs to state. */
const defaults: JsonObject = { version: "*", reconcileStrategy: "ChartVersion" };

/** True when nothing that we state is otherwise, and nothing we stated before is left. */
function isAsWanted(live: Manifest, wanted: Manifest): boolean {
  const [has, wants] = [live["spec"], wanted["spec"]].map((spec) => (isObject(spec) ? spec : {}));
  const keys = new Set([...Object.keys(has ?? {}), ...Object.keys(wants ?? {})]);
  const isSame = [...keys].every(
    (key) => key === "suspend" || equalJson(has?.[key] ?? defaults[key], wants?.[key] ?? defaults[key]),
  );
  const marks = (["labels", "annotations"] as const).every((member) =>
    Object.entries(wanted.metadata[member] ?? {}).every(([key, value]) => live.metadata[member]?.[key] === value),
  );
  return isSame && marks;
}

type ChartChange = { object: Manifest; word: "created" | "configured" | "unchanged" };

/** Applies the HelmChart where it differs. */
async function applyChart(
  cluster: Cluster,
  resource: Resource,
  { wanted, live }: { wanted: Manifest; live: Manifest | undefined },
): Promise<ChartChange> {
  if (live !== undefined && isAsWanted(live, wanted)) return { object: live, word: "unchanged" };
  const target = { resource, namespace: wanted.metadata.namespace ?? "", name: wanted.metadata.name };
  const answer = await cluster.apply(target, wanted, { fieldManager: helmManager, isForced: true });
  if (answer.ok) return { object: answer.value, word: live === undefined ? "created" : "configured" };
  throw new ReleaseKindFault({
    code: "release-refused",
    disposition: "retry",
    at: `HelmChart/${target.namespace}/${target.name}`,
    message: `failed to run server-side apply: ${answer.status.message}`,
    ...(answer.status.code === 403 ? { hint: "give the engine the rights it asks for" } : {}),
  });
}

/** Deletes a HelmChart by its name in status; true when there was one. */
async function removeChart(cluster: Cluster, resource: Resource, label: string): Promise<boolean> {
  const [namespace = "", name = ""] = label.split("/");
  const answer = await cluster.delete({ resource, namespace, name });
  if (answer.ok) return true;
  if (answer.status.code === 404) return false;
  throw new ReleaseKindFault({
    code: "release-refused",
    disposition: "retry",
    message: `failed to delete HelmChart '${label}': ${answer.status.message}`,
  });
}
