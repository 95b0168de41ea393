// One fleet under two engines on a real kube-apiserver: Flux's own controllers, and Keelson. Each can be started and stopped,
// so that the one takes over what the other has delivered.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, until } from "./home.ts";

const command = fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url));

type Stoppable = { stop(options?: { isSudden?: boolean }): Promise<void> };
type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};
const flux = (await import(new URL("../tools/oracle-flux.mjs", import.meta.url).href)) as {
  hasFlux(controllers: string[]): boolean;
  fluxDefinitionFiles(controllers: string[]): string[];
  startFluxController(
    name: string,
    options: { kubeconfig: string; folder: string; args?: string[] },
  ): Promise<Stoppable & { logFile: string; storage: string }>;
};

const controllers = ["source", "kustomize"];

/** True when the real server and Flux's controllers are there. */
export const hasFluxEngines: boolean = oracles.hasOracle() && flux.hasFlux(controllers);

/** The same with helm-controller. */
export const hasHelmEngines: boolean = hasFluxEngines && flux.hasFlux(["helm"]);

/** A kube-apiserver with Flux's own definitions and namespace, and a folder for what runs beside it. */
export class RealCluster {
  readonly folder: string = mkdtempSync(join(tmpdir(), "keelson-engines-"));
  readonly kubeconfig: string = join(this.folder, "kubeconfig");
  #oracle: Oracle | undefined;
  readonly #engines = new Set<Stoppable>();

  async start({ withHelm = false } = {}): Promise<void> {
    this.#oracle = await oracles.startOracle();
    writeFileSync(this.kubeconfig, kubeconfigText(this.#oracle));
    for (const file of flux.fluxDefinitionFiles([...controllers, ...(withHelm ? ["helm"] : [])]))
      await this.kubectl(["apply", "--server-side", "-f", file]);
    await this.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    await this.kubectl(["create", "namespace", "flux-system"]);
  }

  /** What kubectl prints; throws when it fails. */
  async kubectl(args: string[], input?: string): Promise<string> {
    const words = ["--kubeconfig", this.kubeconfig, ...args];
    const answer = await run("kubectl", words, input === undefined ? {} : { input });
    if (answer.status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${answer.err}`);
    return answer.out;
  }

  async json<T = Record<string, unknown>>(args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl([...args, "-o", "json"])) as T;
  }

  /** How a client of this process reaches it. */
  get access(): { url: string; token: string } {
    if (this.#oracle === undefined) throw new Error("the server has not been started");
    return this.#oracle;
  }

  /** Flux's source- and kustomize-controller, and helm-controller where it is given arguments. */
  async startFlux(args: { source?: string[]; kustomize?: string[]; helm?: string[] } = {}): Promise<Stoppable> {
    const { kubeconfig, folder } = this;
    const source = await flux.startFluxController("source", { kubeconfig, folder, args: args.source ?? [] });
    // kustomize-controller tries an address that nobody serves any more for minutes.
    await until(`source-controller to serve what there is; it says: ${this.log("source")}`, async () => {
      const { items } = await this.json<{ items: { status?: { artifact?: { url: string } } }[] }>([
        "get",
        "gitrepositories",
        "-A",
      ]);
      return items.every(({ status }) => status?.artifact?.url.includes(source.storage) === true) ? true : undefined;
    });
    const kustomize = await flux.startFluxController("kustomize", { kubeconfig, folder, args: args.kustomize ?? [] });
    const started = [source, kustomize];
    if (args.helm !== undefined)
      started.push(await flux.startFluxController("helm", { kubeconfig, folder, args: args.helm }));
    return this.#keep({ stop: async (options) => void (await Promise.all(started.map((each) => each.stop(options)))) });
  }

  /** `keelson run`, printing its log, or as people see it its live view with the console's address. */
  async startKeelson(
    args: string[] = [],
    prints: "log" | "view" = "log",
  ): Promise<Stoppable & { output: () => string }> {
    const words = [
      command,
      "run",
      "--kubeconfig",
      this.kubeconfig,
      "--data",
      join(this.folder, "keelson"),
      "--port",
      "0",
    ];
    const child = spawn(process.execPath, [...words, ...(prints === "log" ? ["--log", "-"] : []), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes: Buffer) => (printed += bytes.toString()));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    await until(`keelson run to hold its Lease; printed: ${printed}`, async () => {
      if (child.exitCode !== null) throw new Error(`ended early: ${printed}`);
      const lease = await this.json<{ spec: { holderIdentity?: string } }>([
        "get",
        "lease",
        "-n",
        "keelson-system",
        "keelson",
      ]);
      return (lease.spec.holderIdentity ?? "").endsWith(`-${child.pid}`) ? true : undefined;
    });
    const stop = async ({ isSudden = false } = {}): Promise<void> => {
      child.kill(isSudden ? "SIGKILL" : "SIGINT");
      await gone;
    };
    const kept = this.#keep({ stop, child } as Stoppable & { child: ChildProcess });
    return { ...kept, output: () => printed };
  }

  /** The end of a controller's log, for messages. */
  log(name: string): string {
    return readFileSync(join(this.folder, `${name}.log`), "utf8").slice(-4_000);
  }

  #keep(engine: Stoppable): Stoppable {
    this.#engines.add(engine);
    return {
      stop: async (options) => {
        this.#engines.delete(engine);
        await engine.stop(options);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) await engine.stop({ isSudden: true });
    this.#oracle?.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function kubeconfigText({ url, token }: Oracle): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "real",
    contexts: [{ name: "real", context: { cluster: "real", user: "real" } }],
    clusters: [{ name: "real", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "real", user: { token } }],
  });
}
