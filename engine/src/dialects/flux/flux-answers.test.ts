// Random lives of a Kustomization, report by report: the conditions and the history that we write are those that Flux's own
// libraries come to when they take the steps of kustomize-controller v1.9.4 (internal/controller/kustomization_controller.go).
// A sample of fixed seed; `npm run proof -- flux-answers` tries many more.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Condition, formatDuration, type HistoryEntry, type KustomizationStatus } from "#api/flux";
import type { Delivery, DeliveryFaultCode, Report } from "#delivery";
import { asManifest, Fault, type Json, type Manifest, sha256Hex } from "#kernel";
import { fluxDialect } from "./index.ts";
import { messageOf, reasonOf } from "./reasons.ts";
import { kustomization } from "./world.contract.ts";
import { writeKustomization } from "./write.ts";

type Step = { do: string; type?: string; reason?: string; message?: string; [more: string]: unknown };
type Question = { status: { generation: number; conditions: Condition[]; history: HistoryEntry[]; steps: Step[] } };
type Status = { conditions: Condition[] | null; history: HistoryEntry[] | null };
const flux = (await import(new URL("../../../../tools/oracle-flux.mjs", import.meta.url).href)) as {
  hasFluxAnswer(): boolean;
  askFlux(questions: readonly Question[]): { result?: Status; error?: string }[];
};

const numRuns = Number(process.env["KEELSON_FLUX_ANSWERS"] ?? 150);
const seed = Number(process.env["KEELSON_FLUX_SEED"] ?? 20_261_121);

/** How an attempt ends. */
const ends = [
  "success",
  "source-not-ready",
  "dependency-not-ready",
  "expression-invalid",
  "path-missing",
  "render-failed",
  "substitution-failed",
  "decryption-failed",
  "decryption-missing",
  "account-missing",
  "target-unusable",
  "stage-refused",
  "apply-failed",
  "prune-failed",
  "health-failed",
  "health-timeout",
] as const satisfies readonly ("success" | DeliveryFaultCode)[];

