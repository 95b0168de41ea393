// Whole charts, each with what the real Helm 4.3.1 prints or says of it: testdata/charts/cases.jsonl. UPDATE_GOLDEN=1 with
// helm-batch in KEELSON_ORACLES records them anew.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatFault, memoryTree } from "#kernel";
import { formatTemplateOutput, renderChart, type RenderOptions, showOnly } from "./index.ts";

type Case = {
  about: string;
  /** By their paths in the chart; Chart.yaml where it says nothing special is not repeated. */
  files: { readonly [path: string]: string };
  /** What follows `helm template r top`. */
  flags?: readonly (readonly string[])[];
  out?: string;
  error?: string;
};

const place = new URL("./testdata/charts/cases.jsonl", import.meta.url);
const common = { "Chart.yaml": "apiVersion: v2\nname: top\nversion: 1.0.0\n" };
const read = (): Case[] =>
  readFileSync(place, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Case);

if (process.env["UPDATE_GOLDEN"] === "1" && process.env["KEELSON_ORACLES"] !== undefined) record();

function record(): void {
  const cases = read();
  const questions = cases.map(({ files, flags = [] }) => ({
    files: Object.fromEntries(
      Object.entries({ ...common, ...files }).map(([path, text]) => [
        path.startsWith("/") ? path.slice(1) : `top/${path}`,
        text,
      ]),
    ),
    words: ["template", "r", "top", "-n", "default", ...flags.flat()],
  }));
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
  const { stdout } = spawnSync(join(process.env["KEELSON_ORACLES"] as string, "helm-batch"), {
    input,
    encoding: "utf8",
  });
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { ok: boolean; out?: string; error?: string });
  const lines = cases.map(({ about, files, flags }, i) => {
    const { ok, out = "", error = "" } = answers[i] as { ok: boolean; out?: string; error?: string };
    const said = ok ? { out } : { error: error.replace("\n\nUse --debug flag to render out invalid YAML", "") };
    return JSON.stringify({ about, files, ...(flags === undefined ? {} : { flags }), ...said });
  });
  writeFileSync(place, `${lines.join("\n")}\n`);
}

function optionsOf({ files, flags = [] }: Case): { options: RenderOptions; patterns: string[] } {
  const given = { files: [] as { name: string; text: string }[], set: [] as string[], setJson: [] as string[] };
  const options: RenderOptions = { releaseName: "r", given };
  const patterns: string[] = [];
  for (const [flag, text = ""] of flags)
    if (flag === "-f") given.files.push({ name: text, text: files[`/${text}`] as string });
    else if (flag === "--set") given.set.push(text);
    else if (flag === "--set-json") given.setJson.push(text);
    else if (flag === "--show-only") patterns.push(text);
    else if (flag === "--include-crds") options.includeCrds = true;
    else if (flag === "--kube-version") options.kubeVersion = text;
    else throw new Error(`a flag that this test does not know: ${flag}`);
  return { options, patterns };
}

function rendered(one: Case): { out: string } | { error: string } {
  const { options, patterns } = optionsOf(one);
  const files = Object.entries({ ...common, ...one.files }).filter(([path]) => !path.startsWith("/"));
  try {
    const output = formatTemplateOutput(renderChart(memoryTree(Object.fromEntries(files)), options));
    return { out: Buffer.from(patterns.length === 0 ? output : showOnly(output, patterns)).toString("utf8") };
  } catch (error) {
    return { error: formatFault(error) };
  }
}

describe("a whole chart", () => {
  it.each(read().map((one) => [one.about, one] as const))("%s", (_about, one) => {
    const got = rendered(one);
    if (one.error === undefined) expect(got).toEqual({ out: one.out });
    else expect("error" in got ? got.error : got).toContain(one.error);
  });
});
