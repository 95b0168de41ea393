// Redraws a block of lines in place on a terminal. Nothing is written when nothing changed, so a calm system is still.

import type { Output } from "../io.ts";

export class Screen {
  readonly #output: Output;
  #shown: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
    output.write("\u001B[?25l");
  }

  /** Replaces what was drawn last. */
  draw(lines: readonly string[]): void {
    if (lines.length === this.#shown.length && lines.every((line, index) => line === this.#shown[index])) return;
    const fitting = fit(lines, this.#output);
    this.#replace(fitting);
    this.#shown = fitting;
  }

  /** Writes lines that stay, above all that is drawn later. */
  say(lines: readonly string[]): void {
    this.#replace(lines);
    this.#shown = [];
  }

  /** True when that many lines can be redrawn in place. */
  hasRoom(lines: readonly string[]): boolean {
    return fit(lines, this.#output).length === lines.length;
  }

  #replace(lines: readonly string[]): void {
    const rows = this.#shown.reduce((sum, line) => sum + rowsOf(line, this.#output.columns), 0);
    const up = rows === 0 ? "" : `\u001B[${rows}A`;
    // One synchronized update, so that no half of it is ever seen.
    const body = lines.map((line) => `${line}\u001B[K\n`).join("");
    this.#output.write(`\u001B[?2026h\r${up}${body}\u001B[0J\u001B[?2026l`);
  }

  /** Leaves what was drawn and gives the cursor back. */
  close(): void {
    this.#output.write("\u001B[?25h");
  }
}

/** As many lines as the terminal has rows for: what has scrolled away cannot be redrawn. */
function fit(lines: readonly string[], output: Output): string[] {
  const fitting: string[] = [];
  let left = output.rows - 1;
  for (const line of lines) {
    left -= rowsOf(line, output.columns);
    if (left < 0) break;
    fitting.push(line);
  }
  return fitting;
}

/** A command to copy is never cut, so it may take several rows. */
function rowsOf(line: string, columns: number): number {
  // oxlint-disable-next-line no-control-regex -- escape sequences are what is left out here
  const width = line.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, "").length;
  return Math.max(1, Math.ceil(width / Math.max(1, columns)));
}
