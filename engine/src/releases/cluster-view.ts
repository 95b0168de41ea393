// What a chart sees of its cluster: version, API versions, and the objects that `lookup` asks for. Rendering is synchronous
// and ends where an answer is missing; the view fetches it and the chart is rendered again. What was answered is an input of
// the rendering. Also the checks that Helm makes before it would install.

import type { Cluster, Discovery, Resource } from "#cluster";
import { GoError, type GoMap } from "#formats/gotemplate";
import { type Json, type Manifest, Missing, splitApiVersion } from "#kernel";
import { type ChartRendering, renderChart, type RenderOptions, unstructuredValues } from "#render/helm";
import { releaseFault } from "./faults.ts";
import { lookupPageSize, lookupRoundsMost } from "./limits.ts";
import { claim, describeUnknown, failed } from "./ownership.ts";

type Asked = { apiVersion: string; kind: string; namespace: string; name: string };

export class ClusterView {
  readonly #cluster: Cluster;
  readonly #answers = new Map<string, GoMap | GoError | undefined>();
  #discovery: Discovery | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Renders with the cluster's capabilities, and with what it answers to lookups. */
  async render(source: Parameters<typeof renderChart>[0], options: RenderOptions): Promise<ChartRendering> {
    const discovery = await this.#discover();
    for (let round = 0; round < lookupRoundsMost; round++) {
      const asked: Asked[] = [];
      try {
        return renderChart(source, {
          ...options,
          cluster: { version: discovery.serverVersion, apiVersions: apiVersionsOf(discovery) },
          lookup: (apiVersion, kind, namespace, name) => this.#answer({ apiVersion, kind, namespace, name }, asked),
        });
      } catch (thrown) {
        if (!(thrown instanceof Missing) || asked.length === 0) throw thrown;
      }
      for (const each of asked) this.#answers.set(keyOf(each), await this.#lookUp(each));
    }
    throw releaseFault("release-cluster-failed", `lookups still depend on each other after ${lookupRoundsMost} rounds`);
  }

  /** As Helm before an install: every kind is known, and nothing that exists belongs to another. */
  async check(rendering: ChartRendering, release: { name: string; namespace: string; isFree: boolean }): Promise<void> {
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

  #answer(one: Asked, asked: Asked[]): GoMap | undefined {
    const key = keyOf(one);
    const known = this.#answers.get(key);
    if (known instanceof GoError) throw known;
    if (this.#answers.has(key)) return known;
    asked.push(one);
    throw new Missing([{ what: "lookup", id: key }]);
  }

  async #lookUp({ apiVersion, kind, namespace, name }: Asked): Promise<GoMap | GoError | undefined> {
    const { group, version } = splitApiVersion(apiVersion);
    const { resources } = await this.#discover();
    const served = resources.filter((each) => each.group === group && each.version === version);
    if (served.length === 0)
      return new GoError(
        `unable to get apiresource from unstructured: ${apiVersion}, Kind=${kind}: the server could not find the requested resource`,
      );
    const resource = served.find((each) => each.kind === kind);
    if (resource === undefined) return undefined;
    if (name === "") return this.#list(resource, namespace);
    const answer = await this.#cluster.get({ resource, namespace: resource.isNamespaced ? namespace : "", name });
    if (answer.ok) return unstructuredValues(answer.value as unknown as Json) as GoMap;
    if (answer.status.code === 404) return undefined;
    throw failed(`looking up ${kind} ${name}`, answer.status);
  }

  async #list(resource: Resource, namespace: string): Promise<GoMap> {
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
    return unstructuredValues({
      apiVersion,
      kind: `${resource.kind}List`,
      metadata: { resourceVersion },
      items: items.map((item) => ({ ...item, apiVersion, kind: resource.kind }) as unknown as Json),
    }) as GoMap;
  }
}

function keyOf({ apiVersion, kind, namespace, name }: Asked): string {
  return [apiVersion, kind, namespace, name].join(" ");
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
