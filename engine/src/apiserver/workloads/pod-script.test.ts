import { describe, expect, it } from "vitest";
import { nextStep } from "./pod-script.ts";
import type { Behaviour } from "./simulation.ts";
import type { Pod } from "./types.ts";

function pod(restartPolicy = "Always", image = "nginx:1"): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", uid: "u", generation: 1 },
    spec: { nodeName: "simulated-1", restartPolicy, containers: [{ name: "app", image }] },
  };
}

/** Plays a pod for a while; each line is when and what `kubectl get pods` would show. */
function play(subject: Pod, behaviour: Behaviour, forMs: number): string[] {
  const lines: string[] = [];
  let now = Date.UTC(2026, 0, 1);
  const start = now;
  let sinceMs = now;
  for (;;) {
    const step = nextStep(subject, { behaviour, hostIP: "h", podIP: "p", now, sinceMs });
    if (step === undefined || step.atMs - start > forMs) return lines;
    if (step.atMs > now) {
      now = step.atMs;
      continue;
    }
    sinceMs = now;
    subject = { ...subject, status: step.status };
    lines.push(`${now - start} ${shown(subject)}`);
  }
}

function shown({ status }: Pod): string {
  const container = status?.containerStatuses?.[0];
  const { waiting, terminated } = container?.state ?? {};
  const restarts = container?.restartCount === 0 ? "" : ` ${container?.restartCount}`;
  return `${status?.phase} ${waiting?.reason ?? terminated?.reason ?? "running"} ${container?.ready === true ? "1/1" : "0/1"}${restarts}`;
}

const creating = "0 Pending ContainerCreating 0/1";

describe("a simulated pod", () => {
  it.each<[string, [Behaviour, Pod, number], string[]]>([
    ["is ready at once", ["normal", pod(), 1e6], [creating, "20 Running running 1/1"]],
    [
      "takes its time when slow",
      ["slow", pod(), 1e6],
      [creating, "5000 Running running 0/1", "15000 Running running 1/1"],
    ],
    ["never becomes ready when stalled", ["stall", pod(), 1e6], [creating, "20 Running running 0/1"]],
    [
      "cannot pull its image",
      ["pull-error", pod(), 1e6],
      [creating, "20 Pending ErrImagePull 0/1", "1020 Pending ImagePullBackOff 0/1"],
    ],
    [
      "refuses a name that is no image",
      ["normal", pod("Always", "nginx:a b"), 1e6],
      [creating, "20 Pending InvalidImageName 0/1"],
    ],
    [
      "crashes with a growing back-off",
      ["crash", pod(), 35_000],
      [
        creating,
        "20 Running running 0/1",
        "320 Running CrashLoopBackOff 0/1",
        "10000 Running running 0/1 1",
        "10300 Running CrashLoopBackOff 0/1 1",
        "30000 Running running 0/1 2",
        "30300 Running CrashLoopBackOff 0/1 2",
      ],
    ],
    [
      "runs to its end where it is not restarted",
      ["normal", pod("Never"), 1e6],
      [creating, "20 Running running 1/1", "50 Succeeded Completed 0/1"],
    ],
    [
      "fails where it is not restarted",
      ["fail", pod("OnFailure"), 1e6],
      [creating, "20 Running running 1/1", "50 Failed Error 0/1"],
    ],
    ["runs for ever when it stalls", ["stall", pod("Never"), 1e6], [creating, "20 Running running 0/1"]],
  ])("%s", (_, [behaviour, subject, forMs], expected) => {
    expect(play(subject, behaviour, forMs)).toEqual(expected);
  });

  it("mends as soon as it is no longer told to crash", () => {
    const crashed = { ...pod() };
    const scene = { hostIP: "h", podIP: "p", now: 0, sinceMs: 0 };
    for (const behaviour of ["crash", "crash", "crash"] as const) {
      const step = nextStep(crashed, { ...scene, behaviour });
      if (step !== undefined) crashed.status = step.status;
    }
    const mended = nextStep(crashed, { ...scene, behaviour: "normal" });
    expect(mended?.atMs).toBe(0);
    expect(mended?.status.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 1 });
  });
});
