// The fleet at a glance: one sentence, one line, and the states as buttons that filter.

import type { JSX } from "preact";
import { MarkIcon } from "../../parts/mark.tsx";
import { hrefWith, setParams } from "../../route/address.ts";
import { marks, meaningOf } from "../../words/mark.ts";
import { plural } from "../../words/plural.ts";
import type { Counts } from "./arrange.ts";
import { parseFilter, toggleState } from "./filter.ts";

type SummaryProps = { counts: Counts; role: "delivery" | "source"; filter: string };

export function FleetSummary({ counts, role, filter }: SummaryProps): JSX.Element {
  const present = marks.filter((mark) => (counts[mark] ?? 0) > 0);
  const chosen = parseFilter(filter).find((term) => term.field === "state")?.text;
  return (
    <header class="summary">
      <h1 tabIndex={-1}>{headline(counts, role)}</h1>
      <div class="summary-tabs" role="group" aria-label="What is shown">
        <a href={hrefWith({ show: "" })} {...(role === "delivery" ? { "aria-current": "true" } : {})}>
          Deliveries
        </a>
        <a href={hrefWith({ show: "sources" })} {...(role === "source" ? { "aria-current": "true" } : {})}>
          Sources
        </a>
      </div>
      <div class="state-line" aria-hidden="true">
        {present.map((mark) => (
          <span key={mark} class={`fill-${mark}`} style={{ flexGrow: counts[mark] ?? 0 }} />
        ))}
      </div>
      <div class="state-buttons" role="group" aria-label="Filter by state">
        {present.map((mark) => (
          <button
            key={mark}
            type="button"
            class="plain"
            aria-pressed={chosen === mark}
            title={meaningOf[mark]}
            onClick={() => setParams({ q: toggleState(filter, mark) })}
          >
            <MarkIcon mark={mark} />
            <b>{(counts[mark] ?? 0).toLocaleString("en-GB")}</b> {mark}
          </button>
        ))}
      </div>
    </header>
  );
}

/** What one would say who was asked how things are. */
function headline(counts: Counts, role: "delivery" | "source"): string {
  const all = role === "source" ? plural(counts.total, "source") : plural(counts.total, "delivery", "deliveries");
  if (counts.total === 0) return role === "source" ? "No sources" : "No deliveries";
  const [failed, held, drifted] = [counts.failed ?? 0, counts.held ?? 0, counts.drifted ?? 0];
  if (failed + held + drifted === 0) return (counts.ready ?? 0) === counts.total ? `${all}, all well` : all;
  const parts = [
    failed > 0 ? `${failed} failed` : "",
    held > 0 ? `${held} held` : "",
    drifted > 0 ? `${drifted} drifted` : "",
  ];
  return `${all}, ${parts.filter(Boolean).join(", ")}`;
}
