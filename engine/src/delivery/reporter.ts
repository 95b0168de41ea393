// Tells the world what passes found: status through the dialect, Events in Flux's words, and the journal. Nothing here
// decides anything.

import { formatDuration } from "#api/flux";
import type { Cluster, Resource } from "#cluster";
import { type Clock, type Fault, formatFault, formatRef, type Manifest, refOf, type VersionedRef } from "#kernel";
import { describeDrift, noteOutcomes } from "./drift-log.ts";
import { type EventInput, EventWriter } from "./events.ts";
import { isApproved } from "./guard.ts";
import type { Journal } from "./journal.ts";
import { lastRunAfter } from "./looking.ts";
import { deliveryKey, type Delivery, type Dialect, type Hold, type Outcome, type Phase, type Report } from "./model.ts";
import type { DeliveryState } from "./state.ts";
import { StatusWriter } from "./status-writer.ts";
import type { AuthorOf } from "./touches.ts";

/** Which dialect reads a kind, and the resource that serves it. */
export type Served = { dialect: Dialect; resource: Resource };

export type ReporterOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  journal: Journal;
  /** Who made a version of an object. */
  authorOf?: AuthorOf | undefined;
  /** Told of what could not be written. */
  logged: (message: string) => void;
  /** Told of every Event. */
  told?: ((event: EventInput) => void) | undefined;
};

/** An Event about a delivery. */
export type Note = { isWarning?: boolean; reason: string; message: string };

export class Reporter {
  readonly #clock: Clock;
  readonly #cluster: Cluster;
  readonly #journal: Journal;
  readonly #authorOf: AuthorOf;
  readonly #told: ReporterOptions["told"];
  readonly #events = new Map<string, EventWriter>();
  readonly #statuses: StatusWriter;

