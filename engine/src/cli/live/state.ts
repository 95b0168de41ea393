// What the live view knows, as data: one row for each source and delivery, and what happened lately. Fed with the objects
// themselves, so the view shows what any client of the API could see.

import type { Manifest } from "#kernel";
import { shortRevision } from "#kernel";
import { conditionOf, fieldOf, heldOf, inventoryOf, isSuspended, readiness, textOf } from "../flux-objects.ts";
import { latelyMost } from "../limits.ts";
import { oneLine } from "../table.ts";

/** ready: as in Git. working: a pass goes on. waiting: for another. held: for a person or a time. drifted: reported, left alone. */
export type Mark = "ready" | "working" | "waiting" | "failed" | "suspended" | "held" | "drifted";

export type Row = {
  key: string;
  kind: string;
  name: string;
  mark: Mark;
  revision: string;
  /** Objects in the inventory; 0 for sources. */
  objects: number;
  text: string;
};

export type Happening = { key: string; atMs: number; about: string; reason: string; text: string; isBad: boolean };

/** The row of a source or a delivery. */
export function rowOf(object: Manifest): Row {
  const name = object.metadata.name;
  const namespace = object.metadata.namespace ?? "";
  const { mark, text } = judge(object);
  return {
    key: `${object.kind}/${namespace}/${name}`,
    kind: object.kind,
    name: namespace === "flux-system" ? name : `${namespace}/${name}`,
    mark,
    revision: digestOf(
      textOf(object, "status", "lastAppliedRevision") || textOf(object, "status", "artifact", "revision"),
    ),
    objects: inventoryOf(object).length,
    text: oneLine(shortRevision(text)),
  };
}

function judge(object: Manifest): { mark: Mark; text: string } {
  if (isSuspended(object)) return { mark: "suspended", text: "suspended" };
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True") return { mark: "failed", text: stalled.message };
  const ready = conditionOf(object, "Ready");
  if (ready?.reason === "DependencyNotReady") return { mark: "waiting", text: ready.message };
  const isHandled = Number(fieldOf(object, "status", "observedGeneration") ?? -1) === object.metadata.generation;
  if (ready?.status === "True" && isHandled) return judgeReady(object);
  const reconciling = conditionOf(object, "Reconciling");
  if (ready?.status === "False") return { mark: "failed", text: ready.message };
  if (reconciling?.status === "True") return { mark: "working", text: reconciling.message };
  return { mark: "working", text: ready?.message ?? readiness(object).message };
}

function judgeReady(object: Manifest): { mark: Mark; text: string } {
  const held = heldOf(object);
  if (held !== undefined) return { mark: "held", text: `held: ${held}` };
  const drifted = conditionOf(object, "Drifted");
  if (drifted?.status === "True") return { mark: "drifted", text: drifted.message };
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return { mark: "working", text: reconciling.message };
  return { mark: "ready", text: "" };
}

function digestOf(revision: string): string {
  return /:([0-9a-f]{8})[0-9a-f]*$/.exec(revision)?.[1] ?? revision;
}

/** One Event as a line: what it is about, and what happened. */
export function happeningOf(event: Manifest): Happening {
  const time = textOf(event, "lastTimestamp") || textOf(event, "eventTime") || (event.metadata.creationTimestamp ?? "");
  const name = textOf(event, "involvedObject", "name");
  return {
    key: event.metadata.uid ?? event.metadata.name,
    atMs: Date.parse(time) || 0,
    about: `${textOf(event, "involvedObject", "kind")}/${textOf(event, "involvedObject", "namespace")}/${name}`,
    reason: textOf(event, "reason"),
    text: `${name}: ${countOutcomes(oneLine(shortRevision(textOf(event, "message"))))}`,
    isBad: textOf(event, "type") === "Warning",
  };
}

/** A list of more outcomes than a person reads as numbers: `12 objects created, 1 configured`. */
function countOutcomes(text: string): string {
  const words = text.split("; ").map((part) => /^\S+ (created|configured|recreated|pruned)$/.exec(part)?.[1]);
  if (words.length <= 2 || words.includes(undefined)) return text;
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word ?? "", (counts.get(word ?? "") ?? 0) + 1);
  const [first = "", ...rest] = [...counts].map(
    ([word, count], index) => `${count}${index === 0 ? " objects" : ""} ${word}`,
  );
  return [first, ...rest].join(", ");
}

/** What the engine itself says of a delivery: finer and sooner than its status. */
export type PhaseNote = { key: string; phase: string; waitingFor: string };

