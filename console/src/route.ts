// Where the reader is, in the address alone: `/` or `/KIND/NAMESPACE/NAME`.

import { computed, signal } from "@preact/signals";
import type { Link } from "./api.ts";

const path = signal(location.pathname);

/** The delivery or source whose page is open; undefined on the front page. */
export const openLink = computed<Link | undefined>(() => {
  const [, kind, namespace, name] = path.value.split("/").map(decodeURIComponent);
  return kind !== undefined && namespace !== undefined && name !== undefined ? { kind, namespace, name } : undefined;
});

export function hrefOf({ kind, namespace, name }: Link): string {
  return `/${[kind, namespace, name].map(encodeURIComponent).join("/")}`;
}

/** Clicks on links of our own change the page without loading it. */
export function startRouting(): void {
  addEventListener("popstate", () => (path.value = location.pathname));
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (link === null || !isPlain || link.origin !== location.origin || link.target !== "") return;
    event.preventDefault();
    history.pushState(null, "", link.pathname);
    path.value = link.pathname;
    scrollTo(0, 0);
  });
}
