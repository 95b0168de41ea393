// The same world with Flux's own kustomize-controller in the place of our engine, on a real kube-apiserver: the judge of what
// the tests of this folder expect. Sources are GitRepository objects whose artifacts this test serves.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asManifest, memoryTree, sha1Hex } from "#kernel";
import { namespace, World } from "./world.contract.ts";

type Controller = { stop(): Promise<void>; logFile: string };
type FluxTools = {
  hasFlux(controllers: string[]): boolean;
  startFluxController(
    name: string,
    options: { kubeconfig: string; folder: string; args?: string[] },
  ): Promise<Controller>;
};
const tools = (await import(new URL("../../../../tools/oracle-flux.mjs", import.meta.url).href)) as FluxTools;

/** True when Flux's kustomize-controller is there. */
export const hasFluxController: boolean = tools.hasFlux(["kustomize"]);

export class FluxWorld extends World {
  readonly folder: string = mkdtempSync(join(tmpdir(), "keelson-flux-"));
  #server!: Server;
  #controller: Controller | undefined;
  #writes: Promise<void> = Promise.resolve();
  readonly #files = new Map<string, Buffer>();

  override get isFlux(): boolean {
    return true;
  }

  /** A kubeconfig for the controller, and a server for what the sources offer. */
  async prepare(api: { url: string; token: string }): Promise<void> {
    const user = { name: "test", user: { token: api.token } };
    const cluster = { name: "test", cluster: { server: api.url, "insecure-skip-tls-verify": true } };
    const contexts = [{ name: "test", context: { cluster: "test", user: "test" } }];
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [cluster],
      users: [user],
      contexts,
      "current-context": "test",
    };
    writeFileSync(join(this.folder, "kubeconfig"), JSON.stringify(config));
    this.#server = createServer((request, response) => {
      const bytes = this.#files.get(request.url ?? "");
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    await this.apply(namespace("flux-system"));
  }

  async startController(args: string[] = []): Promise<void> {
    const kubeconfig = join(this.folder, "kubeconfig");
    const own = ["--requeue-dependency=1s", "--concurrent=8", "--interval-jitter-percentage=0", ...args];
    this.#controller = await tools.startFluxController("kustomize", { kubeconfig, folder: this.folder, args: own });
  }

  async stopController(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  override commit(files: { [path: string]: string }, name = "fleet"): string {
    const revision = `main@sha1:${sha1Hex(memoryTree(files).hash)}`;
    this.#writes = this.#writes.then(() => this.#offer(files, name, revision));
    return revision;
  }

  override offered(): Promise<void> {
    return this.#writes;
  }

  async #offer(files: { [path: string]: string }, name: string, revision: string): Promise<void> {
    const bytes = pack(this.folder, files);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const path = `/${name}/${revision.slice(-40)}.tar.gz`;
    this.#files.set(path, bytes);
    const { port } = this.#server.address() as AddressInfo;
    const artifact = {
      path: path.slice(1),
      url: `http://127.0.0.1:${port}${path}`,
      revision,
      digest,
      lastUpdateTime: new Date().toISOString(),
      size: bytes.length,
    };
    await this.apply(
      asManifest({
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "GitRepository",
        metadata: { name, namespace: "flux-system" },
        spec: { interval: "1h", url: "https://example.test/fleet" },
      }),
    );
    const target = await this.target("source.toolkit.fluxcd.io", "GitRepository", name, "flux-system");
    await this.edit({ ...target, subresource: "status" }, { status: { observedGeneration: 1, artifact } }, "source");
  }

  log(): string {
    return this.#controller === undefined ? "" : readFileSync(this.#controller.logFile, "utf8").slice(-4000);
  }

  async closeFlux(): Promise<void> {
    await this.stopController();
    this.#server?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** As source-controller packs a repository, as far as a reader can tell. */
function pack(folder: string, files: { [path: string]: string }): Buffer {
  const root = mkdtempSync(join(folder, "tree-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const archive = `${root}.tar.gz`;
  execFileSync("tar", ["-czf", archive, "-C", root, "."]);
  return readFileSync(archive);
}
