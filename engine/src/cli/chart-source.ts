// What the commands that render a chart share: where it comes from, the values that go into it, and what is done with its
// objects afterwards. The flags and their meanings are Helm's.

import { resolve } from "node:path";
import { stringOf } from "#formats/gotemplate";
import { Fault, type FileTree } from "#kernel";
import {
  checkPresent,
  loadChartTree,
  type PostRender,
  renderTimeMaxMs,
  setValues,
  type UserValues,
} from "#render/helm";
import { usage } from "./arguments.ts";
import { chartAccess, type ChartAccessFlags } from "./chart-access.ts";
import { locateChart } from "./chart-locate.ts";
import type { FlagValues } from "./command.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { chartTree } from "./local-tree.ts";
import { readNamedFile } from "./named-files.ts";

/** Values on top of a chart's own. */
export const valueFlags = {
  values: { short: "f", takes: "FILE", isList: true, about: "values from a YAML file; - is standard input" },
  set: { takes: "KEY=VALUE", isRepeated: true, about: "set values: a.b=1,c={x,y}" },
  "set-string": { takes: "KEY=VALUE", isRepeated: true, about: "set values that stay text" },
  "set-json": { takes: "KEY=JSON", isRepeated: true, about: "set values given as JSON" },
  "set-file": { takes: "KEY=PATH", isRepeated: true, about: "set values to the content of files" },
  "set-literal": { takes: "KEY=TEXT", isRepeated: true, about: "set one value to the text as it stands" },
} as const;

/** Where a chart comes from. */
export const chartFlags = {
  repo: { takes: "URL", about: "take CHART from the chart repository at this address" },
  version: { takes: "RANGE", about: "version or range of the chart (default: the newest)" },
  devel: { about: "take pre-releases too: --version '>0.0.0-0'" },
  "pass-credentials": { about: "send user name and password to all domains" },
  "dependency-update": { about: "fill charts/ from Chart.yaml first when a dependency is missing" },
} as const;

/** What is done with the rendered objects. */
export const postRenderFlags = {
  "post-renderer": { takes: "NAME", about: "kustomize: run kustomize in this process over what was rendered" },
  "post-renderer-args": {
    takes: "FOLDER",
    isRepeated: true,
    about: "for --post-renderer kustomize: the folder of the kustomization (patches, images, …)",
  },
} as const;

export type ChartFlags = FlagValues<typeof chartFlags> & ChartAccessFlags;
export type PostRenderFlags = FlagValues<typeof postRenderFlags>;

/** The folder of a chart as a tree, or a packed chart. */
export type ChartSource = FileTree | Uint8Array;

/** The chart, with its dependencies brought in where that is asked for and one is missing. */
export async function openChartSource(reference: string, given: ChartFlags, io: Io): Promise<ChartSource> {
  const version = given.version ?? (given.devel ? ">0.0.0-0" : "");
  const access = chartAccess(given, io);
  const source = await locateChart(io, { reference, repository: given.repo ?? "", version: version.trim(), access });
  if (!given["dependency-update"] || source instanceof Uint8Array) return source;
  try {
    checkPresent(loadChartTree(source, ""));
    return source;
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== "chart-dependency") throw thrown;
  }
  const { updateDependencies } = await import("./chart-dependencies.ts");
  const folder = resolve(io.folder, reference);
  // Helm writes its progress among the objects; here they stay fit to be piped.
  await updateDependencies(folder, { io, shown: reference, access, write: (text) => io.stderr.write(text) });
  return chartTree(folder);
}

/** Names the chart in what is wrong with its files or its archive. */
export async function ofChart<T>(reference: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.at !== undefined) throw thrown;
    const { code, disposition, message, cause } = thrown;
    if (code !== "chart-archive" && code !== "chart-load") throw thrown;
    const hint = thrown.hint ?? (code === "chart-archive" ? "pack the chart or fetch it anew" : undefined);
    throw new Fault({ code, disposition, at: reference, message, cause, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The values that the flags give. */
export async function givenValues(given: FlagValues<typeof valueFlags> & ChartFlags, io: Io): Promise<UserValues> {
  const files: { name: string; text: string }[] = [];
  for (const path of given.values) files.push({ name: path, text: await readText(path, io, given) });
  const fetched = await fetchedFiles(given, io);
  return {
    files,
    set: given.set,
    setString: given["set-string"],
    setJson: given["set-json"],
    setFile: given["set-file"],
    setLiteral: given["set-literal"],
    readFile: (path) => fetched.get(path) ?? stringOf(readNamedFile(path, io)),
  };
}

/** What `--set-file` names that is no file: URLs, and `-` for the input. */
async function fetchedFiles(
  given: FlagValues<typeof valueFlags> & ChartFlags,
  io: Io,
): Promise<ReadonlyMap<string, string>> {
  const paths: string[] = [];
  const note = (path: string): string => {
    paths.push(path);
    return "";
  };
  for (const text of given["set-file"])
    try {
      setValues({}, text, note);
    } catch {
      // Told where the values are put together.
    }
  const fetched = new Map<string, string>();
  for (const path of paths) if (isUrl(path) || path.trim() === "-") fetched.set(path, await readText(path, io, given));
  return fetched;
}

function isUrl(path: string): boolean {
  return /^https?:\/\//.test(path);
}

async function readText(path: string, io: Io, given: ChartFlags): Promise<string> {
  if (isUrl(path)) {
    const { ChartNetwork } = await import("./chart-network.ts");
    const network = new ChartNetwork(io, chartAccess(given, io));
    try {
      return await network.text(path);
    } finally {
      network.close();
    }
  }
  // What is no UTF-8 stays as it is: Helm refuses it in values, and keeps it in files.
  return stringOf(path.trim() === "-" ? await io.readInput() : readNamedFile(path, io));
}

/** A limit on time: a template can be written to run for ever. */
export function renderTimeLimit(io: Io): () => void {
  const deadline = io.clock.now() + renderTimeMaxMs;
  return () => {
    if (io.clock.now() > deadline)
      throw new Fault<CliCode>({
        code: "timed-out",
        disposition: "stall",
        message: `rendering took more than ${renderTimeMaxMs / 1000} seconds`,
        hint: "look for a loop or a recursion that never ends",
      });
  };
}

/** `--post-renderer kustomize`; Helm's own plugins are programs, and none is started here. */
export async function postRenderer(given: PostRenderFlags, io: Io): Promise<PostRender | undefined> {
  const name = given["post-renderer"];
  if (name === undefined || name === "") return undefined;
  if (name !== "kustomize")
    throw usage(
      `--post-renderer ${name}: post-renderers that are programs or plugins are not run`,
      "--post-renderer kustomize --post-renderer-args FOLDER runs kustomize in this process; or pipe the output into the program",
    );
  const [folder = ".", ...others] = given["post-renderer-args"];
  if (others.length > 0) throw usage("--post-renderer kustomize takes one folder");
  const { kustomizationFolder } = await import("./post-renderer-folder.ts");
  return kustomizationFolder(resolve(io.folder, folder));
}
