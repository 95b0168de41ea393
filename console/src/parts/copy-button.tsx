// Copies a text, and says that it did.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { announce } from "../state/announce.ts";
import { notice } from "../state/notice.ts";
import { Icon } from "./icon.tsx";

/** Copies, and tells that; false where the browser does not allow it. */
export async function copyText(text: string, what: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    notice.value = `Copied ${what}.`;
  } catch {
    notice.value = `The browser does not allow this page to copy ${what}.`;
  }
  announce(notice.value);
  return notice.value.startsWith("Copied");
}

export function CopyButton({ text, what }: { text: string; what: string }): JSX.Element {
  const said = useSignal("Copy");
  const copy = async (): Promise<void> => {
    said.value = (await copyText(text, what)) ? "Copied" : "Not allowed";
    setTimeout(() => (said.value = "Copy"), 2_000);
  };
  return (
    <button type="button" class="plain" disabled={text === ""} aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name="copy" /> {said.value}
    </button>
  );
}
