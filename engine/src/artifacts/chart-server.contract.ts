// A Helm repository for tests, whose content, index and login can be changed while it runs.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryTree } from "#kernel";
import { loadChartTree, packChart } from "#render/helm";
import { sha256 } from "../sources/oci/registry.contract.ts";

/** A packed chart with a template. */
export function chart(name: string, version: string, more: Record<string, string> = {}): Buffer {
  const files = {
    "Chart.yaml": `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    "values.yaml": "replicas: 1\nimage: {name: a, tag: b}\n",
    "templates/a.yaml": "kind: ConfigMap",
    ...more,
  };
  return Buffer.from(packChart(loadChartTree(memoryTree(files), "")).bytes);
}

export type Offered = { name: string; version: string; bytes: Buffer; digest?: string };

/** A repository whose content can be changed while it runs. */
export class ChartServer {
  readonly requests: string[] = [];
  charts: Offered[];
  etag: string | undefined;
  index: string | undefined;
  login: string | undefined;
  #server: Server;

  private constructor(charts: Offered[]) {
    this.charts = charts;
    this.#server = createServer((request, response) => {
      this.requests.push(request.url ?? "");
      const given = request.headers.authorization;
      if (this.login !== undefined && given !== `Basic ${Buffer.from(this.login).toString("base64")}`)
        return response.writeHead(401).end();
      if (this.etag !== undefined && request.headers["if-none-match"] === this.etag)
        return response.writeHead(304).end();
      const body =
        request.url === "/charts/index.yaml" ? (this.index ?? this.indexText()) : this.#find(request.url ?? "");
      return response
        .writeHead(body === undefined ? 404 : 200, this.etag === undefined ? {} : { etag: this.etag })
        .end(body);
    });
  }

  static async start(charts: Offered[]): Promise<ChartServer> {
    const server = new ChartServer(charts);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/charts`;
  }

  indexText(): string {
    const entries: Record<string, object[]> = {};
    for (const { name, version, bytes, digest = sha256(bytes).slice(7) } of this.charts)
      (entries[name] ??= []).push({
        name,
        version,
        apiVersion: "v2",
        urls: [`${name}-${version}.tgz`],
        digest,
        created: "2026-01-01T00:00:00Z",
      });
    return JSON.stringify({ apiVersion: "v1", generated: "2026-01-01T00:00:00Z", entries });
  }

  #find(url: string): Buffer | undefined {
    return this.charts.find(({ name, version }) => url === `/charts/${name}-${version}.tgz`)?.bytes;
  }
}
