// States as a reader sees them: a shape in a colour, with its word.

import type { JSX } from "preact";
import type { Mark } from "../words/mark.ts";
import { healths } from "../words/mark.ts";
import type { Health } from "../wire/types.ts";
import { Icon, type IconName } from "./icon.tsx";

/** The shape of a delivery's state; `isLabelled` when no word stands beside it. */
export function MarkIcon({ mark, isLabelled = false }: { mark: Mark; isLabelled?: boolean }): JSX.Element {
  return (
    <span class={`mark mark-${mark}`}>
      <Icon name={mark} {...(isLabelled ? { title: mark } : {})} />
    </span>
  );
}

const shapeOf: Readonly<Record<Health, IconName>> = {
  healthy: "ready",
  progressing: "working",
  degraded: "failed",
  missing: "failed",
  suspended: "suspended",
  unknown: "unknown",
};

/** The shape of an object's health. */
export function HealthIcon({ health, isLabelled = false }: { health: Health; isLabelled?: boolean }): JSX.Element {
  return (
    <span class={`mark health-${health}`}>
      <Icon name={shapeOf[health]} {...(isLabelled ? { title: health } : {})} />
    </span>
  );
}

/** How many objects of each health, as one thin line; silent where all are healthy. */
export function HealthLine({ counts }: { counts: Readonly<Partial<Record<Health, number>>> }): JSX.Element {
  const parts = healths.map((health) => ({ health, count: counts[health] ?? 0 })).filter(({ count }) => count > 0);
  const words = parts.map(({ health, count }) => `${count} ${health}`).join(", ");
  return (
    <span class="health-line" role="img" aria-label={words || "no objects"} title={words}>
      {parts.map(({ health, count }) => (
        <span key={health} class={`health-${health}`} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
