// Releases as the console reads them: their records and what comes next, kept for a moment.

import type { ReleaseLook, ReleaseLooking, StatedRelease } from "#dialects/flux/releases";
import type { Clock } from "#kernel";
import { Recent } from "./recent.ts";

export class ReleaseStates {
  readonly looking: ReleaseLooking;
  readonly #records: Recent<StatedRelease | undefined>;
  readonly #next: Recent<StatedRelease>;
  readonly #looks: Recent<ReleaseLook | undefined>;

  constructor(looking: ReleaseLooking, clock: Clock) {
    this.looking = looking;
    this.#records = new Recent(clock);
    this.#next = new Recent(clock);
    this.#looks = new Recent(clock);
  }

  /** The release behind a key; undefined: it is not run here. */
  look(key: string): Promise<ReleaseLook | undefined> {
    return this.#looks.get(this.#name(key), () => this.looking.look(key));
  }

  /** What a record states; without a version, what runs. */
  stated(key: string, version?: number): Promise<StatedRelease | undefined> {
    return this.#records.get(`${this.#name(key)} ${version ?? ""}`, () => this.looking.stated(key, version));
  }

  /** What would be installed or upgraded to now. */
  next(key: string): Promise<StatedRelease> {
    return this.#next.get(this.#name(key), () => this.looking.next(key));
  }

  #name(key: string): string {
    return `${key} ${this.looking.version(key)}`;
  }
}
