// Differing fields, one a line: what runs, what Git says, and whose the field is.

import type { JSX } from "preact";
import { differingPart } from "../text/line-diff.ts";
import type { FieldDiff } from "../wire/types.ts";

export function FieldDiffs({ changes }: { changes: readonly FieldDiff[] }): JSX.Element {
  return (
    <dl class="field-diffs">
      {changes.map((change) => (
        <div key={change.path}>
          <dt>
            <code>{change.path}</code>
            {change.managers.length > 0 && <span class="soft">{change.managers.join(", ")}</span>}
            {change.statedAt !== undefined && (
              <code class="soft" title={change.statedAt.note}>
                {change.statedAt.path}:{change.statedAt.line}
              </code>
            )}
          </dt>
          <dd>
            <Side what="removed" text={change.from} other={change.to} />
            <Side what="added" text={change.to} other={change.from} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

type SideProps = { what: "removed" | "added"; text: string | undefined; other: string | undefined };

/** One side of it; the sign and the unseen word say what the colour says. */
function Side({ what, text, other }: SideProps): JSX.Element | null {
  if (text === undefined) return null;
  const [before, differing, after] = other === undefined ? ["", text, ""] : differingPart(text, other);
  return (
    <code class={`side side-${what}`}>
      <span class="unseen">{what === "removed" ? "live: " : "in Git: "}</span>
      {before}
      <mark>{differing}</mark>
      {after}
    </code>
  );
}
