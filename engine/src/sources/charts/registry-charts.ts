// Charts in a registry: a repository a chart, a tag a version, `_` in it for `+`. https://helm.sh/docs/topics/registries

import { parseVersion } from "#render/helm";
import {
  byDigest,
  chartLayerType,
  type Descriptor,
  formatReference,
  isFull,
  newestTag,
  parseRepository,
  type Pinned,
  type Reference,
  type Registry,
  type RegistryCall,
  tagged,
} from "#sources/oci";
import { chartFault } from "./faults.ts";
import { chartMost, provenanceMost } from "./limits.ts";

const olderChartType = "application/tar+gzip";
const provenanceType = "application/vnd.cncf.helm.chart.provenance.v1.prov";

export type RegistryChart = { name: string; version: string; reference: Reference };

/** The version that a chart's `version` names: itself where it is one, or the newest tag in the range. */
export async function findRegistryChart(
  registry: Registry,
  wanted: { repository: string; name: string; version: string; isInsecure?: boolean },
  call: RegistryCall,
): Promise<RegistryChart> {
  const { name, version, isInsecure = false } = wanted;
  const repository = parseRepository(`${wanted.repository.replace(/\/+$/, "")}/${name}`, isInsecure);
  if (isFull(version) && parseVersion(version) !== undefined)
    return { name, version, reference: tagged(repository, version.replaceAll("+", "_")) };
  const tags = await registry.tags(repository, call);
  const exact = version === "" ? undefined : tags.find((tag) => tag.replaceAll("_", "+") === version);
  const at = `${wanted.repository}/${name}`;
  const tag = exact ?? newestTag(tags, { range: version === "" ? "*" : version, isChart: true }, at);
  return { name, version: tag.replaceAll("_", "+"), reference: tagged(repository, tag) };
}

/** The packed chart that a reference stands for, and its manifest's digest. */
export async function fetchRegistryChart(
  registry: Registry,
  reference: Reference,
  call: RegistryCall,
): Promise<{ bytes: Buffer; digest: string; provenance: Buffer | undefined }> {
  const fetched = await registry.manifest(reference, call);
  const layers = "manifest" in fetched ? fetched.manifest.layers : [];
  const chart = layers.find((each) => each.mediaType === chartLayerType || each.mediaType === olderChartType);
  if (chart === undefined)
    throw chartFault({
      code: "chart-invalid",
      disposition: "retry",
      at: formatReference(reference),
      message: "this is no Helm chart: it has no layer of a chart's media type",
      hint: "push charts with `helm push`",
    });
  const bytes = await registry.blobBytes(reference, { descriptor: chart, sizeMost: chartMost }, call);
  const proof: Descriptor | undefined = layers.find((each) => each.mediaType === provenanceType);
  const provenance =
    proof === undefined
      ? undefined
      : await registry.blobBytes(reference, { descriptor: proof, sizeMost: provenanceMost }, call);
  return { bytes, digest: fetched.digest, provenance };
}

/** The chart's reference by what its tag names now: what is verified and what is fetched are then the same. */
export async function pinRegistryChart(registry: Registry, reference: Reference, call: RegistryCall): Promise<Pinned> {
  return byDigest(reference, await registry.resolve(reference, call));
}
