// `keelson helm get WHAT NAME`: parts of a release's record, as `helm get` prints them.

import type { Json } from "#kernel";
import { renderText } from "#render/helm";
import { computedValues, recordName, type Release } from "#releases";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { formatData, formatStatus, goTime, sorted } from "../helm/print-release.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { type OpenReleases, readRelease, withReleases } from "../helm/releases.ts";
import type { Io } from "../io.ts";

const flags = {
  ...helmFlags,
  ...outputFlag,
  revision: { takes: "NUMBER", about: "this revision (default: the newest)" },
  template: { takes: "TEMPLATE", about: "all: by this Go template, such as {{.Release.Name}}" },
  all: { short: "a", about: "values: the chart's defaults too" },
} as const;

type Flags = FlagValues<typeof flags>;

/** `labels`: all of the record's, Helm's own too. */
type Subject = { release: Release; labels: { [key: string]: string } };

const parts: { readonly [what: string]: (subject: Subject, given: Flags, io: Io) => string } = {
  values: ({ release }, given) => {
    const values = (given.all ? computedValues(release) : (release.config ?? null)) as Json;
    if (given.output !== "table") return formatData(values, given.output);
    return `${given.all ? "COMPUTED" : "USER-SUPPLIED"} VALUES:\n${formatData(values, "yaml")}`;
  },
  manifest: ({ release }) => `${release.manifest}\n`,
  hooks: ({ release }) =>
    (release.hooks ?? []).map(({ path, manifest }) => `---\n# Source: ${path}\n${manifest}\n`).join(""),
  notes: ({ release: { info } }) => ((info.notes ?? "") === "" ? "" : `NOTES:\n${info.notes}\n`),
  metadata: (subject, given) =>
    given.output === "table" ? metadataLines(subject) : formatData(metadataOf(subject), given.output),
  all: ({ release }, given, io) =>
    given.template === undefined
      ? formatStatus(release, io, { isWhole: true, computedValues: computedValues(release) })
      : renderText(given.template, { Release: fieldsOf(release) }),
};

export const command: Command = defineCommand({
  arguments: "all|values|manifest|hooks|notes|metadata NAME",
  arity: [2, 2],
  about: "Shows a part of a Helm release's record.",
  examples: ["keelson helm get values web -n shop --all", "keelson helm get manifest web --revision 3"],
  words: Object.keys(parts),
  flags,
  async run({ args, flags: given, io, ports }) {
    const [what = "", name = ""] = args;
    const part = Object.hasOwn(parts, what) ? parts[what] : undefined;
    if (part === undefined) throw usage(`get what? ${JSON.stringify(what)}`, `one of ${Object.keys(parts).join(", ")}`);
    return withReleases(given, { io, ports }, async (open) => {
      const release = await readRelease(open.storage, name, given.revision);
      // Helm shows all of the record's labels here, but its own not when it was asked for one revision.
      const isLast = given.revision === undefined || given.revision === "0";
      const labels = !isLast ? release.labels : what === "metadata" ? await labelsOf(release, open) : {};
      io.stdout.write(part({ release, labels }, given, io));
      return 0;
    });
  },
});

async function labelsOf(release: Release, { cluster, storage }: OpenReleases): Promise<{ [key: string]: string }> {
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind("", storage.driver) : undefined;
  if (resource === undefined) return release.labels;
  const name = recordName(release.name, release.version);
  const record = await cluster.get({ resource, namespace: storage.namespace, name });
  return record.ok ? (record.value.metadata.labels ?? {}) : release.labels;
}

/** By the names of Go's fields, for templates. */
function fieldsOf({ info, chart, ...release }: Release): { [name: string]: unknown } {
  const go = (map: object): { [name: string]: unknown } =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [goName(key), value as unknown]));
  const hooks = (release.hooks ?? []).map((hook) => ({ ...go(hook), LastRun: go(hook.last_run) }));
  const { first_deployed, last_deployed, deleted, ...others } = info;
  const times = {
    FirstDeployed: goTime(first_deployed),
    LastDeployed: goTime(last_deployed),
    Deleted: goTime(deleted),
  };
  return {
    ...go({ ...release, labels: release.labels }),
    Hooks: hooks,
    Info: { ...go(others), ...times },
    Chart: { ...go(chart), Metadata: go(chart.metadata) },
  };
}

function goName(key: string): string {
  return key
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

function metadataOf({ release, labels }: Subject): object {
  const { name, chart, namespace, version, info, apply_method } = release;
  const { annotations, dependencies } = chart.metadata;
  return {
    name,
    chart: chart.metadata.name ?? "",
    version: chart.metadata.version ?? "",
    appVersion: chart.metadata.appVersion ?? "",
    ...(annotations === undefined ? {} : { annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: sorted(labels) }),
    ...(dependencies === undefined ? {} : { dependencies }),
    namespace,
    revision: version,
    status: info.status,
    deployedAt: (info.last_deployed ?? "").replace(/\.\d+/, ""),
    ...(apply_method ? { applyMethod: apply_method } : {}),
  };
}

function metadataLines(subject: Subject): string {
  const { release } = subject;
  const data = metadataOf(subject) as { [key: string]: unknown };
  const pairs = (map: unknown): string =>
    Object.entries((map ?? {}) as { [key: string]: string })
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(",");
  const names = ((data["dependencies"] ?? []) as { name: string }[]).map(({ name }) => name).sort();
  const methods: { [method: string]: string } = { ssa: "server-side apply", csa: "client-side apply" };
  const lines: [string, unknown][] = [
    ["NAME", data["name"]],
    ["CHART", data["chart"]],
    ["VERSION", data["version"]],
    ["APP_VERSION", data["appVersion"]],
    ["ANNOTATIONS", pairs(data["annotations"])],
    ["LABELS", pairs(data["labels"])],
    ["DEPENDENCIES", names.join(",")],
    ["NAMESPACE", data["namespace"]],
    ["REVISION", data["revision"]],
    ["STATUS", data["status"]],
    ["DEPLOYED_AT", data["deployedAt"]],
    ["APPLY_METHOD", methods[release.apply_method ?? ""] ?? "client-side apply (defaulted)"],
  ];
  return lines.map(([key, value]) => `${key}: ${String(value as string)}\n`).join("");
}
