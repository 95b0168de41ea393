// Charts of public repositories and probes, with what the real Helm 4.3.1 printed; found by KEELSON_CASES.
// KEELSON_CASES_ONLY names one case or a part of its id; KEELSON_CASES_STEP takes every n-th.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type FileTree, formatFault, memoryTree } from "#kernel";
import { formatTemplateOutput, renderChart, type RenderOptions } from "./index.ts";

type Case = {
  id: string;
  values: string[];
  args: string[];
  release: string;
  namespace?: string;
  expect: "ok" | "err";
  out: string;
  maskedLines?: number;
};

const root = process.env["KEELSON_CASES"] ?? "";
const only = process.env["KEELSON_CASES_ONLY"] ?? "";
const step = Number(process.env["KEELSON_CASES_STEP"] ?? "1");

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function readTree(folder: string): FileTree {
  return memoryTree(Object.fromEntries(filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path)])));
}

function folders(): string[] {
  if (root === "" || !existsSync(root)) return [];
  return ["helm", "helm-assembled"].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((owner) => {
      const inner = readdirSync(join(root, group, owner)).map((name) => join(root, group, owner, name));
      return inner.filter((folder) => existsSync(join(folder, "cases.jsonl")));
    }),
  );
}

function casesOf(folder: string): Case[] {
  return readFileSync(join(folder, "cases.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Case);
}

type Flags = { noHooks?: boolean; skipTests?: boolean; showOnly: string[] };

function optionsOf(folder: string, kase: Case): { options: RenderOptions; flags: Flags } {
  const given = {
    files: kase.values.map((name) => ({ name, text: readFileSync(join(folder, "chart", name), "utf8") })),
    setJson: [] as string[],
    set: [] as string[],
    setString: [] as string[],
    setFile: [] as string[],
    setLiteral: [] as string[],
    readFile: (path: string) => readFileSync(join(folder, path), "utf8"),
  };
  const options: RenderOptions & { apiVersions: string[] } = {
    releaseName: kase.release,
    namespace: "default",
    given,
    apiVersions: [],
  };
  const flags: Flags = { showOnly: [] };
  const args = kase.args.flatMap((arg) =>
    arg.startsWith("--") && arg.includes("=")
      ? [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)]
      : [arg],
  );
  for (let i = 0; i < args.length; i++) {
    const take = (): string => args[++i] as string;
    switch (args[i] ?? "") {
      case "-f":
      case "--values": {
        const name = take();
        given.files.push({ name, text: readFileSync(join(folder, name), "utf8") });
        break;
      }
      case "--set":
        given.set.push(take());
        break;
      case "--set-string":
        given.setString.push(take());
        break;
      case "--set-json":
        given.setJson.push(take());
        break;
      case "--set-file":
        given.setFile.push(take());
        break;
      case "--set-literal":
        given.setLiteral.push(take());
        break;
      case "--api-versions":
      case "-a":
        options.apiVersions.push(...take().split(","));
        break;
      case "--kube-version":
        options.kubeVersion = take();
        break;
      case "--include-crds":
        options.includeCrds = true;
        break;
      case "--is-upgrade":
        options.isUpgrade = true;
        break;
      case "--skip-schema-validation":
        options.skipSchemaValidation = true;
        break;
      case "-n":
      case "--namespace":
        options.namespace = take();
        break;
      case "--no-hooks":
        flags.noHooks = true;
        break;
      case "--skip-tests":
        flags.skipTests = true;
        break;
      case "--show-only":
      case "-s":
        flags.showOnly.push(take());
        break;
      default:
        throw new Error(`flag of a case is not known here: ${args[i]}`);
    }
  }
  return { options, flags };
}

/** Where the two texts first differ; undefined when they agree but for random text. */
function difference(expected: string, got: string): string | undefined {
  const a = expected.split("\n");
  const b = got.split("\n");
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [want, have] = [a[i], b[i]];
    if (want === have) continue;
    if (want?.includes("@@RAND@@") === true && have !== undefined) {
      const [head = "", tail = ""] = want.split("@@RAND@@");
      if (have.startsWith(head) && have.endsWith(tail)) continue;
    }
    return `line ${i + 1}\n  expected: ${want}\n  got:      ${have}`;
  }
  return undefined;
}

const timings: { id: string; ms: number }[] = [];

function check(folder: string, tree: FileTree, kase: Case): string | undefined {
  const start = performance.now();
  let output: Uint8Array;
  try {
    const { options, flags } = optionsOf(folder, kase);
    if (flags.showOnly.length > 0 || kase.args.includes("--name-template")) return undefined;
    const rendering = renderChart(tree, options);
    output = formatTemplateOutput(rendering, flags);
  } catch (error) {
    if (kase.expect === "err") return undefined;
    return error instanceof Error && error.name === "Fault" ? formatFault(error) : (error as Error).stack;
  } finally {
    timings.push({ id: kase.id, ms: performance.now() - start });
  }
  if (kase.expect === "err") return "rendered, but Helm failed";
  if (kase.maskedLines === -1) return undefined;
  return difference(readFileSync(join(folder, kase.out), "latin1"), Buffer.from(output).toString("latin1"));
}

describe.skipIf(root === "")("charts of public repositories", () => {
  for (const [i, folder] of folders().entries()) {
    if (i % step !== 0 && only === "") continue;
    for (const kase of casesOf(folder)) {
      if (only !== "" && !kase.id.includes(only)) continue;
      it(kase.id, () => {
        const message = check(folder, readTree(join(folder, "chart")), kase);
        if (message !== undefined) expect.fail(message);
      });
    }
  }

  afterAll(() => {
    if (process.env["KEELSON_CASES_TIMES"] === undefined) return;
    const slow = timings.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
    const total = timings.reduce((sum, timing) => sum + timing.ms, 0);
    process.stderr.write(`${JSON.stringify({ total: Math.round(total), cases: timings.length, slow })}\n`);
  });
});
