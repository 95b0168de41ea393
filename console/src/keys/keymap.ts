// The keyboard: one key, or two in a row (`g t`), do what stands in the table of the page that is open. The table is what
// `?` shows and what the palette lists, so that nothing works by a key that nobody can find.

import { signal } from "@preact/signals";
import { announce } from "../state/announce.ts";
import { notice } from "../state/notice.ts";
import { hasSingleKeys } from "../state/preferences.ts";

export type Command = {
  /** `r`, `g t`, `Escape`; "" for what only the palette offers. */
  keys: string;
  /** What it does, as a sentence without its subject: `Reconcile now`. */
  does: string;
  /** Under which heading help shows it. */
  area: string;
  run: () => void;
  /** Why it cannot be done now; shown where it is offered. */
  whyNot?: string;
};

const tables = signal<readonly (readonly Command[])[]>([]);

/** All commands that can be given now; those of the newest table first. */
export function allCommands(): Command[] {
  return [...tables.value].reverse().flat();
}

/** Adds a table while something is open; returns its end. */
export function addCommands(commands: readonly Command[]): () => void {
  tables.value = [...tables.value, commands];
  return () => {
    tables.value = tables.value.filter((table) => table !== commands);
  };
}

/** How long a first key waits for its second. */
const pairMs = 1_200;

export type Pressed = { key: string; hasCtrl: boolean; hasMeta: boolean; hasAlt: boolean; isTyping: boolean };

/** Remembers a first key until its second comes. */
export class KeyReader {
  #first = "";
  #sinceMs = 0;

  /** The command that a key, with the one before it, asks for. */
  press(pressed: Pressed, commands: readonly Command[], nowMs: number): Command | undefined {
    const { key, hasCtrl, hasMeta, hasAlt, isTyping } = pressed;
    if (hasAlt) return undefined;
    if (hasCtrl || hasMeta) return commands.find((command) => command.keys === `Ctrl+${key.toLowerCase()}`);
    if (isTyping) return key === "Escape" ? commands.find((command) => command.keys === key) : undefined;
    const first = nowMs - this.#sinceMs < pairMs ? this.#first : "";
    this.#first = "";
    const pair = first === "" ? undefined : commands.find((command) => command.keys === `${first} ${key}`);
    if (pair !== undefined) return pair;
    if (commands.some((command) => command.keys.startsWith(`${key} `))) {
      this.#first = key;
      this.#sinceMs = nowMs;
      return undefined;
    }
    return commands.find((command) => command.keys === key);
  }
}

/** Does what a command says, or says why not. */
export function give(command: Pick<Command, "does" | "run" | "whyNot">): void {
  if (command.whyNot === undefined) return command.run();
  notice.value = `${command.does}: ${command.whyNot}.`;
  announce(notice.value);
}

function isTypingIn(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

export function startKeys(): void {
  const reader = new KeyReader();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
    const pressed = {
      key: event.key,
      hasCtrl: event.ctrlKey,
      hasMeta: event.metaKey,
      hasAlt: event.altKey,
      isTyping: isTypingIn(event.target),
    };
    const isUsable = ({ keys }: Command): boolean =>
      hasSingleKeys.value || keys.startsWith("Ctrl+") || keys === "Escape";
    const command = reader.press(pressed, allCommands().filter(isUsable), performance.now());
    if (command === undefined) return;
    event.preventDefault();
    give(command);
  });
}
