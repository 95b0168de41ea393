// What passes between the engine and the threads that render charts: data alone. A post-renderer goes as what it was made of,
// a fault as its chain.

import { Fault, faultFrom } from "#kernel";
import type { PostRender } from "#render/helm";
import { postRendererOf, type StepData } from "#render/post-render";
import type { ChartAnswer, ChartWork } from "./chart-renderer.ts";

export type ChartRequest = {
  id: number;
  /** The engine's time. */
  nowMs: number;
  work: Omit<ChartWork, "chart" | "options"> & {
    chart: Uint8Array;
    options: Omit<ChartWork["options"], "postRender">;
  };
  steps?: readonly StepData[];
};

export type ChartReply = { id: number; answer: ChartAnswer } | { id: number; faults: FaultData[] };

export type FaultData = Pick<Fault, "code" | "disposition" | "at" | "message" | "hint">;

/** The work as a message; undefined where a part of it can only be done in this thread. */
export function encodeWork({ chart, options, lookups }: ChartWork): Omit<ChartRequest, "id" | "nowMs"> | undefined {
  const { postRender, ...others } = options;
  if (!(chart instanceof Uint8Array)) return undefined;
  const work = { chart, options: others, lookups };
  if (postRender === undefined) return { work };
  return postRender.steps === undefined ? undefined : { work, steps: postRender.steps as readonly StepData[] };
}

export function decodeWork({ work, steps }: ChartRequest): ChartWork {
  const postRender: PostRender | undefined = steps === undefined ? undefined : postRendererOf(steps);
  return { ...work, options: { ...work.options, ...(postRender === undefined ? {} : { postRender }) } };
}

/** Outermost first. */
export function encodeFaults(thrown: unknown): FaultData[] {
  const faults: FaultData[] = [];
  for (let error = thrown; error !== undefined && faults.length < 8; error = (error as Error).cause) {
    const { code, disposition, at, message, hint } = faultFrom(error);
    faults.push({ code, disposition, at, message, hint });
    if (!(error instanceof Error)) break;
  }
  return faults;
}

/** The fault that was thrown, with its causes. */
export function decodeFaults(faults: readonly FaultData[]): Fault {
  const [{ at, hint, ...others }, ...causes] = faults as [FaultData, ...FaultData[]];
  return new Fault({
    ...others,
    ...(at === undefined ? {} : { at }),
    ...(hint === undefined ? {} : { hint }),
    ...(causes.length === 0 ? {} : { cause: decodeFaults(causes) }),
  });
}
