// A window above the page: the browser's own dialog, which keeps the focus inside and gives it back.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { closeOverlay, overlay } from "../state/overlays.ts";
import { Icon } from "./icon.tsx";

const mainHeading = (): HTMLElement | null => document.querySelector("main h1");

export type DialogProps = { title: string; class?: string; isBare?: boolean; children: ComponentChildren };

/** `isBare`: without a visible heading, for what is a field and a list. */
export function Dialog({ title, class: name = "", isBare = false, children }: DialogProps): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const own = useRef(overlay.peek());
  useEffect(() => {
    const before = document.activeElement;
    // A hurried Enter must not meet the button that closes: until something better takes the focus, the window itself has it.
    box.current?.showModal();
    if (!isBare) box.current?.focus();
    // A dialog taken out of the page, unlike one that is closed, gives the focus to nobody.
    return () => {
      const target = before instanceof HTMLElement && before.isConnected ? before : mainHeading();
      target?.focus({ preventScroll: true });
    };
  }, []);
  const closeOutside = (event: MouseEvent): void => {
    if (event.target === box.current) closeOverlay();
  };
  // The browser tells of an Escape late: by then something else may be open.
  const closeOwn = (): void => {
    if (overlay.peek() === own.current) closeOverlay();
  };
  return (
    <dialog
      ref={box}
      class={`dialog ${name}`}
      aria-label={title}
      tabIndex={-1}
      onClose={closeOwn}
      onClick={closeOutside}
    >
      <div class="dialog-inner">
        {!isBare && (
          <header class="dialog-head">
            <h2>{title}</h2>
            <button type="button" class="plain" aria-label="Close" onClick={closeOverlay}>
              <Icon name="close" />
            </button>
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}
