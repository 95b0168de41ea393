// One action while it runs: what it tells, what it has done, and how it is stopped. Storing a step never fails the step, as in
// Helm: the cluster is what counts, and the record is written again with the next one.

import { type Fault, faultFrom, formatGoTime } from "#kernel";
import type {
  ActionResult,
  CommonOptions,
  ObjectOutcome,
  Release,
  ReleaseContext,
  ReleaseEvent,
  ReleaseStatus,
} from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { timeoutDefaultMs } from "./limits.ts";

export class Run {
  readonly context: ReleaseContext;
  readonly options: CommonOptions;
  readonly outcomes: ObjectOutcome[] = [];
  readonly warnings: string[] = [];
  /** Never aborts where the caller gave none. */
  readonly signal: AbortSignal;

  constructor(context: ReleaseContext, options: CommonOptions) {
    this.context = context;
    this.options = options;
    this.signal = options.signal ?? new AbortController().signal;
  }

  get timeoutMs(): number {
    return this.options.timeoutMs ?? timeoutDefaultMs;
  }

  /** Now, as Go writes times: a digest over the record as Go writes it again must be ours. */
  time(): string {
    return formatGoTime(this.context.clock.now());
  }

  tell(event: ReleaseEvent): void {
    this.context.onEvent?.(event);
  }

  note(outcome: ObjectOutcome): void {
    this.outcomes.push(outcome);
    this.tell({ type: "object", outcome });
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.tell({ type: "warning", message });
  }

  /** Between two steps: throws where the caller wants no more. */
  checkGoing(): void {
    if (this.signal.aborted) throw releaseFault("release-interrupted", "context canceled");
  }

  /** Stores a revision that must be stored: the first record of an action. */
  async create(release: Release, maxHistory: number | undefined): Promise<void> {
    await this.context.storage.create(release, maxHistory ?? 0);
    this.#tellRecorded(release, true);
  }

  /** Stores a step; a refusal is told of and does not end the action. */
  async record(release: Release): Promise<void> {
    try {
      await this.context.storage.update(release);
      this.#tellRecorded(release);
    } catch (thrown) {
      this.warn(`failed to update revision ${release.version} of ${release.name}: ${faultFrom(thrown).message}`);
    }
  }

  /** Stores the last step of what must not end without it. */
  async recordSurely(release: Release): Promise<void> {
    await this.context.storage.update(release);
    this.#tellRecorded(release);
  }

  /** Changes status and description, and stores them. */
  async recordAs(release: Release, status: ReleaseStatus, description: string): Promise<void> {
    setStatus(release, status, description);
    await this.record(release);
  }

  done(release: Release, kept = ""): ActionResult {
    return {
      ok: true,
      release,
      outcomes: this.outcomes,
      warnings: this.warnings,
      ...(kept === "" ? {} : { kept }),
    };
  }

  failed(fault: Fault, release?: Release, undone?: ActionResult): ActionResult {
    return {
      ok: false,
      fault,
      outcomes: this.outcomes,
      warnings: this.warnings,
      ...(release === undefined ? {} : { release }),
      ...(undone === undefined ? {} : { undone }),
    };
  }

  #tellRecorded(release: Release, isNew = false): void {
    const { version, info } = release;
    const { status, description = "" } = info;
    this.tell({ type: "recorded", release, isNew, revision: version, status, description });
  }
}

/** The progress of an action goes with its end. */
export function setStatus(release: Release, status: ReleaseStatus, description: string): void {
  release.info = { ...release.info, status, description };
  if (!status.startsWith("pending-") && status !== "uninstalling") delete release.keelson;
}
