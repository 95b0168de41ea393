// What is done to a release, step by step: the words of helm's own command line. CHART1 and CHART2 stand for the two versions
// of the chart, CRDS for the one with definitions; `kubectl` steps edit what lives.

import type { ReleaseStatus } from "#releases";

export type Step =
  | readonly string[]
  /** A merge patch by another manager. */
  | { edit: string; kind: string; group?: string; name: string; patch: object }
  /** An object of somebody else's. */
  | { make: object }
  /** Statuses of revisions, as a process that is killed leaves them. */
  | { mark: { readonly [revision: string]: ReleaseStatus } };

/** What differs on purpose in one scenario, and why; one that matches nothing fails too. */
export type Divergence = { pattern: RegExp; reason: string };

export type Scenario = { name: string; steps: readonly Step[]; divergences?: readonly Divergence[] };

const install = (...more: string[]): string[] => ["install", "web", "CHART1", ...more];
const upgrade = (...more: string[]): string[] => ["upgrade", "web", "CHART2", ...more];

export const scenarios: readonly Scenario[] = [
  { name: "install, upgrade, roll back, uninstall", steps: [
    install("--set", "extra=secret,replicas=2"),
    upgrade("--set", "greeting=bye,ports={80,81}"),
    ["rollback", "web"],
    ["rollback", "web", "2"],
    ["uninstall", "web"],
  ] },
  { name: "client-side: install, upgrade, roll back", steps: [
    install("--server-side=false", "--set", "extra=secret,sidecar=true,env={A,B},ports={80,81}"),
    upgrade("--set", "greeting=bye,env={B,C},image=example.com/main:2,ports={81}"),
    { edit: "by hand", kind: "Deployment", group: "apps", name: "web", patch: { spec: { replicas: 7 }, metadata: { labels: { mine: "yes" } } } },
    upgrade("--set", "replicas=3,strategy=Recreate"),
    ["rollback", "web", "1"],
    ["uninstall", "web"],
  ] },
  { name: "from client-side to server-side", steps: [
    install("--server-side=false", "--set", "extra=secret"),
    upgrade("--server-side=true", "--set", "greeting=bye"),
    upgrade("--set", "greeting=again"),
    ["rollback", "web", "1"],
    ["uninstall", "web"],
  ] },
  { name: "from server-side to client-side", steps: [
    install("--set", "extra=secret"),
    upgrade("--server-side=false", "--set", "greeting=bye,replicas=2"),
    upgrade("--server-side=true"),
    ["uninstall", "web"],
  ] },
  { name: "hooks of all events", steps: [
    install("--set", "hooks.preJob=well,hooks.postPod=well,hooks.cleanJob=well,hooks.keptPod=well"),
    upgrade("--reuse-values"),
    ["rollback", "web", "1"],
    ["uninstall", "web"],
  ] },
  { name: "a hook that fails before the install", steps: [
    install("--set", "hooks.preJob=well,hooks.cleanJob=badly"),
    upgrade("--set", "hooks.cleanJob=well"),
    ["uninstall", "web"],
  ] },
  { name: "a hook that fails after the install, undone", steps: [
    install("--rollback-on-failure", "--timeout", "60s", "--set", "hooks.postPod=badly"),
    ["history", "web"],
  ] },
  { name: "a hook that fails in an upgrade, undone", steps: [
    install("--set", "hooks.preJob=well"),
    upgrade("--rollback-on-failure", "--timeout", "60s", "--set", "hooks.preJob=badly,extra=new"),
    ["uninstall", "web"],
  ] },
  { name: "no hooks", steps: [
    install("--no-hooks", "--set", "hooks.preJob=badly,hooks.postPod=badly"),
    upgrade("--no-hooks", "--reuse-values"),
    ["uninstall", "web", "--no-hooks"],
  ] },
  { name: "tests", steps: [
    install("--set", "hooks.testOne=well,hooks.testTwo=well"),
    ["test", "web"],
    ["test", "web", "--filter", "name=web-testone"],
    ["test", "web", "--filter", "!name=web-testone"],
    upgrade("--set", "hooks.testOne=badly,hooks.testTwo=well"),
    ["test", "web"],
    ["uninstall", "web"],
  ] },
  { name: "values: reuse, reset, reset then reuse", steps: [
    install("--set", "greeting=a,data.x=1,data.y=2"),
    upgrade(),
    upgrade("--reuse-values", "--set", "data.x=null"),
    upgrade("--reset-then-reuse-values", "--set", "data.z=3"),
    upgrade("--reset-values"),
    ["rollback", "web", "2"],
    ["uninstall", "web"],
  ], divergences: [{
    pattern: /: \.release\/web\/[26]\.config\.data\.x: helm null, here 1$/,
    reason: "helm writes the null of the new values into the former revision's record too, and a rollback to it (6) copies that",
  }] },
  { name: "an object that the server refuses", steps: [
    install("--set", "bad=text"),
    upgrade("--set", "greeting=bye"),
    upgrade("--set", "bad=text,extra=new"),
    upgrade("--set", "bad=text,extra=new", "--cleanup-on-fail"),
    upgrade("--set", "bad=text,extra=new", "--rollback-on-failure", "--timeout", "60s"),
    ["uninstall", "web"],
  ] },
  { name: "waits", steps: [
    install("--wait", "--timeout", "60s", "--set", "job=well"),
    upgrade("--wait", "--wait-for-jobs", "--timeout", "60s", "--set", "job=well"),
    upgrade("--wait", "--wait-for-jobs", "--timeout", "60s", "--set", "extra=x"),
    ["uninstall", "web", "--wait", "--timeout", "60s"],
  ] },
  { name: "a wait that fails", steps: [
    install("--wait", "--wait-for-jobs", "--timeout", "60s", "--set", "job=badly"),
    upgrade("--wait", "--timeout", "60s"),
    ["uninstall", "web"],
  ] },
  { name: "what is kept", steps: [
    install("--set", "kept=true,extra=x"),
    upgrade("--set", "extra=x"),
    upgrade("--set", "kept=true"),
    ["uninstall", "web", "--keep-history"],
    ["rollback", "web", "1"],
    ["uninstall", "web", "--keep-history"],
    ["uninstall", "web"],
  ] },
  { name: "a name that was used", steps: [
    install("--set", "greeting=a"),
    install("--set", "greeting=b"),
    ["uninstall", "web", "--keep-history"],
    install("--replace", "--set", "greeting=c"),
    ["uninstall", "web"],
    ["upgrade", "--install", "web", "CHART1", "-l", "team=red,area=x"],
    upgrade("-l", "team=blue,area=null", "--description", "by hand"),
    ["uninstall", "web"],
  ] },
  { name: "revisions that are kept", steps: [
    install(),
    upgrade("--history-max", "3", "--set", "greeting=2"),
    upgrade("--history-max", "3", "--set", "greeting=3"),
    upgrade("--history-max", "3", "--set", "bad=x"),
    upgrade("--history-max", "3", "--set", "greeting=5"),
    ["rollback", "web", "--history-max", "2"],
    ["uninstall", "web"],
  ] },
  { name: "objects of others", steps: [
    { make: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web-settings" }, data: { mine: "1", greeting: "theirs" } } },
    install(),
    install("--take-ownership"),
    install("--take-ownership", "--force-conflicts"),
    upgrade("--set", "extra=x"),
    ["uninstall", "web"],
  ] },
  { name: "objects of others, client-side", steps: [
    { make: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web-settings" }, data: { mine: "1", greeting: "theirs" } } },
    install("--take-ownership", "--server-side=false"),
    upgrade("--set", "data.mine=2"),
    upgrade("--force-replace", "--set", "greeting=replaced"),
    ["uninstall", "web"],
  ] },
  { name: "fields of others", steps: [
    install("--set", "replicas=2"),
    { edit: "an autoscaler", kind: "Deployment", group: "apps", name: "web", patch: { spec: { replicas: 5 } } },
    upgrade("--set", "replicas=3"),
    upgrade("--set", "replicas=3", "--force-conflicts"),
    ["uninstall", "web"],
  ] },
  { name: "an object that somebody took", steps: [
    install("--set", "extra=x"),
    { edit: "a thief", kind: "Secret", name: "web-extra", patch: { metadata: { annotations: { "meta.helm.sh/release-name": "other" } } } },
    ["uninstall", "web"],
  ] },
  { name: "definitions of the chart, and lists", steps: [
    ["install", "web", "CRDS", "--set", "gear.teeth=3,list=true"],
    ["upgrade", "web", "CRDS", "--set", "gear.teeth=4,gear.more.x=1"],
    ["upgrade", "web", "CRDS", "--set", "gear.teeth=4", "--server-side=false"],
    ["upgrade", "web", "CRDS", "--set", "gear.wood=yes"],
    ["uninstall", "web"],
  ] },
  { name: "what cannot be done", steps: [
    ["upgrade", "web", "CHART1"],
    ["rollback", "web"],
    ["uninstall", "web"],
    ["status", "web"],
    ["history", "web"],
    ["test", "web"],
    install("--set", "replicas=many"),
    install("--labels", "owner=me"),
    install(),
    ["rollback", "web", "7"],
    ["install", "Web", "CHART1"],
    upgrade("--force-replace"),
    ["uninstall", "web", "--ignore-not-found"],
    ["uninstall", "web", "--ignore-not-found"],
  ] },
  { name: "dry runs", steps: [
    install("--dry-run=server"),
    install(),
    upgrade("--dry-run=server", "--set", "greeting=x"),
    ["rollback", "web", "1", "--dry-run=server"],
    ["uninstall", "web", "--dry-run"],
    ["uninstall", "web"],
  ] },
  { name: "an upgrade that was cut off, and a rollback", steps: [
    install("--set", "extra=x"),
    upgrade("--set", "greeting=bye"),
    { mark: { 1: "deployed", 2: "pending-upgrade" } },
    upgrade("--set", "greeting=again"),
    ["upgrade", "--install", "web", "CHART1"],
    ["list"],
    ["list", "--pending"],
    ["status", "web"],
    ["rollback", "web", "1"],
    upgrade("--set", "greeting=more"),
    ["uninstall", "web"],
  ] },
  { name: "an install that was cut off", steps: [
    install("--set", "extra=x"),
    { mark: { 1: "pending-install" } },
    install(),
    install("--replace"),
    upgrade(),
    ["upgrade", "--install", "web", "CHART1"],
    ["rollback", "web", "1"],
    ["rollback", "web"],
    ["uninstall", "web"],
  ] },
  { name: "a rollback that was cut off", steps: [
    install(),
    upgrade("--set", "greeting=bye"),
    ["rollback", "web", "1"],
    { mark: { 2: "deployed", 3: "pending-rollback" } },
    upgrade(),
    ["rollback", "web", "2"],
    upgrade("--reuse-values"),
    ["uninstall", "web", "--keep-history"],
  ] },
  { name: "an uninstall that was cut off", steps: [
    install("--set", "extra=x"),
    { mark: { 1: "uninstalling" } },
    upgrade(),
    ["upgrade", "--install", "web", "CHART1"],
    install(),
    ["uninstall", "web", "--keep-history"],
    ["uninstall", "web"],
  ] },
  { name: "after an install that failed", steps: [
    install("--set", "bad=text,extra=x"),
    install(),
    ["upgrade", "--install", "web", "CHART1", "--set", "bad=text"],
    install("--replace", "--set", "greeting=new"),
    ["rollback", "web", "1"],
    upgrade("--rollback-on-failure", "--timeout", "60s", "--set", "bad=text"),
    ["uninstall", "web"],
  ] },
  { name: "rollbacks by another way of applying", steps: [
    install("--server-side=false", "--set", "extra=x,replicas=2"),
    upgrade("--server-side=auto", "--set", "greeting=bye"),
    ["rollback", "web", "1", "--server-side=true"],
    upgrade("--server-side=auto", "--set", "replicas=4"),
    ["rollback", "web", "2", "--server-side=auto"],
    ["rollback", "web", "3", "--server-side=false"],
    ["rollback", "web", "1", "--server-side=false", "--force-replace"],
    ["uninstall", "web"],
  ] },
  { name: "rollbacks over fields of others", steps: [
    install("--set", "replicas=2,extra=x"),
    upgrade("--set", "replicas=3"),
    { edit: "an autoscaler", kind: "Deployment", group: "apps", name: "web", patch: { spec: { replicas: 5 } } },
    ["rollback", "web", "1", "--cleanup-on-fail"],
    ["rollback", "web", "1", "--force-conflicts"],
    ["uninstall", "web"],
  ] },
  { name: "a hook that fails in a rollback", steps: [
    install("--set", "hooks.preJob=badly", "--no-hooks"),
    upgrade("--set", "greeting=bye"),
    ["rollback", "web", "1"],
    ["rollback", "web", "1", "--no-hooks"],
    ["uninstall", "web", "--no-hooks"],
  ], divergences: [{
    pattern: /^rollback web 1.*web[./]v?3\.(metadata\.labels\.status|info|hooks)/,
    reason: "helm leaves this revision pending, so that no upgrade is possible; here it has failed",
  }] },
  { name: "a hook that fails before an uninstall", steps: [
    install("--set", "hooks.preJob=badly", "--no-hooks"),
    ["uninstall", "web"],
    ["uninstall", "web"],
    ["status", "web"],
    ["uninstall", "web", "--no-hooks"],
  ], divergences: [{
    pattern: /\.release\/web\/1\.hooks/,
    reason: "helm leaves the hook's phase as it was before its end: Running; here it has failed",
  }] },
  { name: "a hook that fails after an uninstall", steps: [
    install("--set", "hooks.postPod=badly", "--no-hooks"),
    ["uninstall", "web", "--keep-history"],
    ["uninstall", "web"],
  ] },
];
