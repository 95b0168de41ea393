// Each function of Sprig and Helm with inputs of its own and with odd ones. The answers were recorded from Helm v4.3.1's
// engine by oracles/helm/answer over the questions of tools/helm-questions.mjs.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeUtf8, Fault } from "#kernel";
import { Capabilities, builtinApiVersions, defaultKubeVersion, type Chart } from "./index.ts";
import { emptyMetadata } from "./metadata.ts";
import { renderTemplates } from "./engine.ts";
import { seededEnvironment } from "./functions/environment.ts";

type Answer = [text: string, out: string | null, error: string | null];

const answers = readFileSync(new URL("./testdata/functions/answers.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Answer);

/** Corners of functions and of the language; what stands in the first line comes before each question that asks for $v. */
const [preface, ...corners] = readFileSync(new URL("./testdata/functions/corners.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as unknown) as [string, ...Answer[]];

const capabilities = new Capabilities(defaultKubeVersion, builtinApiVersions);

function render(text: string): { out: string } | { error: string } {
  const metadata = { ...emptyMetadata(), name: "c", version: "0.1.0", apiVersion: "v2" };
  const templates = [{ name: "templates/t", data: encodeUtf8(text) }];
  const chart: Chart = {
    metadata,
    values: {},
    schema: undefined,
    templates,
    files: [],
    raw: [],
    dependencies: [],
    parent: undefined,
  };
  const values = { big: 1000000, n: 3, map: { a: 1, z: { y: "x" } }, yes: true };
  try {
    const rendered = renderTemplates(
      { chart, values, release: { Name: "r", Namespace: "default" }, capabilities },
      { environment: seededEnvironment("test", 0) },
    );
    return { out: rendered.get("c/templates/t") ?? "" };
  } catch (error) {
    if (error instanceof Fault) return { error: error.message };
    return { error: `BUG ${(error as Error).stack}` };
  }
}

/** Bytes that are no character were recorded as U+FFFD. */
function recorded(text: string): string {
  return text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd");
}

function checkFunction(name: string, cases: readonly Answer[]): void {
  const wrong: string[] = [];
  for (const [text, out, error] of cases) {
    const got = render(text);
    if ("out" in got ? recorded(got.out) === out : error !== null && got.error === error) continue;
    wrong.push(`${text}\n  helm: ${out ?? `error ${error}`}\n  here: ${"out" in got ? got.out : `error ${got.error}`}`);
  }
  if (wrong.length > 0) expect.fail(`${name}:\n${wrong.join("\n")}`);
}

const byFunction = new Map<string, Answer[]>();
for (const answer of answers) {
  const name = answer[0].split(" ")[1] as string;
  byFunction.set(name, [...(byFunction.get(name) ?? []), answer]);
}

describe("functions of templates", () => {
  it.each([...byFunction])("%s answers as Helm does", checkFunction);

  it("answer as Helm does in their corners", () => {
    const asked = corners.map(([text, ...answer]): Answer => [text.includes("$v.") ? preface + text : text, ...answer]);
    checkFunction("corners", asked);
  });
});
