// What the engine remembers of one release between passes and while one runs; all of it may be lost.

import { Masker } from "#delivery";
import type { Manifest } from "#kernel";
import { isOtherWish } from "./wakes.ts";

export type ReleaseRun = {
  object: Manifest;
  /** Passes in a row that asked to be repeated at once, or failed. */
  repeats: number;
  /** Keeps what was decrypted out of what is told. */
  masker: Masker;
  /** What the running pass waits for, in words. */
  waitingFor: string | undefined;
  isRunning: boolean;
  /** How often values outside the object have changed. */
  inputs: number;
  wait: Wait | undefined;
};

/** What the running pass was made for, so that its wait for health ends when something else is wanted. */
export type Wait = Wanted & { isWaiting: boolean; ending: AbortController };

/** `artifact`: which one the chart's source offers. */
type Wanted = { object: Manifest; artifact: string; inputs: number };

export function newState(object: Manifest): ReleaseRun {
  const masker = new Masker();
  return { object, repeats: 0, masker, waitingFor: undefined, isRunning: false, inputs: 0, wait: undefined };
}

/** For the pass that begins now. */
export function beginWait(state: ReleaseRun): Wait {
  const { object, inputs } = state;
  return (state.wait = { object, inputs, artifact: "", isWaiting: false, ending: new AbortController() });
}

/** True when something else is wanted by now; what is the same goes on waiting, whoever asks for another look. */
export function isOutdated({ object, artifact, inputs }: Wanted, now: Wanted): boolean {
  return isOtherWish(now.object, object) || now.artifact !== artifact || now.inputs !== inputs;
}
