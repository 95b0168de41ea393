// What a page reads of the server: the last good answer stays while a newer one is on its way, so that nothing flickers.

import { type ReadonlySignal, type Signal, signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { epoch } from "../state/fleet.ts";
import { read, wordsOfError } from "../wire/http.ts";

export type ReadError = { message: string; hint: string; code: string };

export type Resource<T> = {
  /** The last good answer. */
  value: T | undefined;
  error: ReadError | undefined;
  readAgain: () => void;
};

/** Changes of a fleet come many a second; a page reads again at most this often. */
const againMs = 700;

/** What follows a change, such as its line in the history, is written a moment after it, on a busy server later, and tells nobody. */
const aftersMs = [3_000, 12_000] as const;

type State<T> = { path: string; value: T | undefined; error: ReadError | undefined };

/** Reads one path, again whenever asked; what is asked meanwhile is read once, after. */
class Reader<T> {
  readonly #path: string;
  readonly #state: Signal<State<T>>;
  readonly #paceMs: number;
  readonly #ending = new AbortController();
  #isBusy = false;
  #isStale = false;
  #afters: ReturnType<typeof setTimeout>[] = [];

  constructor(path: string, state: Signal<State<T>>, paceMs: number) {
    this.#path = path;
    this.#state = state;
    this.#paceMs = paceMs;
  }

  ask(): void {
    if (this.#isBusy) this.#isStale = true;
    else void this.#read();
  }

  /** Reads now, and again when things have settled. */
  askAgain(): void {
    this.ask();
    this.#afters.forEach(clearTimeout);
    this.#afters = aftersMs.map((afterMs) => setTimeout(() => this.ask(), afterMs));
  }

  end(): void {
    this.#afters.forEach(clearTimeout);
    this.#ending.abort();
  }

  async #read(): Promise<void> {
    const { signal: ended } = this.#ending;
    this.#isBusy = true;
    do {
      this.#isStale = false;
      try {
        const value = await read<T>(this.#path, ended);
        if (!ended.aborted) this.#state.value = { path: this.#path, value, error: undefined };
      } catch (error) {
        if (!ended.aborted) this.#state.value = { ...this.#known(), error: wordsOfError(error) };
      }
      await new Promise((done) => setTimeout(done, this.#paceMs));
    } while (this.#isStale && !ended.aborted);
    this.#isBusy = false;
  }

  #known(): State<T> {
    const state = this.#state.peek();
    return state.path === this.#path ? state : { path: this.#path, value: undefined, error: undefined };
  }
}

const never: ReadonlySignal<unknown> = signal(0);

/** Reads `path`, and again when `cause` or the connection's epoch changes, once in `paceMs` at most. "" reads nothing. */
export function useResource<T>(
  path: string,
  cause: ReadonlySignal<unknown> = never,
  paceMs: number = againMs,
): Resource<T> {
  const state = useSignal<State<T>>({ path: "", value: undefined, error: undefined });
  const reader = useRef<Reader<T> | undefined>(undefined);
  useEffect(() => {
    if (path === "") return;
    const made = new Reader(path, state, paceMs);
    reader.current = made;
    made.ask();
    return () => made.end();
  }, [path]);
  const isFirst = useRef(true);
  useSignalEffect(() => {
    // Read, so that their changes run this again.
    void cause.value;
    void epoch.value;
    if (!isFirst.current) reader.current?.askAgain();
    isFirst.current = false;
  });
  const known = state.value.path === path ? state.value : undefined;
  return { value: known?.value, error: known?.error, readAgain: () => reader.current?.ask() };
}
