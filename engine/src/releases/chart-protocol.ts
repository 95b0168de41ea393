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

export type ChartReply = { id: number; answer: ChartAnswer } | { id: number; faults: FaultChain };

export type FaultData = Pick<Fault, "code" | "disposition" | "at" | "message" | "hint">;

/** A cause that is an error of a library: its words are all that is told of it. */
export type CauseData = { message: string };

/** What was thrown, then its causes, outermost first. */
export type FaultChain = [FaultData, ...(FaultData | CauseData)[]];

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
export function encodeFaults(thrown: unknown): FaultChain {
  const causes: (FaultData | CauseData)[] = [];
  for (let error = causeOf(thrown); error !== undefined && causes.length < 7; error = causeOf(error))
    causes.push(error instanceof Fault ? dataOf(error) : { message: error.message });
  return [dataOf(faultFrom(thrown)), ...causes];
}

function causeOf(thrown: unknown): Error | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error ? cause : undefined;
}

function dataOf({ code, disposition, at, message, hint }: Fault): FaultData {
  return { code, disposition, at, message, hint };
}

/** The fault that was thrown, with its causes. */
export function decodeFaults([{ at, hint, ...others }, ...causes]: FaultChain): Fault {
  const [first, ...more] = causes;
  return new Fault({
    ...others,
    ...(at === undefined ? {} : { at }),
    ...(hint === undefined ? {} : { hint }),
    ...(first === undefined ? {} : { cause: decodeCause(first, more) }),
  });
}

function decodeCause(data: FaultData | CauseData, causes: readonly (FaultData | CauseData)[]): Error {
  if ("code" in data) return decodeFaults([data, ...causes]);
  const [first, ...more] = causes;
  return new Error(data.message, first === undefined ? {} : { cause: decodeCause(first, more) });
}
