// Copies a text, and says that it did.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { Icon } from "./icon.tsx";

export function CopyButton({ text, what }: { text: string; what: string }): JSX.Element {
  const said = useSignal("Copy");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = "Copied";
      announce(`${what} is copied`);
    } catch {
      said.value = "The browser does not allow it";
    }
    setTimeout(() => (said.value = "Copy"), 2_000);
  };
  return (
    <button type="button" class="plain" disabled={text === ""} aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name="copy" /> {said.value}
    </button>
  );
}
