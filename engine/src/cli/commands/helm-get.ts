// `keelson helm get WHAT NAME`: parts of a release's record, as `helm get` prints them.

import type { Json } from "#kernel";
import { computedValues, type Release } from "#releases";
import { usage } from "../arguments.ts";
import { type Command, defineCommand, type FlagValues } from "../command.ts";
import { formatData, formatStatus } from "../helm/print-release.ts";
import { helmFlags, outputFlag } from "../helm/release-flags.ts";
import { readRelease, withReleases } from "../helm/releases.ts";
import type { Io } from "../io.ts";

const flags = {
  ...helmFlags,
  ...outputFlag,
  revision: { takes: "NUMBER", about: "this revision (default: the newest)" },
  all: { short: "a", about: "values: the chart's defaults too" },
} as const;

type Flags = FlagValues<typeof flags>;

const parts: { readonly [what: string]: (release: Release, given: Flags, io: Io) => string } = {
  values: (release, given) => {
    const values = (given.all ? computedValues(release) : (release.config ?? null)) as Json;
    if (given.output !== "table") return formatData(values, given.output);
    return `${given.all ? "COMPUTED" : "USER-SUPPLIED"} VALUES:\n${formatData(values, "yaml")}`;
  },
  manifest: ({ manifest }) => `${manifest}\n`,
  hooks: ({ hooks }) => (hooks ?? []).map(({ path, manifest }) => `---\n# Source: ${path}\n${manifest}\n`).join(""),
  notes: ({ info }) => ((info.notes ?? "") === "" ? "" : `NOTES:\n${info.notes}\n`),
  metadata: (release, given) =>
    given.output === "table" ? metadataLines(release) : formatData(metadataOf(release), given.output),
  all: (release, _given, io) => formatStatus(release, io, { isWhole: true, computedValues: computedValues(release) }),
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
    return withReleases(given, { io, ports }, async ({ storage }) => {
      io.stdout.write(part(await readRelease(storage, name, given.revision), given, io));
      return 0;
    });
  },
});

function metadataOf(release: Release): object {
  const { name, chart, labels, namespace, version, info, apply_method } = release;
  const { annotations, dependencies } = chart.metadata;
  return {
    name,
    chart: chart.metadata.name ?? "",
    version: chart.metadata.version ?? "",
    appVersion: chart.metadata.appVersion ?? "",
    ...(annotations === undefined ? {} : { annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(dependencies === undefined ? {} : { dependencies }),
    namespace,
    revision: version,
    status: info.status,
    deployedAt: (info.last_deployed ?? "").replace(/\.\d+/, ""),
    ...(apply_method ? { applyMethod: apply_method } : {}),
  };
}

function metadataLines(release: Release): string {
  const data = metadataOf(release) as { [key: string]: unknown };
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
