// Charts rendered in threads beside the same in this one. Threads run compiled code: without it there is nothing to test.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "#kernel";
import { loadChartFiles, packChart } from "#render/helm";
import { kustomizePostRenderer } from "#render/post-render";
import { chartsInThisThread, type ChartAnswer, type ChartWork } from "./chart-renderer.ts";
import type { ChartThreads } from "./chart-threads.ts";

const compiled = new URL("../../dist/releases/chart-threads.js", import.meta.url);

const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

function chartOf(template: string): Uint8Array {
  const text = (name: string, data: string) => ({ name, data: new TextEncoder().encode(data) });
  const chart = loadChartFiles([
    text("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
    text("values.yaml", "a: 1\nlarge: 12345678901\n"),
    text("templates/a.yaml", template),
  ]);
  return packChart(chart, {}).bytes;
}

function workOf(template: string, more: Partial<ChartWork> = {}): ChartWork {
  return {
    chart: chartOf(template),
    options: { releaseName: "r", namespace: "n", values: { b: "x" }, isUpgrade: false, revision: 1 },
    lookups: [],
    ...more,
  };
}

const object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n";
const lookup = `${object}data:\n  a: {{ (lookup "v1" "Secret" "n" "s").data.password | default "none" | quote }}\n`;
const question = { apiVersion: "v1", kind: "Secret", namespace: "n", name: "s" };
const post = kustomizePostRenderer({ namePrefix: "p-" });

const cases: [name: string, work: ChartWork][] = [
  ["objects, hooks and notes", workOf(`${object}data: {{ toJson .Values }}\n`)],
  ["bytes that are no text", workOf(`${object}data:\n  a: {{ "\\xff" | quote }}\n`)],
  ["a lookup that is lacking", workOf(lookup)],
  ["a lookup that was answered", workOf(lookup, { lookups: [{ ...question, found: { data: { password: "cA==" } } }] })],
  ["a lookup that found nothing", workOf(lookup, { lookups: [{ ...question, found: undefined }] })],
  ["a lookup that is refused", workOf(lookup, { lookups: [{ ...question, refused: "no such kind" }] })],
  ["a post-renderer", workOf(object, { options: { releaseName: "r", postRender: post } })],
  ["a template that fails", workOf('{{ fail "so be it" }}')],
  ["a manifest that is none", workOf("a: [")],
];

async function outcome(answer: Promise<ChartAnswer>): Promise<unknown> {
  try {
    const { ...found } = await answer;
    return found;
  } catch (thrown) {
    const chain: unknown[] = [];
    for (let error = thrown; error instanceof Error; error = error.cause) {
      const { code, disposition, at, hint } = error as Error & { [member: string]: unknown };
      chain.push({ code, disposition, at, hint, message: error.message });
    }
    return chain;
  }
}

describe.skipIf(!existsSync(fileURLToPath(compiled)))("charts in threads", { timeout: 120_000 }, () => {
  const here = chartsInThisThread(clock);
  let threads: ChartThreads;

  beforeAll(async () => {
    const { startChartThreads } = (await import(/* @vite-ignore */ compiled.href)) as {
      startChartThreads: (clock: Clock) => ChartThreads;
    };
    threads = startChartThreads(clock);
  });
  afterAll(() => threads.close());

  it.each(cases)("give %s as this thread does", async (_name, work) => {
    expect(await outcome(threads.render(work))).toEqual(await outcome(here.render(work)));
  });

  it("make passwords that nobody foresees", async () => {
    const work = workOf(`${object}data:\n  a: {{ randAlphaNum 20 }}\n`);
    const texts = await Promise.all([threads.render(work), threads.render(work)]);
    const [one, other] = texts.map((answer) => ("rendering" in answer ? answer.rendering.text : ""));
    expect(one).toMatch(/a: \w{20}\n/);
    expect(one).not.toBe(other);
  });

  it("hold neither the loop nor another chart while a template never ends", async () => {
    const endless = outcome(threads.render(workOf('{{ range 1000000000000 }}{{ $_ := sha256sum "x" }}{{ end }}')));
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const answer = await threads.render(workOf(object));
    clearInterval(ticking);
    expect("rendering" in answer).toBe(true);
    expect(turns).toBeGreaterThan(0);
    await threads.close();
    expect(await endless).toMatchObject([{ code: "release-render-failed" }]);
  });
});
