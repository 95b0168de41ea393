// What a reader has chosen for this browser: kept in its own storage, which a private window may refuse.

import { effect, signal } from "@preact/signals";
import type { Zone } from "../words/time.ts";

export type Theme = "auto" | "light" | "dark";
export type Density = "comfortable" | "compact";

export const theme = signal<Theme>(oneOf("theme", ["auto", "light", "dark"]));
export const density = signal<Density>(oneOf("density", ["comfortable", "compact"]));
export const zone = signal<Zone>(zoneOf(load("zone")));
/** Keys without a modifier; those who dictate or whose hand slips turn them off. */
export const hasSingleKeys = signal(load("keys") !== "off");

function load(name: string): string {
  try {
    return localStorage.getItem(`keelson.${name}`) ?? "";
  } catch {
    return "";
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`keelson.${name}`, value);
  } catch {
    // It holds until the page is closed.
  }
}

function oneOf<T extends string>(name: string, values: readonly [T, ...T[]]): T {
  const kept = load(name);
  return values.find((value) => value === kept) ?? values[0];
}

function zoneOf(kept: string): Zone {
  if (kept === "" || kept === "local") return "local";
  try {
    return new Intl.DateTimeFormat("en", { timeZone: kept }).resolvedOptions().timeZone;
  } catch {
    return "local";
  }
}

/** Puts the choices on the page and keeps them. */
export function startPreferences(): void {
  const { dataset } = document.documentElement;
  effect(() => store("theme", (dataset["theme"] = theme.value)));
  effect(() => store("density", (dataset["density"] = density.value)));
  effect(() => store("zone", zone.value));
  effect(() => store("keys", hasSingleKeys.value ? "on" : "off"));
}
