// What is waited for, by each strategy, where workloads have Pods: the words of helm's own command line.

import type { Scenario } from "./scenarios.ts";

const everything = "workloads=true,replicas=2,job=well";
const strategies = ["watcher", "legacy"] as const;
const upgrade = (...more: string[]): string[] => ["upgrade", "web", "CHART2", ...more];
/** A Deployment whose Pods never become ready; that it says so after a while would hold up helm's ways back. */
const stalled = "simulate=stall";

/** The same steps by each strategy. */
function byStrategy(name: string, steps: (wait: string) => Scenario["steps"]): Scenario[] {
  return strategies.map((strategy) => ({ name: `${name}: ${strategy}`, steps: steps(`--wait=${strategy}`) }));
}

export const waits: readonly Scenario[] = [
  ...byStrategy("all comes up, and goes", (wait) => [
    ["install", "web", "CHART1", wait, "--wait-for-jobs", "--set", everything],
    upgrade(wait, "--set", `${everything},image=example.com/main:2`),
    ["rollback", "web", "1", wait, "--wait-for-jobs"],
    upgrade(wait, "--wait-for-jobs", "--reuse-values", "--set", "replicas=3"),
    ["uninstall", "web", wait],
  ]),
  ...byStrategy("hooks", (wait) => [
    ["install", "web", "CHART1", wait, "--set", "hooks.preJob=well,hooks.postPod=well,hooks.cleanJob=well"],
    upgrade(wait, "--set", "hooks.preJob=badly"),
    upgrade(wait, "--set", "hooks.postPod=badly"),
    upgrade(wait, "--timeout", "6s", "--set", "hooks.preJob=never"),
    ["rollback", "web", "1", wait, "--no-hooks"],
    ["uninstall", "web", wait],
  ]),
  ...byStrategy("a Job that fails", (wait) => [
    ["install", "web", "CHART1", wait, "--set", "job=well"],
    upgrade(wait, "--wait-for-jobs", "--set", "job=badly,extra=x"),
    upgrade(wait, "--wait-for-jobs", "--set", "extra=x"),
    ["uninstall", "web", wait],
  ]),
  ...byStrategy("Pods that never become ready", (wait) => [
    ["install", "web", "CHART1", wait, "--set", "replicas=1"],
    upgrade(wait, "--timeout", "8s", "--set", stalled),
    upgrade(wait, "--timeout", "8s", "--rollback-on-failure", "--set", stalled),
    upgrade(wait, "--timeout", "8s", "--cleanup-on-fail", "--set", `${stalled},extra=x`),
    ["rollback", "web", "1", wait],
    ["rollback", "web", "3", wait, "--timeout", "8s"],
    upgrade(wait),
    ["uninstall", "web", wait],
  ]),
  ...byStrategy("an install that is undone", (wait) => [
    ["install", "web", "CHART1", wait, "--timeout", "8s", "--rollback-on-failure", "--set", stalled],
    ["history", "web"],
    ["upgrade", "--install", "web", "CHART1", wait],
    ["uninstall", "web", wait],
  ]),
  ...byStrategy("what does not go", (wait) => [
    ["install", "web", "CHART1", wait],
    { edit: "somebody", kind: "ConfigMap", name: "web-settings", patch: { metadata: { finalizers: ["example.com/held"] } } },
    ["uninstall", "web", wait, "--timeout", "4s"],
    { edit: "somebody", kind: "ConfigMap", name: "web-settings", patch: { metadata: { finalizers: null } } },
    ["uninstall", "web"],
  ]),
  { name: "hooks alone are waited for", steps: [
    ["install", "web", "CHART1", "--wait=hookOnly", "--set", `${stalled},job=badly,hooks.preJob=well`],
    upgrade("--set", `${stalled},job=badly,hooks.postPod=well`),
    ["rollback", "web", "1"],
    ["uninstall", "web"],
  ] },
];
