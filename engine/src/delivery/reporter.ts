// Tells the world what passes found: status through the dialect, and Events. Nothing here decides anything.

import type { Cluster, Resource } from "#cluster";
import { type Clock, type Fault, formatFault, formatRef, type Manifest, refOf } from "#kernel";
import { noteOutcomes } from "./drift-log.ts";
import { EventWriter } from "./events.ts";
import { deliveryKey, type Dialect, type Outcome, type Phase, type Report } from "./model.ts";
import type { DeliveryState } from "./state.ts";
import { StatusWriter } from "./status-writer.ts";

/** Which dialect reads a kind, and the resource that serves it. */
export type Served = { dialect: Dialect; resource: Resource };

export type ReporterOptions = {
  cluster: Cluster;
  clock: Clock;
  /** Told of what could not be written. */
  logged: (message: string) => void;
};

export class Reporter {
  readonly #clock: Clock;
  readonly #events: EventWriter;
  readonly #statuses: StatusWriter;

  constructor(options: ReporterOptions) {
    this.#clock = options.clock;
    this.#events = new EventWriter(options.cluster, options.clock, "keelson");
    this.#statuses = new StatusWriter(options.cluster, (object, status) => {
      options.logged(`status of ${formatRef(refOf(object))} was not written: ${status.message}`);
    });
  }

  /** How often a status was written. */
  get statusWrites(): number {
    return this.#statuses.count;
  }

  async flush(): Promise<void> {
    await this.#statuses.flush();
    await this.#events.flush();
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
      digest: state.applied?.digest,
      isHealthy: undefined,
      startedMs: now,
      nowMs: now,
      handledRequest: state.delivery.request,
      isNews: false,
      ...about,
    };
  }

  /** Writes the status that follows from a report, and an Event where it is news. Resolved once it stands. */
  report(state: DeliveryState, served: Served, report: Report): Promise<void> {
    const { dialect, resource } = served;
    if (report.isNews && (report.fault !== undefined || report.isApplied)) this.#tellResult(dialect, report);
    const status = dialect.writeStatus(state.object, report);
    const wish = { resource, object: state.object, status, manager: dialect.statusManager };
    return this.#statuses.write(state.delivery.key, wish);
  }

  /** Writes the status of an object that cannot become a delivery. */
  refuse(object: Manifest, served: Served, fault: Fault): void {
    const { dialect, resource } = served;
    const status = dialect.writeRefusal(object, fault, this.#clock.now());
    const wish = { resource, object, status, manager: dialect.statusManager };
    void this.#statuses.write(deliveryKey(refOf(object)), wish);
  }

  /** Events for what was done to objects, and for drift. */
  tellOutcomes(state: DeliveryState, served: Served, outcomes: readonly Outcome[]): void {
    const { delivery } = state;
    const { annotations } = served.dialect.describe(this.reportOf(state, { phase: state.phase }));
    const about = { ref: delivery.ref, uid: delivery.uid, annotations };
    for (const { reason, message } of noteOutcomes(state, outcomes, this.#clock.now())) {
      this.#events.write({ ...about, isWarning: reason === "DriftDetected", reason, message });
    }
    const changed = outcomes.filter((outcome) => isChange(outcome) && !outcome.isDrift);
    if (changed.length === 0) return;
    const message = changed.map((outcome) => `${formatRef(outcome.ref)} ${outcome.word}`).join("\n");
    this.#events.write({ ...about, isWarning: false, reason: "Progressing", message });
  }

  #tellResult(dialect: Dialect, report: Report): void {
    const { delivery, fault } = report;
    const { reason, annotations } = dialect.describe(report);
    const seconds = Math.max(0, report.nowMs - report.startedMs) / 1000;
    const done = `Reconciliation finished in ${seconds} s, revision ${report.revision ?? ""}`;
    const message = fault === undefined ? done : formatFault(fault);
    const isWarning = fault !== undefined && fault.disposition !== "wait";
    this.#events.write({ ref: delivery.ref, uid: delivery.uid, isWarning, reason, message, annotations });
  }
}

/** True when something was written to the object. */
export function isChange(outcome: Outcome): boolean {
  return outcome.word !== "unchanged" && outcome.word !== "skipped" && outcome.word !== "failed";
}
