// `keelson build DIR`: what `kustomize build DIR` prints, byte for byte, with its flags.

import { statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { formatYaml } from "#formats/yaml";
import { asJson, Fault, type Issue, type Manifest, Missing, splitApiVersion } from "#kernel";
import type { HelmPortOptions } from "#render/helm";
import { build, type BuildOptions, type BuildResult, type HelmPort, parseRemote } from "#render/kustomize";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import type { CliCode } from "../faults.ts";
import type { Io } from "../io.ts";
import { DiskTree } from "../disk-tree.ts";
import { PulledCharts } from "../pulled-charts.ts";
import { RemoteBases } from "../remote-bases.ts";
import { withShownPaths } from "../shown-paths.ts";

/** Each round fetches what the one before lacked; bases nested deeper than this are a mistake. */
const fetchRoundsMax = 50;

export const command: Command = defineCommand({
  arguments: "[DIR]",
  arity: [0, 1],
  about: "Builds a kustomization: the output of `kustomize build`, byte for byte. Without DIR, that of this folder.",
  examples: ["keelson build clusters/production", "keelson build . -o all.yaml"],
  flags: {
    output: { short: "o", takes: "PATH", about: "write to this file, or one file an object into this folder" },
    "load-restrictor": {
      takes: "RULE",
      default: "LoadRestrictionsRootOnly",
      choices: ["LoadRestrictionsRootOnly", "LoadRestrictionsNone"],
      about: "whether files may lie outside their kustomization's folder",
    },
    reorder: { takes: "ORDER", default: "legacy", choices: ["legacy", "none"], about: "order of the objects" },
    "enable-managedby-label": { about: "label all objects as managed by kustomize" },
    "enable-helm": { about: "render helmCharts" },
    "enable-alpha-plugins": { about: "refused: plugins run programs", isHidden: true },
    "enable-exec": { about: "refused: plugins run programs", isHidden: true },
    env: {
      short: "e",
      takes: "NAME=VALUE",
      isRepeated: true,
      about: "accepted; for plugins, which are refused",
      isHidden: true,
    },
    mount: { takes: "SPEC", isRepeated: true, about: "accepted; for plugins, which are refused", isHidden: true },
    network: { about: "accepted; for plugins, which are refused", isHidden: true },
    "network-name": { takes: "NAME", about: "accepted; for plugins, which are refused", isHidden: true },
    "as-current-user": { about: "accepted; for plugins, which are refused", isHidden: true },
    "helm-command": { takes: "PATH", about: "accepted; charts are rendered here", isHidden: true },
    "helm-api-versions": { takes: "VERSION", isRepeated: true, about: "API versions that charts see" },
    "helm-kube-version": { takes: "VERSION", about: "the Kubernetes version that charts see" },
    "helm-debug": { about: "accepted", isHidden: true },
    "stack-trace": { about: "accepted", isHidden: true },
  },
  async run({ args, flags, io }) {
    const charts = new PulledCharts(io);
    const result = await buildAt(
      args[0] ?? ".",
      { io, charts },
      {
        loadRestrictor: flags["load-restrictor"] === "LoadRestrictionsNone" ? "none" : "root-only",
        reorder: flags.reorder === "none" ? "none" : "legacy",
        addsManagedByLabel: flags["enable-managedby-label"],
        isHelmEnabled: flags["enable-helm"],
        ...(flags["enable-helm"] ? { helm: await chartPort(flags, io, (chart) => charts.get(chart)) } : {}),
      },
    );
    for (const warning of result.rendering.warnings) io.stderr.write(`${formatWarning(warning)}\n`);
    if (flags.output === undefined) io.stdout.write(result.text);
    else writeTo(flags.output, resolve(io.folder, flags.output), result);
    return 0;
  },
});

type HelmFlags = {
  readonly "helm-api-versions": readonly string[];
  readonly "helm-kube-version": string | undefined;
};

/** Loaded only where charts are rendered: Helm's functions take longer to load than most builds take. */
async function chartPort(flags: HelmFlags, io: Io, pulled: HelmPortOptions["pulled"]): Promise<HelmPort> {
  const [{ helmPort }, { machineEnvironment }] = await Promise.all([
    import("#render/helm"),
    import("../chart-files.ts"),
  ]);
  return helmPort({
    apiVersions: flags["helm-api-versions"],
    environment: machineEnvironment(io.clock),
    ...(flags["helm-kube-version"] === undefined ? {} : { kubeVersion: flags["helm-kube-version"] }),
    ...(pulled === undefined ? {} : { pulled }),
  });
}

function formatWarning(warning: Issue): string {
  return `# Warning: ${warning.path === undefined ? "" : `/${warning.path}: `}${warning.message}`;
}

/** Builds, fetches what was missing, and builds again until nothing is. */
async function buildAt(
  folder: string,
  { io, charts }: { io: Io; charts: PulledCharts },
  options: BuildOptions,
): Promise<BuildResult> {
  const remotes = new RemoteBases();
  try {
    const top = parseRemote(folder);
    if (top !== undefined) await remotes.fetch(folder, "repository");
    const tree = remotes.repository(folder)?.tree ?? new DiskTree();
    const path = top === undefined ? resolve(io.folder, folder).slice(1) : top.folder;
    const restricted = top === undefined ? {} : { loadRestrictor: "root-only" as const };
    const local = tree instanceof DiskTree ? { local: tree } : {};
    for (let round = 0; round < fetchRoundsMax; round++) {
      try {
        return build(tree, path, { ...options, ...restricted, ...local, remote: (url, as) => remotes.get(url, as) });
      } catch (thrown) {
        if (!(thrown instanceof Missing)) throw thrown;
        for (const need of thrown.needs)
          if (need.what === "remote") await remotes.fetch(need.url, need.as ?? "repository");
          else if (need.what === "chart") await charts.fetch(need.id);
          else throw thrown;
      }
    }
    throw usage(`remote bases are nested deeper than ${fetchRoundsMax}`);
  } catch (thrown) {
    throw withShownPaths(thrown, io.folder, resolve(io.folder, folder));
  } finally {
    await remotes.close();
  }
}

function writeTo(shown: string, path: string, result: BuildResult): void {
  try {
    write(path, result);
  } catch (thrown) {
    throw new Fault<CliCode>({
      code: "failed",
      disposition: "stall",
      at: shown,
      message: "the output cannot be written there",
      hint: "name a file in a folder that exists, or a folder",
      cause: thrown,
    });
  }
}

function write(path: string, result: BuildResult): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    writeFileSync(path, result.text);
    return;
  }
  const { namespaces, rendering } = result;
  const areMany = new Set(namespaces.filter((one) => one !== undefined)).size > 1;
  for (const [i, manifest] of rendering.manifests.entries())
    writeFileSync(join(path, fileName(manifest, areMany ? namespaces[i] : undefined)), formatYaml(asJson(manifest)));
}

/** `apps_v1_deployment_web.yaml`, after its namespace where there are several. */
function fileName(manifest: Manifest, namespace: string | undefined): string {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const parts = [namespace, group, version, manifest.kind, manifest.metadata.name];
  return `${parts
    .filter((part) => part !== undefined && part !== "")
    .join("_")
    .toLowerCase()}.yaml`;
}
