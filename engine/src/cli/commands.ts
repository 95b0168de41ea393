// The command table: names, one line each, and where the command is. A new command is one line here and one file in
// `commands/`. Longer names win, so `build kustomization` stands beside `build`.

import type { CommandEntry } from "./command.ts";

const table: readonly CommandEntry[] = [
  {
    heading: "Run it",
    name: "up",
    summary: "Start a GitOps system here, with a control plane built in",
    load: () => import("./commands/up.ts"),
  },
  {
    name: "backup",
    summary: "Write the embedded control plane's data to a file",
    load: () => import("./commands/backup.ts"),
  },
  {
    name: "restore",
    summary: "Put a backup into an empty data folder",
    load: () => import("./commands/restore.ts"),
  },
  { name: "run", summary: "Run the engine against a cluster", load: () => import("./commands/run.ts") },
  {
    heading: "See what is delivered",
    name: "get",
    summary: "List deliveries, sources and the other kinds",
    load: () => import("./commands/get.ts"),
  },
  {
    name: "tree",
    summary: "Show all objects of a delivery, with their health",
    load: () => import("./commands/tree.ts"),
  },
  {
    name: "trace",
    summary: "Trace an object back to its delivery, source and revision",
    load: () => import("./commands/trace.ts"),
  },
  { name: "events", summary: "Show what happened", load: () => import("./commands/events.ts") },
  { name: "logs", summary: "Show the engine's log", load: () => import("./commands/logs.ts") },
  { name: "history", summary: "Show what a delivery has applied so far", load: () => import("./commands/history.ts") },
  { name: "stats", summary: "Count deliveries and sources", load: () => import("./commands/stats.ts") },
  {
    heading: "Change what is delivered",
    name: "reconcile",
    summary: "Reconcile a delivery or a source now",
    load: () => import("./commands/reconcile.ts"),
  },
  { name: "suspend", summary: "Suspend deliveries or sources", load: () => import("./commands/suspend.ts") },
  { name: "resume", summary: "Resume suspended deliveries or sources", load: () => import("./commands/resume.ts") },
  {
    name: "approve",
    summary: "Let pass what a delivery holds back",
    load: () => import("./commands/approve.ts"),
  },
  {
    heading: "Write and preview what a repository states",
    name: "create source git",
    summary: "Create or update a GitRepository",
    load: () => import("./commands/create-source-git.ts"),
  },
  {
    name: "create kustomization",
    summary: "Create or update a Kustomization",
    load: () => import("./commands/create-kustomization.ts"),
  },
  { name: "export", summary: "Print objects as YAML to commit", load: () => import("./commands/export.ts") },
  {
    name: "build kustomization",
    summary: "Build a Kustomization from a folder on disk",
    load: () => import("./commands/build-kustomization.ts"),
  },
  {
    name: "diff kustomization",
    summary: "Show what a folder on disk would change",
    load: () => import("./commands/diff-kustomization.ts"),
  },
  {
    name: "diff helmrelease",
    summary: "Show what an upgrade would change",
    load: () => import("./commands/diff-helmrelease.ts"),
  },
  {
    heading: "Render without a cluster",
    name: "build",
    summary: "Build a kustomization, as `kustomize build` does",
    load: () => import("./commands/build.ts"),
  },
  {
    name: "template",
    summary: "Render a chart, as `helm template` does",
    load: () => import("./commands/template.ts"),
  },
  {
    name: "dependency build",
    summary: "Fill charts/ with what Chart.lock names",
    load: () => import("./commands/dependency-build.ts"),
  },
  {
    name: "dependency update",
    summary: "Resolve a chart's dependencies and write Chart.lock",
    load: () => import("./commands/dependency-update.ts"),
  },
  {
    name: "dependency list",
    summary: "List a chart's dependencies",
    load: () => import("./commands/dependency-list.ts"),
  },
  { name: "package", summary: "Pack charts, as `helm package` does", load: () => import("./commands/package.ts") },
  {
    heading: "Helm releases",
    name: "helm list",
    summary: "List Helm releases, as `helm list` does",
    load: () => import("./commands/helm-list.ts"),
  },
  {
    name: "helm history",
    summary: "Show the revisions of a release",
    load: () => import("./commands/helm-history.ts"),
  },
  {
    name: "helm status",
    summary: "Show a release, its objects, tests and notes",
    load: () => import("./commands/helm-status.ts"),
  },
  {
    name: "helm get",
    summary: "Show a release's values, manifest, hooks, notes or metadata",
    load: () => import("./commands/helm-get.ts"),
  },
  {
    name: "helm install",
    summary: "Install a chart as a release, as `helm install` does",
    load: () => import("./commands/helm-install.ts"),
  },
  {
    name: "helm upgrade",
    summary: "Bring a release to another chart or other values",
    load: () => import("./commands/helm-upgrade.ts"),
  },
  {
    name: "helm rollback",
    summary: "Go back to an earlier revision of a release",
    load: () => import("./commands/helm-rollback.ts"),
  },
  {
    name: "helm test",
    summary: "Run the tests of a release",
    load: () => import("./commands/helm-test.ts"),
  },
  {
    name: "helm uninstall",
    summary: "Remove a release and its objects",
    load: () => import("./commands/helm-uninstall.ts"),
  },
  {
    heading: "Install it",
    name: "bootstrap git",
    summary: "Let a repository state what runs, its engine included",
    load: () => import("./commands/bootstrap-git.ts"),
  },
  {
    name: "install",
    summary: "Install the engine in a cluster",
    load: () => import("./commands/install.ts"),
  },
  {
    name: "uninstall",
    summary: "Take the engine out of a cluster; what it delivered stays",
    load: () => import("./commands/uninstall.ts"),
  },
  {
    name: "check",
    summary: "Check an installation, or a cluster before it (--pre)",
    load: () => import("./commands/check.ts"),
  },
  { name: "doctor", summary: "Look for what is wrong", load: () => import("./commands/doctor.ts") },
  {
    heading: "About this program",
    name: "version",
    summary: "Print the version",
    load: () => import("./commands/version.ts"),
  },
  {
    name: "completion",
    summary: "Print a completion script for a shell",
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "__complete",
    summary: "Answer a completion script",
    load: () => import("./commands/complete.ts"),
    isHidden: true,
  },
];

