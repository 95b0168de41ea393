// Shows a home or a cluster while it works: redrawn in place on a terminal, one line for each change elsewhere.

import { setMaxListeners } from "node:events";
import type { Cluster } from "#cluster";
import type { Clock } from "#kernel";
import type { Output } from "../io.ts";
import { lineMost, redrawMs } from "../limits.ts";
import { cut } from "../table.ts";
import { drawFrame } from "./draw.ts";
import { Screen } from "./screen.ts";
import { type Happening, LiveState, type PhaseNote, type Row } from "./state.ts";
import { feedLiveState } from "./watch.ts";

/** Calls the listener with what is, then with each change. */
export type Phases = (listener: (note: PhaseNote) => void) => void;

export type LiveViewOptions = {
  output: Output;
  clock: Clock;
  title: string;
  formatTime: (ms: number) => string;
};

export class LiveView {
  readonly state: LiveState = new LiveState();
  readonly #options: LiveViewOptions;
  readonly #screen: Screen | undefined;
  readonly #startMs: number;
  /** Lines form: what was last said of each row, and the happenings said. */
  readonly #said = new Map<string, string>();
  readonly #saidHappenings = new Set<string>();
  #footer: readonly string[] = [];
  #settledFooter: readonly string[] = [];
  #isDue = false;
  #isClosed = false;
  #hasSettled = false;
  #isFooterSaid = false;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#startMs = options.clock.now();
    if (options.output.isTerminal) this.#screen = new Screen(options.output);
    else options.output.write(`${options.title}\n`);
    this.#changed();
  }

  /** What is being done before there is anything to watch; "" when that is over. */
  step(text: string): void {
    this.state.step = text;
    if (this.#screen === undefined && text !== "") this.#line(text);
    this.#changed();
  }

  /** Lines shown at once, and lines shown once everything is ready for the first time. */
  footer(lines: readonly string[], whenSettled: readonly string[]): void {
    this.#footer = lines;
    this.#settledFooter = whenSettled;
    if (this.#screen === undefined) for (const line of lines) this.#options.output.write(`${line}\n`);
    this.#changed();
  }

  /** Watches the cluster from now on, and listens to the engine where it runs here. */
  async follow(cluster: Cluster, signal: AbortSignal, phases?: Phases): Promise<void> {
    // One watch a kind ends with it.
    setMaxListeners(0, signal);
    const { clock } = this.#options;
    phases?.((note) => {
      this.state.note(note);
      this.#changed();
    });
    await feedLiveState({ cluster, clock, state: this.state, changed: () => this.#changed(), signal });
  }

  /** The last picture stays; nothing is drawn after it. */
  close(): void {
    if (this.#isClosed) return;
    this.#draw();
    this.#isClosed = true;
    this.#screen?.close();
  }

  #changed(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      if (!this.#isClosed) this.#draw();
    }, redrawMs);
  }

  #draw(): void {
    const settlesNow = !this.#hasSettled && this.state.isSettled();
    if (settlesNow) this.#hasSettled = true;
    if (this.#screen === undefined) {
      this.#sayChanges();
      if (settlesNow) this.#saySettled();
      return;
    }
    this.#drawOn(this.#screen);
  }

  #drawOn(screen: Screen): void {
    const { output, formatTime, title } = this.#options;
    const draw = (footer: readonly string[]): string[] =>
      drawFrame({ state: this.state, title, footer, output, formatTime });
    if (!this.#hasSettled || this.#isFooterSaid) return screen.draw(draw(this.#footer));
    const whole = draw([...this.#footer, "", ...this.#settledFooter]);
    if (screen.hasRoom(whole)) return screen.draw(whole);
    // A small terminal: what to try is said once, above, where one can scroll to it.
    screen.say([...this.#settledFooter, ""]);
    this.#isFooterSaid = true;
    screen.draw(draw(this.#footer));
  }

  #sayChanges(): void {
    for (const row of [...this.state.sources(), ...this.state.deliveries()]) this.#sayRow(row);
    for (const happening of this.state.lately()) this.#sayHappening(happening);
  }

  #sayRow(row: Row): void {
    const text =
      row.mark === "ready" ? `ready${row.revision === "" ? "" : ` at ${row.revision}`}` : `${row.mark}: ${row.text}`;
    // Passing states of a pass are not worth a line each; how it ends is.
    if (row.mark === "working" || this.#said.get(row.key) === text) return;
    this.#said.set(row.key, text);
    this.#line(`${row.kind}/${row.name} ${text}`);
  }

  #sayHappening(happening: Happening): void {
    const key = `${happening.key} ${happening.atMs}`;
    if (this.#saidHappenings.has(key)) return;
    this.#saidHappenings.add(key);
    this.#line(cut(happening.text, lineMost));
  }

  #saySettled(): void {
    const seconds = ((this.#options.clock.now() - this.#startMs) / 1000).toFixed(1);
    this.#line(`everything is ready after ${seconds} s`);
    for (const line of this.#settledFooter) this.#options.output.write(`${line}\n`);
  }

  #line(text: string): void {
    const { output, clock, formatTime } = this.#options;
    output.write(`${formatTime(clock.now())}  ${text}\n`);
  }
}
