// Small drawings: states differ in shape, not in colour alone. They are decoration beside words unless given a title.

import type { JSX } from "preact";

const drawings = {
  ready: "M3.5 8.5l3 3 6-7",
  failed: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  held: "M5 7V5.2a3 3 0 0 1 6 0V7M4 7h8v6H4z",
  drifted: "M3 6h10M3 10h10M10.5 3l-5 10",
  waiting: "M8 4v4.2l2.6 1.6M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z",
  working: "M8 2.2A5.8 5.8 0 1 1 2.2 8",
  suspended: "M5.7 4v8M10.3 4v8",
  unknown: "M6 6.2a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.4M8 12v.1",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4l3.4 3.4",
  open: "M6 3.5L10.5 8 6 12.5",
  close: "M4 4l8 8M12 4l-8 8",
  source:
    "M5 3.2a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2zM5 6.4v6.4M11 3.2a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2zM11 6.4c0 3-6 2-6 5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  graph: "M2.5 8h3M5.5 8c2.5 0 2-4.5 4.5-4.5M5.5 8c2.5 0 2 4.5 4.5 4.5M10 2h3.5v3H10zM10 11h3.5v3H10zM2 6.5h3.5v3H2z",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  help: "M6 6.2a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.4M8 12v.1M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
  clock: "M8 4v4.2l2.6 1.6M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z",
  fleet: "M2.5 3.5h11M2.5 8h11M2.5 12.5h7",
  person: "M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4zM3 13.5c.6-2.6 2.5-4 5-4s4.4 1.4 5 4",
  wall: "M2 3h12v8H2zM5.5 14h5",
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name, title }: { name: IconName; title?: string }): JSX.Element {
  const heard = title === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": title };
  return (
    <svg class="icon" viewBox="0 0 16 16" {...heard}>
      <path d={drawings[name]} />
    </svg>
  );
}
