// `keelson dependency list [CHART]`: what Chart.yaml asks for and whether charts/ has it, in the table of `helm dependency list`.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type Chart,
  type Dependency,
  isCompatibleRange,
  loadChartArchive,
  loadChartTree,
  parseVersion,
} from "#render/helm";
import { openChart } from "../chart-files.ts";
import { type Command, defineCommand } from "../command.ts";
import { chartTree } from "../local-tree.ts";

export const command: Command = defineCommand({
  arguments: "[CHART]",
  arity: [0, 1],
  about: "Lists the dependencies that a chart declares and whether charts/ has them, as `helm dependency list` does.",
  examples: ["keelson dependency list ./charts/web"],
  flags: {
    "max-col-width": { takes: "WIDTH", kind: "integer", default: "80", about: "widest column of the table; 0 for any" },
  },
  run({ args, flags, io }) {
    const shown = args[0] ?? ".";
    const path = resolve(io.folder, shown);
    const source = openChart(io.folder, shown);
    const chart = source instanceof Uint8Array ? loadChartArchive(source) : loadChartTree(source, "");
    const requested = chart.metadata.dependencies;
    if (requested === null) io.stdout.write(`WARNING: no dependencies at ${join(shown, "charts")}\n`);
    else {
      const rows = requested.map((item) => [item.name, item.version, item.repository, statusOf(item, chart, path)]);
      io.stdout.write(
        `${table([["NAME", "VERSION", "REPOSITORY", "STATUS"], ...rows], Number(flags["max-col-width"]))}\n\n`,
      );
      for (const extra of undeclared(path, requested))
        io.stdout.write(`WARNING: ${JSON.stringify(join(shown, "charts", extra.name))} is ${extra.problem}.\n`);
    }
    return Promise.resolve(0 as const);
  },
});

function packedCharts(path: string): string[] {
  const folder = join(path, "charts");
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : [];
}

function statusOf(dependency: Dependency, chart: Chart, path: string): string {
  const { name } = dependency;
  const archives = packedCharts(path).filter((file) => file.startsWith(`${name}-`) && file.endsWith(".tgz"));
  const versioned = archives.filter((file) => /^\d+\.\d+\.\d+([-+].*)?$/.test(file.slice(name.length + 1, -4)));
  const candidates = archives.length > 1 ? versioned : archives;
  if (candidates.length > 1) return "too many matches";
  const [archive] = candidates;
  if (archive !== undefined) return archiveStatus(dependency, join(path, "charts", archive));
  const found = chart.dependencies.findLast((candidate) => candidate.metadata.name === name);
  return found === undefined ? "missing" : (misfit(dependency, found) ?? "unpacked");
}

function archiveStatus(dependency: Dependency, path: string): string {
  const chart = load(path);
  if (chart === undefined) return "corrupt";
  if (chart.metadata.name !== dependency.name) return "misnamed";
  return misfit(dependency, chart) ?? "ok";
}

function misfit(dependency: Dependency, chart: Chart): string | undefined {
  const { version } = chart.metadata;
  if (version === dependency.version || isCompatibleRange(dependency.version, version)) return undefined;
  return parseVersion(version) === undefined ? "invalid version" : "wrong version";
}

/** What lies in charts/ and is asked for by nobody. */
function undeclared(path: string, requested: readonly Dependency[]): { name: string; problem: string }[] {
  return packedCharts(path).flatMap((name) => {
    const full = join(path, "charts", name);
    if (!statSync(full).isDirectory() && !name.endsWith(".tgz")) return [];
    const chart = load(full);
    if (chart === undefined) return [{ name, problem: "not a chart" }];
    const isKnown = requested.some((dependency) => dependency.name === chart.metadata.name);
    return isKnown ? [] : [{ name, problem: "not in Chart.yaml" }];
  });
}

function load(path: string): Chart | undefined {
  try {
    const source = openChart("/", path);
    return source instanceof Uint8Array ? loadChartArchive(source) : loadChartTree(chartTree(path), "");
  } catch {
    return undefined;
  }
}

/** Columns of one width, parted by tabs, as Helm prints tables; no widest means any width. */
function table(rows: readonly (readonly string[])[], widest: number): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(widest > 0 ? widest : Number.POSITIVE_INFINITY, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  return rows.map((row) => row.map((cell, column) => fit(cell, widths[column] ?? 0)).join("\t")).join("\n");
}

function fit(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, Math.max(1, width - 3))}...` : cell.padEnd(width);
}
