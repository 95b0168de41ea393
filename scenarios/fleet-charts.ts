// The charts of flux2-kustomize-helm-example, served from loopback: registries as one, and podinfo's chart repository. KEELSON_FLEETS names
// the folder that has both the fleet and its charts.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Pusher, TestRegistry } from "../engine/src/sources/oci/registry.contract.ts";

export const fleets: string | undefined = process.env["KEELSON_FLEETS"];

const chart = (name: string): Buffer => readFileSync(`${fleets}/charts/${name}.tgz`);

/** The registries of the example, as one. */
async function startRegistry(): Promise<TestRegistry> {
  const registry = await TestRegistry.start();
  const pusher = new Pusher(registry.url);
  const push = async (repository: string, tag: string, name: string): Promise<void> => {
    const config = { mediaType: "application/vnd.cncf.helm.config.v1+json", bytes: Buffer.from("{}") };
    const layer = { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes: chart(name) };
    await pusher.push(repository, tag, { config, layers: [layer] });
  };
  await push("quay/jetstack/charts/cert-manager", "1.21.1", "cert-manager-v1.21.1");
  await push("docker/envoyproxy/gateway-helm", "1.9.0", "gateway-helm-1.9.0");
  return registry;
}

export type ChartRepository = { url: string; offer(version: string): void; close(): void };

/** podinfo's chart repository. */
async function startChartRepository(): Promise<ChartRepository> {
  const offered = new Map<string, Buffer>();
  const index = (): string => {
    const versions = [...offered].map(([version, bytes]) => ({
      apiVersion: "v2",
      name: "podinfo",
      version,
      urls: [`podinfo-${version}.tgz`],
      digest: createHash("sha256").update(bytes).digest("hex"),
    }));
    return JSON.stringify({ apiVersion: "v1", entries: { podinfo: versions } });
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.endsWith("/index.yaml")) return void response.end(index());
    const bytes = offered.get(/podinfo-(.*)\.tgz$/.exec(path)?.[1] ?? "");
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/podinfo`,
    offer: (version) => void offered.set(version, chart(`podinfo-${version}`)),
    close: () => void server.close(),
  };
}

/** Where the fleet's charts are to be had instead. */
export type FleetCharts = {
  podinfo: ChartRepository;
  /** `host:port` of the registry: `/quay` and `/docker` stand for the two. */
  registry: string;
  /** What `--mirrors` takes. */
  mirrors: string;
  close(): Promise<void>;
};

export async function startFleetCharts(): Promise<FleetCharts> {
  const registry = await startRegistry();
  const podinfo = await startChartRepository();
  const mirrors = [
    { from: "oci://quay.io/", to: `oci://${registry.host}/quay`, insecure: true },
    { from: "oci://docker.io/", to: `oci://${registry.host}/docker`, insecure: true },
    { from: podinfoUrl, to: podinfo.url },
  ];
  return {
    podinfo,
    registry: registry.host,
    mirrors: JSON.stringify({ mirrors }),
    async close() {
      podinfo.close();
      await registry.close();
    },
  };
}

/** podinfo's values on a cluster, with more of them. */
export const podinfoValues = (cluster: string, more: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: podinfo}
spec:
  timeout: 20s
  upgrade: {strategy: {name: RemediateOnFailure}, remediation: {retries: 0, remediateLastFailure: true}}
  chart: {spec: {version: ">=1.0.0"}}
  values:
    httpRoute: {hostnames: [podinfo.${cluster}]}
${more}`;

/** The podinfo repository as the fleet names it. */
export const podinfoUrl = "https://stefanprodan.github.io/podinfo";
