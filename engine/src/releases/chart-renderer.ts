// Rendering of a release's chart as a step that another thread can do: what goes in and comes out is data. Lookups that have
// been answered go along; what is lacking comes back, and the chart is rendered again with it.

import { type Clock, type FileTree, type Json, type JsonObject, Missing } from "#kernel";
import { GoError, type GoMap } from "#formats/gotemplate";
import {
  type ChartRendering,
  type FunctionEnvironment,
  type Lookup,
  renderChart,
  renderTimeMaxMs,
  type RenderOptions,
  toPlain,
  unstructuredValues,
} from "#render/helm";
import type { StoredChart } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { storedChart } from "./stored-chart.ts";

/** What a template asks the cluster for; `name` "" asks for a list. */
export type LookupQuestion = { apiVersion: string; kind: string; namespace: string; name: string };

/** `found` is undefined where there is no such object. `refused`: the error that the template gets. */
export type LookupAnswer = LookupQuestion & ({ found: Json | undefined } | { refused: string });

export type ChartWork = {
  chart: FileTree | Uint8Array;
  options: Omit<RenderOptions, "given" | "lookup" | "environment" | "checkTime">;
  lookups: readonly LookupAnswer[];
};

/** What an action needs of a rendering. */
export type ReleaseRendering = Pick<
  ChartRendering,
  "text" | "hooks" | "crds" | "notes" | "inputs" | "warnings" | "isVolatile"
>;

export type RenderedChart = {
  rendering: ReleaseRendering;
  /** The chart as it will be stored. */
  chart: StoredChart;
  config: JsonObject;
};

export type ChartAnswer = RenderedChart | { lacks: LookupQuestion[] };

/** Where charts are rendered. */
export interface ChartRenderer {
  render(work: ChartWork): Promise<ChartAnswer>;
}

/** Renders where it is called. */
export function chartsInThisThread(clock: Clock, environment?: FunctionEnvironment): ChartRenderer {
  return { render: async (work) => renderWork(work, { clock, ...(environment === undefined ? {} : { environment }) }) };
}

/** The rendering, or what it lacks. Throws a Fault where the chart has one, or takes too long. */
export function renderWork(
  { chart, options, lookups }: ChartWork,
  { clock, environment }: { clock: Clock; environment?: FunctionEnvironment },
): ChartAnswer {
  return withLookups(lookups, (lookup) => {
    const rendering = renderChart(chart, {
      ...options,
      lookup,
      ...(environment === undefined ? {} : { environment }),
      checkTime: timeLimit(clock),
    });
    const { text, hooks, crds, notes, inputs, warnings, isVolatile } = rendering;
    return {
      rendering: { text, hooks, crds, notes, inputs, warnings, isVolatile },
      chart: storedChart(rendering.chart, { hasDefaults: options.defaults !== undefined }),
      config: toPlain(rendering.config) as JsonObject,
    };
  });
}

/** Calls `render` with what is known; what it asks for beyond that is what it lacks. */
export function withLookups<T>(
  known: readonly LookupAnswer[],
  render: (lookup: Lookup) => T,
): T | { lacks: LookupQuestion[] } {
  const answers = new Map(known.map((answer) => [keyOf(answer), answer]));
  const lacks: LookupQuestion[] = [];
  try {
    return render((apiVersion, kind, namespace, name) => {
      const question = { apiVersion, kind, namespace, name };
      const answer = answers.get(keyOf(question));
      if (answer === undefined) {
        lacks.push(question);
        throw new Missing([{ what: "lookup", id: keyOf(question) }]);
      }
      if ("refused" in answer) throw new GoError(answer.refused);
      return answer.found === undefined ? undefined : (unstructuredValues(answer.found) as GoMap);
    });
  } catch (thrown) {
    if (!(thrown instanceof Missing) || lacks.length === 0) throw thrown;
    return { lacks };
  }
}

function keyOf({ apiVersion, kind, namespace, name }: LookupQuestion): string {
  return [apiVersion, kind, namespace, name].join(" ");
}

/** A template can be written to run for ever. */
function timeLimit(clock: Clock): () => void {
  const deadline = clock.now() + renderTimeMaxMs;
  return () => {
    if (clock.now() > deadline) throw tookTooLong(`rendering took more than ${renderTimeMaxMs / 1000} seconds`);
  };
}

/** The fault of a chart whose rendering was stopped. */
export function tookTooLong(message: string): ReturnType<typeof releaseFault> {
  return releaseFault("release-render-failed", message, {
    hint: "look for a loop or a recursion that never ends",
  });
}
