// Time is injected, so that tests own it.

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` after `delayMs`; the function returned cancels it. A pending timer does not keep a process alive. */
  after(delayMs: number, run: () => void): () => void;
}

/** The last second that was written out, up to the seconds: thousands of writes may fall into one. */
let last = { second: Number.NaN, text: "" };

/** RFC 3339 with whole seconds, the form of Kubernetes' metav1.Time. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second) last = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** RFC 3339 with microseconds, the form of Kubernetes' metav1.MicroTime. */
export function formatMicroTime(ms: number): string {
  const seconds = formatTime(ms).slice(0, -1);
  return `${seconds}.${String(Math.floor(ms) - Math.floor(ms / 1000) * 1000).padStart(3, "0")}000Z`;
}

/** RFC 3339 with no more digits than the fraction has: the form in which Go's encoding/json writes a time. */
export function formatGoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** How long something is ago, as kubectl and flux write it (apimachinery util/duration): 45s, 5m30s, 3h10m, 2d. */
export function formatAge(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return withRest(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 365 * 8 ? withRest(years, "y", days % 365, "d") : `${years}y`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

/** A clock that a test moves by hand; timers fire in order while it moves. */
export class ManualClock implements Clock {
  #now: number;
  #timers: { at: number; run: () => void }[] = [];

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
  }
}
