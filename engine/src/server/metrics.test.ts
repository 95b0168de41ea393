import { describe, expect, it } from "vitest";
import type { Card } from "#api/console";
import { formatMetrics, PassDurations } from "./metrics.ts";

const card = (name: string): Card => ({ kind: "Kustomization", namespace: "flux-system", name }) as Card;

describe("how long passes took", () => {
  it("is told in Flux's buckets, of objects that are still there", () => {
    const passes = new PassDurations();
    passes.note(card("apps"), 5);
    passes.note(card("apps"), 20_000);
    passes.note(card("gone"), 5);
    const lines = formatMetrics([passes.sample([card("apps")])])
      .trim()
      .split("\n");
    const labels = 'kind="Kustomization",name="apps",namespace="flux-system"';
    const bucket = (le: string, count: number): string =>
      `gotk_reconcile_duration_seconds_bucket{${labels},le="${le}"} ${count}`;
    expect(lines.slice(2)).toEqual([
      ...["1e-8", "1e-7", "0.000001", "0.00001", "0.0001", "0.001"].map((le) => bucket(le, 0)),
      ...["0.01", "0.1", "1", "10"].map((le) => bucket(le, 1)),
      bucket("+Inf", 2),
      `gotk_reconcile_duration_seconds_sum{${labels}} 20.005`,
      `gotk_reconcile_duration_seconds_count{${labels}} 2`,
    ]);
  });

  it("comes of what a restart of the counting object knows nothing of: none at first", () => {
    expect(formatMetrics([new PassDurations().sample([card("apps")])]).split("\n")).toHaveLength(3);
  });
});
