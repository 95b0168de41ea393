// Templates written to run for ever or to fill the memory: each ends in a Fault, by the time that is given or by a limit.
// The last test has one in a thread of its own, as the engine's users may: it ends there, and the thread answers again.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Fault, memoryTree } from "#kernel";
import { renderChart } from "./index.ts";

const chart = (template: string): Record<string, string> => ({
  "Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
  "templates/NOTES.txt": template,
});

/** Time that is up after so many looks at the clock, so that nothing depends on how fast the machine is. */
function looksAtClock(most: number): () => void {
  let looks = 0;
  return () => {
    if (++looks > most) throw new Fault({ code: "timed-out", disposition: "stall", message: "the time is up" });
  };
}

const grown = /grew longer than can be held/;
const cases: [name: string, template: string, words: RegExp][] = [
  ["a loop over a huge number", "{{ range 1000000000000 }}{{ end }}", /the time is up/],
  ["loops in loops", "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}", /the time is up/],
  [
    "a template that calls itself twice",
    '{{ define "x" }}{{ if gt (int .) 0 }}{{ template "x" (sub . 1) }}{{ template "x" (sub . 1) }}{{ end }}{{ end }}{{ template "x" 60 }}',
    /the time is up/,
  ],
  ["many calls and no loop", '{{ upper "a" }}'.repeat(400), /the time is up/],
  ["an include of itself", '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}', /nested reference name/],
  [
    "a tpl of itself",
    '{{ define "x" }}{{ tpl "{{ include \\"x\\" . }}" . }}{{ end }}{{ include "x" . }}',
    /too deeply|nested reference name/,
  ],
  ["a text that doubles", '{{ $s := "xxxxxxxx" }}{{ range until 100 }}{{ $s = print $s $s }}{{ end }}', grown],
  [
    "a list that doubles",
    "{{ $l := until 8 }}{{ range until 100 }}{{ $l = concat $l $l }}{{ end }}",
    /a list of more than 10000000 items/,
  ],
  ["an indent without end", '{{ nindent 2000000000 "x" }}', grown],
  ["a replacement that multiplies", '{{ replace "a" (repeat 100000 "b") (repeat 100000 "a") }}', grown],
  ["random text without end", "{{ randAlphaNum 100000000000 }}", /a random text of more than/],
  [
    "a regular expression of many groups",
    '{{ regexMatch (repeat 200000 "(a|b)*") "ab" }}',
    /a regular expression of more than/,
  ],
  ["random bytes without end", "{{ randBytes 100000000000 }}", /random bytes/],
  [
    "maps that hold one another twice",
    '{{ $d := dict }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ toYaml $d }}',
    /a value of more than 10000000 items/,
  ],
  ["output without end", "{{ range 1000000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}", /longer than/],
];

describe("an endless template", () => {
  it.each(cases)("with %s ends in a fault", { timeout: 120_000 }, (_name, template, words) => {
    const checkTime = looksAtClock(words.source.includes("time is up") ? 20 : 1_000_000_000);
    let text = "";
    try {
      renderChart(memoryTree(chart(template)), { releaseName: "r", checkTime, outputLengthMax: 1_000_000 });
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(Fault);
      for (let error: unknown = thrown; error instanceof Error; error = error.cause) text += `${error.message}\n`;
    }
    expect(text).toMatch(words);
  });
});

const compiled = new URL("../../../dist/render/helm/index.js", import.meta.url);

it.skipIf(!existsSync(fileURLToPath(compiled)))(
  "in a thread stops at the time, and the thread goes on to the next chart",
  { timeout: 120_000 },
  async () => {
    const program = `
      const { parentPort } = require("node:worker_threads");
      const loaded = Promise.all([import(${JSON.stringify(compiled.href)}), import(${JSON.stringify(new URL("../../kernel/index.js", compiled).href)})]);
      parentPort.on("message", async ({ files, limitMs }) => {
        const [{ renderChart }, { memoryTree }] = await loaded;
        const end = Date.now() + limitMs;
        const checkTime = () => { if (Date.now() > end) throw new Error("the time is up"); };
        try { parentPort.postMessage({ notes: renderChart(memoryTree(files), { releaseName: "r", checkTime }).notes }); }
        catch (thrown) { parentPort.postMessage({ error: thrown.message }); }
      });`;
    const worker = new Worker(program, { eval: true, execArgv: [] });
    const ask = (template: string, limitMs: number): Promise<{ notes?: string; error?: string }> =>
      new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.postMessage({ files: chart(template), limitMs });
      });
    try {
      expect(await ask("{{ range 1000000000000 }}{{ end }}", 100)).toEqual({ error: "the time is up" });
      expect((await ask("{{ .Release.Name }} is there", 100_000)).notes).toContain("is there");
    } finally {
      await worker.terminate();
    }
  },
);
