// Charts rendered in other threads: an endless template holds up nothing but its own release, and one that fills the memory
// ends with its thread.

import * as crypto from "node:crypto";
import { ThreadLost, ThreadPool } from "#controller";
import type { Clock } from "#kernel";
import { machineEnvironment, renderTimeMaxMs } from "#render/helm";
import { type ChartReply, type ChartRequest, decodeFaults, encodeWork } from "./chart-protocol.ts";
import { type ChartRenderer, chartsInThisThread, tookTooLong } from "./chart-renderer.ts";
import { releaseFault } from "./faults.ts";
import {
  chartHeapMiB,
  chartPatienceMs,
  chartStackMiB,
  chartThreads,
  chartThreadsMost,
  threadGraceMs,
} from "./limits.ts";

/** To be closed at the end. */
export type ChartThreads = ChartRenderer & { close(): Promise<void> };

/** Threads where this package runs compiled; this thread where it runs from source, which threads cannot load. */
export function startChartThreads(clock: Clock): ChartThreads {
  const here = chartsInThisThread(clock, machineEnvironment(clock, crypto.randomBytes));
  if (import.meta.url.endsWith(".ts")) return { ...here, close: () => Promise.resolve() };
  const threads = new ThreadPool<ChartRequest, ChartReply>({
    clock,
    script: new URL("./chart-worker.js", import.meta.url),
    threads: chartThreads,
    threadsMost: chartThreadsMost,
    patienceMs: chartPatienceMs,
    // A thread ends a chart by itself; one that does not is stuck where it cannot look at the clock.
    taskMostMs: renderTimeMaxMs + threadGraceMs,
    heapMostMiB: chartHeapMiB,
    stackMiB: chartStackMiB,
  });
  return {
    async render(work) {
      const request = encodeWork(work);
      if (request === undefined) return here.render(work);
      const reply = await threads.run({ ...request, nowMs: clock.now() }).catch((thrown: unknown) => {
        throw thrown instanceof ThreadLost ? faultOf(thrown) : thrown;
      });
      if ("faults" in reply) throw decodeFaults(reply.faults);
      return reply.answer;
    },
    close: () => threads.close(),
  };
}

function faultOf({ end, message }: ThreadLost): Error {
  switch (end) {
    case "time":
      return tookTooLong(`rendering ${message}`);
    case "memory":
      return releaseFault("release-render-failed", `rendering ${message}`, {
        hint: "look for a text, a list or a map that grows in a loop",
      });
    case "crash":
      return releaseFault("release-render-failed", `rendering ended: ${message}`, { disposition: "retry" });
  }
}
