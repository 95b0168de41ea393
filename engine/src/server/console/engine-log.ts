// The last lines of the engine's log about deliveries and sources, in memory: what the page shows without opening the file.

import type { Link, LogLine } from "#api/console";
import { linkKey } from "#api/console";
import { logLinesMost, logLinesShown } from "./limits.ts";
import { wordsOf } from "./cards.ts";

type Kept = LogLine & { about: string };

export class EngineLog {
  readonly #lines: Kept[] = [];
  readonly #listeners = new Set<(about: string, key: string) => void>();
  #serial = 0;

  note(about: Link, line: Omit<LogLine, "key">): void {
    this.#serial += 1;
    const kept = { ...line, message: wordsOf(line.message), key: String(this.#serial), about: linkKey(about) };
    this.#lines.push(kept);
    if (this.#lines.length > logLinesMost * 2) this.#lines.splice(0, logLinesMost);
    for (const listener of this.#listeners) listener(kept.about, kept.key);
  }

  /** The last lines about one, oldest first. */
  of(about: string): LogLine[] {
    const found: LogLine[] = [];
    for (let at = this.#lines.length - 1; at >= 0 && found.length < logLinesShown; at--) {
      const line = this.#lines[at] as Kept;
      if (line.about === about) found.push(plain(line));
    }
    return found.reverse();
  }

  /** One line by its key. */
  line(key: string): LogLine | undefined {
    const first = Number(this.#lines[0]?.key ?? 0);
    const kept = this.#lines[Number(key) - first];
    return kept === undefined ? undefined : plain(kept);
  }

  /** Told what each new line is about, and its key. */
  subscribe(listener: (about: string, key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function plain({ key, atMs, level, message }: Kept): LogLine {
  return { key, atMs, level, message };
}