function below(word: string): string[] {
  return [`dep ${word}`, `helm dependency ${word}`, `helm dep ${word}`];
}

/** Other words for commands: helm's own, and helm's words below `helm` for what stands beside it here. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  "helm list": ["helm ls"],
  "helm history": ["helm hist"],
  "helm uninstall": ["helm delete", "helm del", "helm un"],
  template: ["helm template"],
  package: ["helm package"],
  "dependency build": below("build"),
  "dependency update": ["dependency up", ...below("update"), ...below("up")],
  "dependency list": ["dependency ls", ...below("list"), ...below("ls")],
};

export const commands: readonly CommandEntry[] = [
  ...table,
  ...table.flatMap((entry) =>
    (aliases[entry.name] ?? []).map((name) => ({
      name,
      summary: `The same as ${entry.name}`,
      load: () => entry.load(),
      isHidden: true,
    })),
  ),
];

export type FoundCommand = { entry: CommandEntry; rest: readonly string[] };

/** The entry with the longest name that the words begin with, and the words after it. */
export function findCommand(
  words: readonly string[],
  table: readonly CommandEntry[] = commands,
): FoundCommand | undefined {
  let found: FoundCommand | undefined;
  for (const entry of table) {
    const name = entry.name.split(" ");
    if (name.some((part, index) => words[index] !== part)) continue;
    if (found === undefined || name.length > found.entry.name.split(" ").length)
      found = { entry, rest: words.slice(name.length) };
  }
  return found;
}

/** Entries below a first word that is no command itself: `create` for `create source git`. */
export function commandsBelow(
  words: readonly string[],
  table: readonly CommandEntry[] = commands,
): readonly CommandEntry[] {
  const prefix = `${words.join(" ")} `;
  return table.filter((entry) => entry.isHidden !== true && entry.name.startsWith(prefix));
}
