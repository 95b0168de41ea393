// A thread that renders charts: data in, data out. It keeps nothing but what the template engine itself caches.

import * as crypto from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { Clock } from "#kernel";
import { machineEnvironment } from "#render/helm";
import { type ChartReply, type ChartRequest, decodeWork, encodeFaults } from "./chart-protocol.ts";
import { renderWork } from "./chart-renderer.ts";

/** The engine's time, going on from when it asked. */
function clockFrom(nowMs: number): Clock {
  const startedMs = performance.now();
  return { now: () => Math.floor(nowMs + performance.now() - startedMs), after: () => () => {} };
}

function answer(request: ChartRequest): ChartReply {
  const { id, nowMs } = request;
  const clock = clockFrom(nowMs);
  try {
    return {
      id,
      answer: renderWork(decodeWork(request), { clock, environment: machineEnvironment(clock, crypto.randomBytes) }),
    };
  } catch (thrown) {
    return { id, faults: encodeFaults(thrown) };
  }
}

parentPort?.on("message", (request: ChartRequest) => parentPort?.postMessage(answer(request)));
