// What can be wrong with a kustomization and what it names.

import { Fault } from "#kernel";

export type KustomizeFaultCode =
  | "kustomize-invalid"
  | "kustomize-no-kustomization"
  | "kustomize-not-found"
  | "kustomize-cycle"
  | "kustomize-outside"
  | "kustomize-refused"
  | "kustomize-conflict"
  | "kustomize-no-match"
  | "kustomize-limit";

export type KustomizeFault = Fault<KustomizeFaultCode>;

export type FaultDetails = { at?: string; hint?: string; cause?: unknown };

/** The input is wrong and stays wrong until it changes, hence always `stall`. */
export function fault(code: KustomizeFaultCode, message: string, details: FaultDetails = {}): KustomizeFault {
  return new Fault({ code, disposition: "stall", message, ...details });
}

/** The most frequent kind: content that cannot be what it should be. */
export function invalid(message: string, details: FaultDetails = {}): KustomizeFault {
  return fault("kustomize-invalid", message, details);
}

/** Runs `work`; a Fault is returned instead of thrown, anything else (a bug, content not at hand) is thrown on. */
export function attempt<T extends NonNullable<unknown>>(
  work: () => T,
): { value: T; fault?: undefined } | { value?: undefined; fault: Fault } {
  try {
    return { value: work() };
  } catch (thrown) {
    if (thrown instanceof Fault) return { fault: thrown };
    throw thrown;
  }
}

/** Runs `work`; a Fault gets an outer one that says where in the tree it happened. */
export function within<T>(at: string, message: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof Fault) throw invalid(message, { at, cause: thrown });
    throw thrown;
  }
}
