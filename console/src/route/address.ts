// Where the reader is: path and query as signals, changed by links, by the keyboard, and by the browser's back and forward.

import { batch, computed, signal } from "@preact/signals";
import { type Place, placeOf } from "./place.ts";

const path = signal(location.pathname);
const search = signal(location.search);

/** The open page. */
export const place = computed<Place>(() => placeOf(path.value));

/** Changes with each page, not with its query: what a page's state may be keyed by. */
export const pageKey = computed(() => path.value);

const query = computed(() => new URLSearchParams(search.value));

/** A value of the query, "" when absent; reading it subscribes. */
export function param(name: string): string {
  return query.value.get(name) ?? "";
}

/** Changes values of the query; "" removes. Typing replaces the entry, choosing adds one that Back undoes. */
export function setParams(values: Readonly<Record<string, string>>, how: "push" | "replace" = "push"): void {
  const next = hrefWith(values);
  if (next !== location.pathname + location.search) go(next, how, true);
}

/** The present address with other values in its query. */
export function hrefWith(values: Readonly<Record<string, string>>): string {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return path.value + (next.size === 0 ? "" : `?${next}`);
}

/** Opens another page of the console. */
export function navigate(href: string): void {
  go(href, "push", false);
}

function go(href: string, how: "push" | "replace", keepsScroll: boolean): void {
  history.replaceState({ y: scrollY }, "");
  if (how === "push") history.pushState({ y: keepsScroll ? scrollY : 0 }, "", href);
  else history.replaceState({ y: scrollY }, "", href);
  const wasAt = path.value;
  read();
  if (!keepsScroll) scrollTo(0, 0);
  if (path.value !== wasAt) arrived();
}

function read(): void {
  batch(() => {
    path.value = location.pathname;
    search.value = location.search;
  });
}

/** A reader without eyes hears the new page: its heading takes the focus. */
function arrived(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true }));
}

/** Pages fill as answers arrive: keeps asking for a past scroll position until the page is long enough, or a second has gone. */
function restoreScroll(y: number): void {
  const until = performance.now() + 1_000;
  const step = (): void => {
    scrollTo(0, y);
    if (Math.abs(scrollY - y) > 2 && performance.now() < until) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** Clicks on links of our own change the page without loading it. */
export function startRouting(): void {
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => {
    const wasAt = path.value;
    read();
    restoreScroll((event.state as { y?: number } | null)?.y ?? 0);
    if (path.value !== wasAt) arrived();
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || link === null || !isPlain || link.origin !== location.origin || link.target !== "")
      return;
    if (link.hasAttribute("download") || link.getAttribute("href")?.startsWith("#") === true) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
  restoreScroll((history.state as { y?: number } | null)?.y ?? 0);
}
