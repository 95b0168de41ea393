// `keelson run`: the engine against a cluster elsewhere, until interrupted. It keeps nothing of its own there.

import { hostname } from "node:os";
import { resolve } from "node:path";
import { Fault, formatTime } from "#kernel";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { installDefinitions, missingKinds } from "../definitions.ts";
import { consoleFlags, readConsoleTuning } from "../console-flags.ts";
import { engineFlags, readTuning } from "../engine-flags.ts";
import type { CliCode } from "../faults.ts";
import { findNeighbours, refuseNeighbours, stopNeighbours } from "../flux-neighbours.ts";
import { lockHome } from "../home-file.ts";
import type { Io } from "../io.ts";
import { LiveView } from "../live/live-view.ts";
import { mirrorsFlag, readMirrors } from "../mirrors-file.ts";
import { checkPortFree } from "../port-holder.ts";
import type { RunningEngine } from "../ports.ts";
import { endWithin, localTime, readPort, untilAborted } from "../running.ts";
import { becomeSoleEngine } from "../sole-engine.ts";
import { announceTarget, type ConnectedTarget, targetFlags, withTarget } from "../target.ts";
import { say } from "../waiting.ts";

const flags = {
  ...targetFlags,
  data: { takes: "DIR", about: "folder for mirrors and logs; nothing in it is missed", default: "./.keelson/run" },
  port: { takes: "PORT", about: "port of the console, webhooks and metrics, 0: any free one", default: "7440" },
  listen: { takes: "ADDRESS", about: "interface of that port", default: "127.0.0.1" },
  advertise: { takes: "HOST[:PORT]", about: "name under which other controllers reach that port" },
  log: {
    takes: "-",
    about: "write the log to standard output as JSON lines, in place of the live view",
    choices: ["-"],
  },
  ...mirrorsFlag,
  "install-definitions": { about: "bring the Flux definitions that the cluster lacks" },
  "take-over": { about: "scale Flux's own controllers to zero first" },
  ...engineFlags,
  ...consoleFlags,
} as const;

type Flags = FlagValues<typeof flags>;

export const command: Command = defineCommand({
  about:
    "Runs the engine against the cluster of a kubeconfig: reads its GitRepositories and Kustomizations, applies, watches, heals.\n" +
    "Everything it knows stands in Git or in the cluster, so it may be stopped and started anywhere.",
  examples: ["keelson run --context kind-dev --install-definitions", "keelson run --take-over"],
  flags,
  async run({ flags: given, io, ports }) {
    const { signal } = io;
    const { openEngine } = ports;
    if (openEngine === undefined) throw usage("`run` is not part of this build");
    const port = readPort("--port", given.port);
    const dataFolder = resolve(io.folder, given.data);
    const mirrors = await readMirrors(given.mirrors, { current: io.folder, data: dataFolder });
    return await withTarget(given, { io, ports }, async (target) => {
      announceTarget(target, io);
      if (given.listen === "127.0.0.1") await checkPortFree(port, "--port");
      await makeReady(target, given, io);
      const file = {
        pid: process.pid,
        since: formatTime(io.clock.now()),
        kubeconfig: "",
        url: "",
        api: target.cluster.name,
      };
      const tuning = readTuning(given);
      const lock = lockHome(dataFolder, file);
      const gone = new AbortController();
      const view = given.log === undefined ? openView(target, io, ports.version) : undefined;
      let engine: RunningEngine | undefined;
      let release = (): Promise<void> => Promise.resolve();
      try {
        const holder = `${hostname()}-${process.pid}`;
        const lost = (): void => gone.abort();
        release = await becomeSoleEngine({
          cluster: target.cluster,
          clock: io.clock,
          holder,
          selector: tuning.flux.watchSelector,
          lost,
        });
        const consoleFolder = ports.consoleFolder ?? "";
        engine = await openEngine({
          cluster: target.cluster,
          tuning,
          console: { version: ports.version, ...readConsoleTuning(given, io.folder) },
          dataFolder,
          port,
          consoleFolder,
          mirrors,
          host: given.listen,
          advertised: given.advertise,
          logLine: view === undefined ? (line) => io.stdout.write(line) : undefined,
        });
        view?.footer([`  ${io.stdout.style("bold", "Console")}   ${engine.url}`], []);
        await view?.follow(target.cluster, signal, engine.phases);
        await untilAborted(AbortSignal.any([signal, gone.signal]));
        if (gone.signal.aborted) throw lostLease();
        return 0;
      } finally {
        view?.close();
        // The Lease last: until then nobody else may begin.
        await endWithin({ close: async () => (await engine?.close(), await release()) }, io);
        lock.release();
      }
    });
  },
});

function openView(target: ConnectedTarget, io: Io, version: string): LiveView {
  const title = `Keelson ${version}  ${target.label}`;
  return new LiveView({ output: io.stdout, clock: io.clock, title, formatTime: localTime });
}

function lostLease(): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "failed",
    disposition: "retry",
    message: "the Lease of the engine is another's now, so this one has stopped",
    hint: "`kubectl -n keelson-system get lease keelson` says whose it is",
  });
}

/** Nobody else does the same work, and the kinds are there. */
async function makeReady(target: ConnectedTarget, given: Flags, io: Io): Promise<void> {
  const neighbours = await findNeighbours(target.cluster);
  if (neighbours.length > 0 && !given["take-over"]) throw refuseNeighbours(neighbours);
  if (neighbours.length > 0) {
    await stopNeighbours(target.cluster, neighbours);
    say.done(io, `${neighbours.map(({ name }) => name).join(", ")} scaled to zero`);
  }
  const missing = await missingKinds(target.cluster);
  const isUseless = missing.includes("Kustomization") || missing.includes("GitRepository");
  if (given["install-definitions"] && missing.length > 0) {
    await installDefinitions(target.cluster, missing);
    say.done(io, `installed the definitions of ${missing.join(", ")}`);
  } else if (isUseless) {
    throw new Fault<CliCode>({
      code: "not-found",
      disposition: "stall",
      message: `the cluster does not serve ${missing.join(", ")}`,
      hint: "--install-definitions brings what is missing",
    });
  }
}
