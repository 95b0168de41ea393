// The embedded control plane by itself: store, Kubernetes API, and the life of its objects (namespaces, garbage collection, expiry).
// The home puts simulated workloads and the engine beside it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ApiServer, type ApiServerOptions, startApiServer } from "#apiserver";
import { startLife } from "#apiserver/life";
import type { Cluster, Identity } from "#cluster";
import type { Clock, Fault } from "#kernel";
import { openStore } from "#store";
import { compileSooner, keepHeapSmall } from "./heap.ts";

export type ControlPlaneOptions = {
  dataFolder: string;
  /** 0: any free one. */
  port: number;
  clock: Clock;
  /** Ends the life of the objects. */
  signal: AbortSignal;
  podLog?: ApiServerOptions["podLog"];
  /** Told what is begun. */
  step?: (what: string) => void;
  /** Told of what should not happen in the API, and of each fault of a loop of its life. */
  failed: (error: unknown) => void;
  loopFailed: (loop: string, key: string, fault: Fault) => void;
};

export type ControlPlane = {
  server: ApiServer;
  /** The control plane as its own controllers see it. */
  controllers: Cluster;
  /** To be called once all is loaded that shall run for long. */
  started: () => void;
  /** After whatever still writes has ended. */
  close: () => Promise<void>;
};

/** Opens it over a data folder; it serves when this resolves. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataFolder, clock, podLog, step = () => undefined } = options;
  keepHeapSmall();
  step("opening the store");
  mkdirSync(join(dataFolder, "store"), { recursive: true, mode: 0o700 });
  const store = openStore(join(dataFolder, "store"));
  step("starting the Kubernetes API");
  const server = await startApiServer({
    store,
    clock,
    dataFolder,
    listen: { port: options.port },
    failed: options.failed,
    ...(podLog === undefined ? {} : { podLog }),
  });
  const controllers = server.cluster(partOf("system:kube-controller-manager"));
  const { signal, loopFailed: failed } = options;
  await startLife({ cluster: controllers, clock, signal, caCertificate: server.caCertificate, failed });
  return {
    server,
    controllers,
    started: compileSooner,
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}

/** A part of this program: it may do everything, and the audit log tells it from people. */
export function partOf(user: string): Identity {
  return { user, groups: ["system:masters", "system:authenticated"] };
}
