// What a chart sees of its cluster: version, API versions, and the objects that `lookup` asks for. Rendering is synchronous
// and ends where an answer is missing; the view fetches it and the chart is rendered again. What was answered is an input of
// the rendering. Also the checks that Helm makes before it would install.

import type { Cluster, Discovery, Resource } from "#cluster";
import { type FileTree, type Json, type Manifest, splitApiVersion } from "#kernel";
import { type ChartRendering, renderChart, type RenderOptions } from "#render/helm";
import {
  type ChartRenderer,
  type ChartWork,
  type LookupAnswer,
  type LookupQuestion,
  type RenderedChart,
  withLookups,
} from "./chart-renderer.ts";
import { releaseFault } from "./faults.ts";
import { lookupPageSize, lookupRoundsMost } from "./limits.ts";
import { claim, describeUnknown, failed } from "./ownership.ts";

/** What a chart is rendered with beside its options. */
type Seen = { cluster: NonNullable<RenderOptions["cluster"]>; lookups: readonly LookupAnswer[] };

export class ClusterView {
  readonly #cluster: Cluster;
  readonly #answers: LookupAnswer[] = [];
  #discovery: Discovery | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Renders in this thread with the cluster's capabilities, and with what it answers to lookups. */
  render(source: FileTree | Uint8Array, options: RenderOptions): Promise<ChartRendering> {
    return this.#inRounds(({ cluster, lookups }) =>
      withLookups(lookups, (lookup) => renderChart(source, { ...options, cluster, lookup })),
    );
  }

  /** The same for a release, wherever `charts` are rendered. */
  renderRelease(
    charts: ChartRenderer,
    chart: FileTree | Uint8Array,
    options: ChartWork["options"],
  ): Promise<RenderedChart> {
    return this.#inRounds(({ cluster, lookups }) =>
      charts.render({ chart, options: { ...options, cluster }, lookups }),
    );
  }

  /** Renders until nothing is lacking. */
  async #inRounds<T extends object>(
    render: (seen: Seen) => T | { lacks: LookupQuestion[] } | Promise<T | { lacks: LookupQuestion[] }>,
  ): Promise<T> {
    const discovery = await this.#discover();
    const cluster = { version: discovery.serverVersion, apiVersions: apiVersionsOf(discovery) };
    for (let round = 0; round < lookupRoundsMost; round++) {
      const result = await render({ cluster, lookups: this.#answers });
      if (!("lacks" in result)) return result;
      for (const question of result.lacks) this.#answers.push(await this.#lookUp(question));
    }
    throw releaseFault("release-cluster-failed", `lookups still depend on each other after ${lookupRoundsMost} rounds`);
  }

  /** Everything that was looked up, in the order of the first question. */
  get lookups(): readonly LookupAnswer[] {
    return this.#answers;
  }

  /** As Helm before an install: every kind is known, and nothing that exists belongs to another. */
  async check(
    rendering: Pick<ChartRendering, "manifests">,
    release: { name: string; namespace: string; isFree: boolean },
  ): Promise<void> {
    const discovery = await this.#discover(true);
    const wanted = rendering.manifests.map((manifest) => ({ manifest, resource: resourceOf(discovery, manifest) }));
    const unknown = wanted
      .filter(({ resource }) => resource === undefined)
      .map(({ manifest }) => describeUnknown(manifest));
    if (unknown.length > 0)
      throw releaseFault(
        "release-unknown-kind",
        `unable to build kubernetes objects from release manifest: ${unknown.length > 1 ? `[${unknown.join(", ")}]` : unknown[0]}`,
        { hint: "install the definitions first; --include-crds prints those of the chart" },
      );
    // Free: objects that belong to others are no matter, as in an upgrade or a take-over.
    if (release.isFree) return;
    for (const { manifest, resource } of wanted) {
      const { name, namespace = release.namespace } = manifest.metadata;
      if (!name) continue;
      const { isNamespaced } = resource as Resource;
      const at = { resource: resource as Resource, namespace: isNamespaced ? namespace : "", name };
      await claim(this.#cluster, at, { ...release, during: "install" });
    }
  }

  async #discover(isFresh = false): Promise<Discovery> {
    if (this.#discovery !== undefined && !isFresh) return this.#discovery;
    const answer = await this.#cluster.discover(true);
    if (!answer.ok) throw failed("cluster reachability check failed", answer.status);
    this.#discovery = answer.value;
    return answer.value;
  }

  async #lookUp(question: LookupQuestion): Promise<LookupAnswer> {
    const { apiVersion, kind, namespace, name } = question;
    const { group, version } = splitApiVersion(apiVersion);
    const { resources } = await this.#discover();
    const served = resources.filter((each) => each.group === group && each.version === version);
    if (served.length === 0) {
      const refused = `unable to get apiresource from unstructured: ${apiVersion}, Kind=${kind}: the server could not find the requested resource`;
      return { ...question, refused };
    }
    const resource = served.find((each) => each.kind === kind);
    if (resource === undefined) return { ...question, found: undefined };
    if (name === "") return { ...question, found: await this.#list(resource, namespace) };
    const answer = await this.#cluster.get({ resource, namespace: resource.isNamespaced ? namespace : "", name });
    if (answer.ok) return { ...question, found: answer.value as unknown as Json };
    if (answer.status.code === 404) return { ...question, found: undefined };
    throw failed(`looking up ${kind} ${name}`, answer.status);
  }

  async #list(resource: Resource, namespace: string): Promise<Json> {
    const items: Manifest[] = [];
    let token = "";
    let resourceVersion = "";
    do {
      const answer = await this.#cluster.list(resource, {
        ...(resource.isNamespaced && namespace !== "" ? { namespace } : {}),
        limit: lookupPageSize,
        ...(token === "" ? {} : { continue: token }),
      });
      if (!answer.ok) throw failed(`looking up ${resource.kind}`, answer.status);
      items.push(...answer.value.items);
      ({ continue: token, resourceVersion } = answer.value);
    } while (token !== "");
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    return {
      apiVersion,
      kind: `${resource.kind}List`,
      metadata: { resourceVersion },
      items: items.map((item) => ({ ...item, apiVersion, kind: resource.kind }) as unknown as Json),
    };
  }
}

/** Group versions, and each kind below its own, those of subresources too, as Helm collects them. */
function apiVersionsOf({ resources }: Discovery): string[] {
  const versions = new Set<string>();
  for (const { group, version, kind, subresourceKinds = [] } of resources) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    versions.add(apiVersion);
    for (const each of [kind, ...subresourceKinds]) if (each !== "") versions.add(`${apiVersion}/${each}`);
  }
  return [...versions].sort();
}

function resourceOf(discovery: Discovery, manifest: Manifest): Resource | undefined {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  return discovery.byKind(group, manifest.kind, version);
}
