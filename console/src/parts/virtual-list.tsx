// A list of any length in a scrolling page: only the rows in view exist. Rows have one height, so that nothing is measured.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { spanInView } from "./virtual-window.ts";

export type VirtualListProps<Item> = {
  items: readonly Item[];
  rowHeight: number;
  keyOf: (item: Item) => string;
  row: (item: Item, index: number) => ComponentChildren;
  /** A row that must be drawn, as it has the focus. */
  kept?: number;
  role?: "list" | "rowgroup" | "tree";
  label?: string;
  class?: string;
};

export function VirtualList<Item>(props: VirtualListProps<Item>): JSX.Element {
  const { items, rowHeight, keyOf, row, kept = -1, role, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useSignal({ top: 0, bottom: 1_200 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const scroller = scrollerOf(element);
    const look = (): void => {
      const above = element.getBoundingClientRect().top;
      const frame = scroller instanceof Element ? scroller.getBoundingClientRect() : { top: 0, bottom: innerHeight };
      const next = { top: frame.top - above, bottom: frame.bottom - above };
      const { top, bottom } = view.peek();
      // Rows beyond the view are drawn anyway: small movements change nothing.
      if (Math.abs(next.top - top) > rowHeight * 4 || Math.abs(next.bottom - bottom) > rowHeight * 4) view.value = next;
    };
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    const watched = new ResizeObserver(look);
    watched.observe(scroller instanceof Element ? scroller : document.documentElement);
    return () => {
      scroller.removeEventListener("scroll", look);
      watched.disconnect();
    };
  }, [rowHeight, items.length === 0]);
  const { first, end } = spanInView({ count: items.length, rowHeight, ...view.value });
  const drawn = items.slice(first, end).map((item, offset) => ({ item, index: first + offset }));
  const keptItem = items[kept];
  if (keptItem !== undefined && (kept < first || kept >= end)) drawn.push({ item: keptItem, index: kept });
  return (
    <div
      ref={box}
      class={`virtual ${props.class ?? ""}`}
      style={{ height: `${items.length * rowHeight}px` }}
      {...(role === undefined ? {} : { role })}
      {...(label === undefined ? {} : { "aria-label": label })}
    >
      {drawn.map(({ item, index }) => (
        <div
          key={keyOf(item)}
          class="virtual-row"
          role="presentation"
          style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
        >
          {row(item, index)}
        </div>
      ))}
    </div>
  );
}

/** The nearest ancestor that scrolls by itself, else the page. */
function scrollerOf(element: Element): Element | Document {
  for (let at = element.parentElement; at !== null && at !== document.body; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return document;
}
