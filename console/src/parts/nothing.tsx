// Where there is nothing, why, and what would bring something.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

/** An empty place that teaches. */
export function Nothing({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="nothing">
      <p class="nothing-title">{title}</p>
      {children !== undefined && <div class="nothing-words">{children}</div>}
    </div>
  );
}

/** What went wrong, why, and what to do; `retry` offers to try again. */
export function Trouble({
  error,
  retry,
}: {
  error: { message: string; hint: string };
  retry?: () => void;
}): JSX.Element {
  return (
    <div class="trouble" role="alert">
      <p class="nothing-title">{error.message}</p>
      {error.hint !== "" && <p>{error.hint}</p>}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** After this long a reader asks whether anything still happens. */
const slowMs = 6_000;

/** Shown while an answer is awaited; quiet at first, so that fast answers do not flicker. */
export function Awaiting({ what }: { what: string }): JSX.Element {
  const isSlow = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (isSlow.value = true), slowMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p class="awaiting" role="status">
      {what}…{isSlow.value && " The answer takes its time: a slow connection, or a busy server."}
    </p>
  );
}
