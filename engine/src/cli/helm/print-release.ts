// Releases as Helm prints them: for people, and as JSON and YAML with Helm's members.

import { formatYaml } from "#formats/yaml";
import { encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import type { Release, ReleaseHook } from "#releases";
import type { Io } from "../io.ts";
import { formatTable, type Table } from "../table.ts";

/** Data as `-o json` or `-o yaml`: JSON on one line, YAML with sorted keys. */
export function formatData(value: unknown, format: string): string {
  return format === "json" ? `${escaped(encodeJson(value))}\n` : formatYaml(sorted(value as Json));
}

/** As Go's encoder leaves them, so that the text may stand in HTML. Outside of strings there are none of these. */
function escaped(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** In characters, not in halves of them. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** A table for a pipe as Helm prints it: tabs between cells that are filled up to their column's width. On a terminal, ours. */
export function formatColumns(table: Table, { stdout }: Io, hasHeader = true): string {
  if (stdout.isTerminal) {
    const text = formatTable(table, stdout);
    return hasHeader ? text : text.slice(text.indexOf("\n") + 1);
  }
  const lines = [...(hasHeader ? [table.header] : []), ...table.rows];
  const widths = table.header.map((_, column) => Math.max(0, ...lines.map((line) => lengthOf(line[column] ?? ""))));
  const fill = (cell: string, column: number): string => cell + " ".repeat((widths[column] ?? 0) - lengthOf(cell));
  return lines.map((line) => `${line.map(fill).join("\t")}\n`).join("");
}

/** With the keys of every map in order. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => [key, sorted(value[key] as Json)]),
  );
}

/** "Mon Jan _2 15:04:05 2006", in this machine's zone. */
export function ansiTime(time: string | undefined): string {
  const date = new Date(time ?? "");
  if (Number.isNaN(date.getTime())) return "Mon Jan  1 00:00:00 0001";
  const [weekday = "", month = "", , year = ""] = date.toDateString().split(" ");
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${date.toTimeString().slice(0, 8)} ${year}`;
}

/** As Go prints a time: "2006-01-02 15:04:05.999 +0000 UTC". */
export function goTime(time: string | undefined): string {
  if (time === undefined || time === "") return "-";
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return time;
  const [, day, clock, fraction = "", zone = "Z"] = match;
  const offset = zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  return `${day} ${clock}${fraction.replace(/0+$/, "").replace(/^\.$/, "")} ${offset}`;
}

export function chartName({ chart }: Release): string {
  return `${chart.metadata.name ?? ""}-${chart.metadata.version ?? ""}`;
}

/** A release as Helm marshals it; `resources` stands in `info`. */
export function releaseData(release: Release, options: { resources?: JsonObject; hasChart?: boolean } = {}): Json {
  const { name, info, chart, config, manifest, hooks, version, namespace, apply_method } = release;
  const { first_deployed, last_deployed, deleted, description, status, rollback_revision, notes } = info;
  const { resources, hasChart = false } = options;
  return withoutUndefined({
    name,
    info: withoutUndefined({
      first_deployed,
      last_deployed,
      deleted,
      description: description || undefined,
      status,
      rollback_revision,
      notes: notes || undefined,
      resources: resources !== undefined && Object.keys(resources).length > 0 ? resources : undefined,
    }),
    ...(hasChart ? { chart: { ...chart, values: sorted(chart.values) } } : {}),
    config: config !== null && config !== undefined && Object.keys(config).length > 0 ? sorted(config) : undefined,
    manifest: manifest || undefined,
    hooks: (hooks ?? []).length > 0 ? (hooks ?? []).map(inOrder) : undefined,
    version,
    namespace,
    apply_method: apply_method || undefined,
  });
}

/** Its last run in the order of Go's members. */
function inOrder(hook: ReleaseHook): object {
  const { started_at, completed_at, phase } = hook.last_run;
  return { ...hook, last_run: withoutUndefined({ started_at, completed_at, phase }) };
}

function withoutUndefined(object: { [key: string]: unknown }): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as JsonObject;
}

export type StatusOptions = {
  hideNotes?: boolean;
  /** Lines of a table of objects. */
  resources?: string;
  /** Chart, values, hooks and manifest too: `helm get all`. */
  isWhole?: boolean;
  computedValues?: JsonObject;
};

/** What `helm status` and the actions print for people. */
export function formatStatus(release: Release, io: Io, options: StatusOptions = {}): string {
  const { info, chart } = release;
  const { stdout } = io;
  const isGood = info.status === "deployed";
  const lines = [
    `NAME: ${release.name}`,
    ...(info.last_deployed === undefined ? [] : [`LAST DEPLOYED: ${ansiTime(info.last_deployed)}`]),
    `NAMESPACE: ${release.namespace}`,
    `STATUS: ${stdout.style(isGood ? "green" : info.status === "failed" ? "red" : "yellow", info.status)}`,
    `REVISION: ${release.version}`,
    ...(options.isWhole
      ? [
          `CHART: ${chart.metadata.name ?? ""}`,
          `VERSION: ${chart.metadata.version ?? ""}`,
          `APP_VERSION: ${chart.metadata.appVersion ?? ""}`,
        ]
      : []),
    `DESCRIPTION: ${info.description ?? ""}`,
    ...(options.resources === undefined || options.resources === "" ? [] : [`RESOURCES:\n${options.resources}`]),
    ...testLines(release.hooks ?? []),
  ];
  if (options.isWhole) {
    lines.push("USER-SUPPLIED VALUES:", formatYaml(sorted(release.config ?? null)));
    lines.push("COMPUTED VALUES:", formatYaml(sorted(options.computedValues ?? {})));
  }
  if (options.isWhole || /^dry run complete$/i.test(info.description ?? ""))
    lines.push(`HOOKS:${formatHooks(release.hooks ?? [])}\nMANIFEST:\n${release.manifest}`);
  const notes = (info.notes ?? "").trim();
  if (options.hideNotes !== true && notes !== "") lines.push(`NOTES:\n${notes}`);
  return `${lines.join("\n")}\n`;
}

function formatHooks(hooks: readonly ReleaseHook[]): string {
  return hooks.map(({ path, manifest }) => `\n---\n# Source: ${path}\n${manifest}`).join("");
}

function testLines(hooks: readonly ReleaseHook[]): string[] {
  const tests = hooks.filter(({ events }) => events.includes("test"));
  if (tests.length === 0) return ["TEST SUITE: None"];
  return tests
    .filter(({ last_run }) => last_run.started_at !== undefined)
    .map(
      ({ name, last_run }) =>
        `TEST SUITE:     ${name}\nLast Started:   ${ansiTime(last_run.started_at)}\nLast Completed: ${ansiTime(last_run.completed_at)}\nPhase:          ${last_run.phase}`,
    );
}