  constructor(options: ReporterOptions) {
    this.#clock = options.clock;
    this.#cluster = options.cluster;
    this.#journal = options.journal;
    this.#authorOf = options.authorOf ?? (() => undefined);
    this.#told = options.told;
    const failed = (object: Manifest, { message }: { message: string }): void =>
      options.logged(`status of ${formatRef(refOf(object))} was not written: ${message}`);
    this.#statuses = new StatusWriter({
      cluster: options.cluster,
      clock: options.clock,
      signal: options.signal,
      failed,
    });
  }

  /** How often a status was written. */
  get statusWrites(): number {
    return this.#statuses.count;
  }

  async flush(): Promise<void> {
    await this.#statuses.flush();
    await Promise.all([...this.#events.values()].map((writer) => writer.flush()));
    await this.#journal.flush();
  }

  /** A report with all that `about` does not say taken from the state. */
  reportOf(state: DeliveryState, about: Partial<Report> & { phase: Phase }): Report {
    const now = this.#clock.now();
    return {
      delivery: state.delivery,
      revision: state.attemptedRevision,
      originRevision: undefined,
      isApplied: false,
      inventory: undefined,
      fault: undefined,
      waitingFor: undefined,
      leftOut: state.applied?.leftOut ?? [],
      drift: [...state.drift.values()],
      digest: state.desired?.builtDigest,
      held: state.hold,
      isHealthy: undefined,
      isHealthKept: false,
      checkedMs: state.checkingSinceMs === undefined ? 0 : Math.max(0, now - state.checkingSinceMs),
      startedMs: now,
      nowMs: now,
      handledRequest: state.delivery.request,
      isBump: false,
      isNews: false,
      ...about,
    };
  }

  /** Writes the status that follows from a report, and an Event where it is news. Resolved once it stands. */
  report(state: DeliveryState, served: Served, report: Report): Promise<void> {
    const { dialect, resource } = served;
    if (report.isNews && (report.fault !== undefined || report.isApplied)) this.#tellResult(served, report);
    const { key } = state.delivery;
    const status = dialect.writeStatus(this.#statuses.newest(key, state.object), report);
    return this.#statuses.write(key, { resource, object: state.object, status, manager: dialect.statusManager });
  }

  /** Writes the status of an object that cannot become a delivery. */
  refuse(object: Manifest, served: Served, fault: Fault): void {
    const { dialect, resource } = served;
    const key = deliveryKey(refOf(object));
    const status = dialect.writeRefusal(this.#statuses.newest(key, object), fault, this.#clock.now());
    const wish = { resource, object, status, manager: dialect.statusManager };
    if (fault.disposition === "stall") {
      const about = { ref: refOf(object), uid: object.metadata.uid ?? "", annotations: {} };
      const message = formatFault(fault);
      this.#writer(dialect).write({ ...about, isWarning: true, reason: dialect.reasonOf(fault), message });
    }
    void this.#statuses.write(key, wish);
  }

  /** Events and journal entries for what was done to objects, and for drift. */
  tellOutcomes(state: DeliveryState, served: Served, outcomes: readonly Outcome[]): void {
    state.last = lastRunAfter(state, outcomes, this.#clock.now());
    const notes = noteOutcomes(state, outcomes, { nowMs: this.#clock.now(), authorOf: this.#authorOf });
    for (const { reason, message, outcome, by } of notes) {
      this.tell(state, served, { isWarning: reason === "DriftDetected", reason, message });
      const fields = outcome.changes.length === 0 ? outcome.reason : describeDrift(outcome.changes);
      const managers = [...new Set(outcome.changes.flatMap((change) => change.managers))];
      const what = reason === "DriftHealed" ? "healed" : "drift";
      this.#journal.note(state.delivery, { what, object: formatRef(outcome.ref), fields, managers, by });
    }
    const changed = outcomes.filter((outcome) => isChange(outcome) && !outcome.isDrift);
    const applied = changed.filter((outcome) => outcome.word !== "pruned");
    const pruned = changed.filter((outcome) => outcome.word === "pruned");
    for (const list of [applied, pruned]) {
      if (list.length > 0) this.tell(state, served, { reason: "Progressing", message: listChanged(list) });
    }
  }

  /** An Event about the delivery, with the revision it is at. */
  tell(state: DeliveryState, served: Served, note: Note): void {
    const { delivery } = state;
    const revision = state.attemptedRevision ?? state.revision;
    const annotations = served.dialect.annotationsOf({ revision, originRevision: undefined, isApplied: false });
    this.#writer(served.dialect).write({ ...aboutOf(delivery), annotations, isWarning: false, ...note });
  }

  /** Says once which encrypted files were changed since; by default they are applied as Flux applies them. */
  tellMacs(state: DeliveryState, served: Served): void {
    const files = state.badMacs.join(", ");
    if (state.toldMacs === files) return;
    state.toldMacs = files;
    if (files === "") return;
    const message = `the MAC of ${files} does not fit: changed after encryption`;
    this.tell(state, served, { isWarning: true, reason: "SopsMacMismatch", message });
  }

  /** Says once why something is held back. */
  tellHold(state: DeliveryState, served: Served, { revision, hold }: { revision: string; hold: Hold }): void {
    const isKnown = state.hold?.message === hold.message;
    state.hold = { ...hold, revision };
    if (isKnown) return;
    this.tell(state, served, { reason: hold.reason, message: hold.message });
    this.#journal.note(state.delivery, { what: "held", revision, reason: hold.reason, message: hold.message });
  }

  /** A newer revision goes ahead of the health of the last one. */
  tellCanceled(state: DeliveryState, served: Served): void {
    const { kind, namespace, name } = state.delivery.source;
    const message = `Health checks canceled due to new reconciliation triggered by ${kind}/${namespace}/${name}`;
    this.tell(state, served, { reason: "HealthCheckCanceled", message });
  }

  noteApproval(delivery: Delivery, revision: string): void {
    const { guard } = delivery;
    if (!isApproved(guard, revision)) return;
    this.#journal.note(delivery, { what: "approved", revision, by: guard.approvedBy ?? "" });
  }

  #tellResult({ dialect }: Served, report: Report): void {
    const { delivery, fault } = report;
    const tookMs = Math.max(0, report.nowMs - report.startedMs);
    const next = formatDuration(delivery.intervalMs);
    const done = `Reconciliation finished in ${formatDuration(tookMs)}, next run in ${next}`;
    const message = fault === undefined ? done : formatFault(fault);
    const isWarning = fault !== undefined && fault.disposition !== "wait";
    const reason = fault === undefined ? "ReconciliationSucceeded" : dialect.reasonOf(fault);
    const annotations = dialect.annotationsOf(report);
    const event = { ...aboutOf(delivery), isWarning, reason, message, annotations };
    // That nothing of a delivery is in a commit is no Event of its own, or each commit would be one for all of a fleet.
    if (report.isBump) return this.#writer(dialect).tell(event);
    this.#writer(dialect).write(event);
    if (fault?.disposition === "wait") return;
    const { revision = "", digest = "" } = report;
    this.#journal.note(delivery, { what: "applied", revision, digest, result: reason, message, tookMs });
    if (report.isHealthy === true) this.#journal.note(delivery, { what: "healthy", revision, digest });
  }

  #writer({ eventSource }: Dialect): EventWriter {
    let writer = this.#events.get(eventSource);
    if (writer === undefined) {
      const [cluster, clock, told] = [this.#cluster, this.#clock, this.#told];
      writer = new EventWriter({ cluster, clock, component: eventSource, told });
      this.#events.set(eventSource, writer);
    }
    return writer;
  }
}

function aboutOf({ ref, uid }: Delivery): { ref: VersionedRef; uid: string } {
  return { ref, uid };
}

/** `Kind/ns/name created`, a line each, in Flux's words. */
export function listChanged(outcomes: readonly Outcome[]): string {
  return outcomes.map(({ ref, word }) => `${formatRef(ref)} ${word === "pruned" ? "deleted" : word}`).join("\n");
}

/** True when something was written to the object. */
export function isChange(outcome: Outcome): boolean {
  return outcome.word !== "unchanged" && outcome.word !== "skipped" && outcome.word !== "failed";
}