const attempt = fc.record({
  end: fc.oneof({ weight: 2, arbitrary: fc.constant("success" as const) }, fc.constantFrom(...ends)),
  revision: fc.nat(2),
  content: fc.nat(6),
  isWaited: fc.boolean(),
  isNewSpec: fc.boolean(),
  message: fc.constantFrom("no such thing", "another thing: with a cause", "Ä".repeat(20)),
  originRevision: fc.constantFrom(undefined, "origin"),
  tookMs: fc.nat(100_000),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

const other: Condition = {
  type: "Custom",
  status: "True",
  observedGeneration: 1,
  lastTransitionTime: "2020-01-01T00:00:00Z",
  reason: "Theirs",
  message: "",
};
const life = fc.record({
  attempts: fc.array(attempt, { minLength: 1, maxLength: 12 }),
  conditions: fc.constantFrom<Condition[]>([], [other]),
});

const isEarly = (code: string): boolean => /^(source|dependency|expression)-/.test(code);
/** Ends of which Flux keeps a line in the history: what came as far as the API server. */
const isLate = (code: string): boolean => /^(success|stage|apply|prune|health|decryption-missing)/.test(code);

/** What Flux's controller says that it does when it fails with this. */
function doingOf(end: Attempt["end"]): string {
  if (end === "path-missing") return "Fetching manifests";
  if (end.startsWith("health")) return "Running health checks";
  return isLate(end) ? "Detecting drift" : "Building manifests";
}

/** One report of ours, and the steps of Flux's controller that come to the same point. */
type Point = { report: Report; steps: Step[] };

/** A report of news in which nothing out of the ordinary is said. */
function quietReport(
  about: Pick<Report, "delivery" | "revision" | "originRevision" | "digest" | "startedMs" | "nowMs">,
): Report {
  return {
    phase: "rendering",
    isApplied: false,
    inventory: undefined,
    fault: undefined,
    waitingFor: undefined,
    leftOut: [],
    drift: [],
    held: undefined,
    isHealthy: undefined,
    isHealthKept: false,
    checkedMs: 1000,
    handledRequest: undefined,
    isBump: false,
    isNews: true,
    ...about,
  };
}

function pointsOf(one: Attempt, delivery: Delivery, atMs: number): Point[] {
  const revision = `main@sha1:${sha256Hex(`${one.revision}`).slice(0, 40)}`;
  const digest = `sha256:${sha256Hex(`${one.content}`)}`;
  const { originRevision, tookMs } = one;
  const timeout = formatDuration(delivery.timeoutMs);
  const doing = (what: string): string => `${what} for revision ${revision} with a timeout of ${timeout}`;
  const about = quietReport({ delivery, revision, originRevision, digest, startedMs: atMs - tookMs, nowMs: atMs });
  const began: Step[] = [
    { do: "unknown", type: "Ready", reason: "Progressing", message: "Reconciliation in progress" },
    { do: "reconciling", reason: "Progressing", message: doing("Building manifests") },
  ];
  const checked: Step[] = [
    { do: "reconciling", reason: "Progressing", message: doing("Running health checks") },
    { do: "unknown", type: "Healthy", reason: "Progressing", message: doing("Running health checks") },
  ];
  const points: Point[] = isEarly(one.end) ? [] : [{ report: about, steps: began }];
  const isChecked = delivery.wait.kind !== "none" && (one.end === "success" || one.end.startsWith("health"));
  if (isChecked) points.push({ report: { ...about, phase: "checking" }, steps: checked });
  const metadata = { revision, ...(originRevision === undefined ? {} : { originRevision }) };
  const upsert = (reason: string): Step => ({ do: "upsert", reason, digest, atMs, tookMs, metadata });
  if (one.end === "success") {
    const healthy = { do: "true", type: "Healthy", reason: "Succeeded", message: "Health check passed in 1s" };
    const ready = { type: "Ready", reason: "ReconciliationSucceeded", message: `Applied revision: ${revision}` };
    const steps: Step[] = [
      isChecked ? healthy : { do: "delete", type: "Healthy" },
      { do: "true", ...ready },
      upsert("ReconciliationSucceeded"),
      { do: "delete", type: "Reconciling" },
    ];
    points.push({ report: { ...about, phase: "ready", isApplied: true, isHealthy: isChecked || undefined }, steps });
    return points;
  }
  points.push({ report: { ...about, phase: "failed", fault: faultOf(one) }, steps: failure(one, doing, upsert) });
  return points;
}

function faultOf({ end, message }: Attempt): Fault {
  const isStall = end === "expression-invalid";
  return new Fault({ code: end, disposition: isStall ? "stall" : isEarly(end) ? "wait" : "retry", message });
}

function failure(one: Attempt, doing: (what: string) => string, upsert: (reason: string) => Step): Step[] {
  const fault = faultOf(one);
  const said = { reason: reasonOf(fault), message: messageOf(fault) };
  const ready: Step = { do: "false", type: "Ready", ...said };
  if (fault.disposition === "stall") return [ready, { do: "stalled", ...said }];
  // Flux leaves Stalled where a mended spec waits for a source or a dependency, though nothing is stalled any more.
  if (isEarly(one.end)) return [{ do: "delete", type: "Stalled" }, ready, { do: "retry" }];
  const steps: Step[] = [{ do: "reconciling", reason: "Progressing", message: doing(doingOf(one.end)) }, ready];
  if (one.end.startsWith("health")) steps.push({ do: "false", type: "Healthy", ...said });
  if (isLate(one.end)) steps.push(upsert(said.reason));
  return [...steps, { do: "retry" }];
}

/** One life through our own writer; gives each status with the question that Flux's libraries answer about it. */
function live(attempts: readonly Attempt[], conditions: Condition[]): { question: Question; after: Status }[] {
  const dialect = fluxDialect();
  const asked: { question: Question; after: Status }[] = [];
  let status: KustomizationStatus = { conditions };
  let generation = 1;
  for (const [index, one] of attempts.entries()) {
    // A health check that fails is one that was asked for.
    const isWaited = one.isWaited || one.end.startsWith("health");
    if (one.isNewSpec || one.end === "expression-invalid") generation += 1;
    const base = kustomization("apps", { wait: isWaited }, { generation, uid: "u" });
    const read = dialect.read(base);
    if (read.is !== "delivery") throw new Error("the object is no delivery");
    const atMs = Date.UTC(2026, 0, 1, 0, index);
    for (const { report, steps } of pointsOf(one, read.delivery, atMs)) {
      const before = { conditions: aged(status.conditions), history: [...(status.history ?? [])] };
      const object: Manifest = asManifest({ ...base, status: { ...status, conditions: before.conditions } as Json });
      status = writeKustomization(object, report) as KustomizationStatus;
      const after = { conditions: [...(status.conditions ?? [])], history: [...(status.history ?? [])] };
      asked.push({ question: { status: { generation, ...before, steps } }, after });
    }
  }
  return asked;
}

/** Times that are old, so that a new one shows. */
function aged(conditions: readonly Condition[] = []): Condition[] {
  return conditions.map((condition) => ({ ...condition, lastTransitionTime: "2020-01-01T00:00:00Z" }));
}

/** Flux's clock runs on; what counts is which times are new. */
function comparable({ conditions, history }: Status): unknown {
  const times = (conditions ?? []).map((condition) => {
    return { ...condition, lastTransitionTime: condition.lastTransitionTime.startsWith("2020") ? "as before" : "now" };
  });
  return { conditions: times, history: history ?? [] };
}

describe.skipIf(!flux.hasFluxAnswer())("status", () => {
  it("has the conditions and the history that Flux's libraries come to", () => {
    const lives = fc.sample(life, { numRuns, seed }).map((one) => live(one.attempts, one.conditions));
    const asked = lives.flat();
    const answers = flux.askFlux(asked.map(({ question }) => question));
    for (const [index, { question, after }] of asked.entries()) {
      const { result, error } = answers[index] ?? {};
      expect(error).toBeUndefined();
      expect(comparable(after), JSON.stringify(question)).toEqual(comparable(result as Status));
    }
    expect(asked.length).toBeGreaterThan(numRuns);
  });
});