/** What the rows say anyway. */
const silentReasons = new Set(["ReconciliationSucceeded", "DependencyNotReady", "ArtifactFailed"]);

const busyPhases = new Set(["rendering", "applying", "pruning", "checking", "deleting"]);

/** All that the view shows. */
export class LiveState {
  readonly #rows: Map<string, Row> = new Map();
  readonly #phases = new Map<string, PhaseNote>();
  readonly #commits = new Map<string, { atMs: number; subject: string }>();
  readonly #dependencies = new Map<string, readonly string[]>();
  readonly #happenings = new Map<string, Happening>();
  /** What is done before there is anything to watch. */
  step = "";

  put(object: Manifest): void {
    const row = rowOf(object);
    this.#rows.set(row.key, row);
    const depends = fieldOf(object, "spec", "dependsOn");
    const namespace = object.metadata.namespace ?? "";
    const keys = (Array.isArray(depends) ? depends : []).map(
      (one) => `${object.kind}/${textOf(one, "namespace") || namespace}/${textOf(one, "name")}`,
    );
    this.#dependencies.set(row.key, keys);
  }

  remove(object: Manifest): void {
    const { key } = rowOf(object);
    this.#rows.delete(key);
    this.#phases.delete(key);
  }

  note(note: PhaseNote): void {
    this.#phases.set(note.key, note);
  }

  /** The row with what the engine says of it now. */
  #told(row: Row): Row {
    const note = this.#phases.get(row.key);
    if (note === undefined || row.mark === "suspended") return row;
    if (note.phase === "waiting") return { ...row, mark: "waiting", text: note.waitingFor || row.text };
    if (!busyPhases.has(note.phase)) return row;
    const text = note.waitingFor === "" ? note.phase : `${note.phase}: ${note.waitingFor}`;
    return { ...row, mark: "working", text };
  }

  /** Takes an Event in. `isNew`: it happened while we watch. */
  happened(event: Manifest, isNew: boolean): void {
    const happening = happeningOf(event);
    const subject = /^stored artifact for commit '(.*)'$/s.exec(textOf(event, "message"))?.[1];
    if (subject !== undefined) this.#noteCommit(happening, subject);
    if (!isNew || silentReasons.has(happening.reason)) return;
    this.#happenings.delete(happening.key);
    this.#happenings.set(happening.key, happening);
    for (const key of this.#happenings.keys()) {
      if (this.#happenings.size <= latelyMost) break;
      this.#happenings.delete(key);
    }
  }

  /** The last commit of each source is shown in its row. */
  #noteCommit({ about, atMs }: Happening, subject: string): void {
    if ((this.#commits.get(about)?.atMs ?? 0) <= atMs) this.#commits.set(about, { atMs, subject: oneLine(subject) });
  }

  /** The newest last. */
  lately(): Happening[] {
    return [...this.#happenings.values()].sort((a, b) => a.atMs - b.atMs);
  }

  sources(): Row[] {
    const rows = [...this.#rows.values()].filter((row) => !isDelivery(row)).sort(byName);
    return rows.map((row) =>
      row.mark === "ready" ? { ...row, text: this.#commits.get(row.key)?.subject ?? "" } : row,
    );
  }

  /** What others depend on stands above them. */
  deliveries(): Row[] {
    const rows = [...this.#rows.values()].filter(isDelivery).map((row) => this.#told(row));
    const depth = new Map(rows.map((row) => [row.key, this.#depth(row.key, 0)]));
    return rows.sort((a, b) => (depth.get(a.key) ?? 0) - (depth.get(b.key) ?? 0) || byRoot(a, b) || byName(a, b));
  }

  /** True when there are deliveries and none of them has anything to do. */
  isSettled(): boolean {
    const rows = [...this.sources(), ...this.deliveries()];
    return rows.some(isDelivery) && rows.every((row) => row.mark === "ready" || row.mark === "suspended");
  }

  #depth(key: string, level: number): number {
    const keys = level > 32 ? [] : (this.#dependencies.get(key) ?? []);
    return keys.length === 0 ? 0 : 1 + Math.max(...keys.map((next) => this.#depth(next, level + 1)));
  }
}

function isDelivery(row: Row): boolean {
  return row.kind === "Kustomization" || row.kind === "HelmRelease";
}

/** The delivery that brings the others stands first. */
function byRoot(a: Row, b: Row): number {
  return Number(b.name === "flux-system") - Number(a.name === "flux-system");
}

function byName(a: Row, b: Row): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
