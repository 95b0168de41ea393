// Tabs, as readers of screens and keyboards know them: arrows move, the chosen one is in the address.

import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

export type Tab = { id: string; name: string; keys: string };

export function Tabs({
  tabs,
  open,
  choose,
}: {
  tabs: readonly Tab[];
  open: string;
  choose: (id: string) => void;
}): JSX.Element {
  useEffect(() => {
    // Where there are more tabs than the screen is wide.
    document.getElementById(`tab-${open}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [open]);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = tabs[(tabs.findIndex((tab) => tab.id === open) + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    choose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          id={`tab-${tab.id}`}
          type="button"
          role="tab"
          class="plain"
          aria-selected={tab.id === open}
          aria-controls={`panel-${tab.id}`}
          tabIndex={tab.id === open ? 0 : -1}
          onClick={() => choose(tab.id)}
        >
          {tab.name}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({ id, children }: { id: string; children: ComponentChildren }): JSX.Element {
  return (
    <div id={`panel-${id}`} class="panel" role="tabpanel" aria-labelledby={`tab-${id}`}>
      {children}
    </div>
  );
}
