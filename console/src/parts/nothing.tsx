// Where there is nothing, why, and what would bring something.

import type { ComponentChildren, JSX } from "preact";

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

/** Shown while an answer is awaited; quiet at first, so that fast answers do not flicker. */
export function Awaiting({ what }: { what: string }): JSX.Element {
  return (
    <p class="awaiting" role="status">
      {what}…
    </p>
  );
}
